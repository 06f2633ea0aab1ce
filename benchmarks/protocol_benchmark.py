"""Benchmarks for every implementation of a protocol: an engine that is named gets all figures, each with a target.

    class KeywordEngines(IndexBenchmark):
        layer, exact = "bm25", "bm25s"
        engines = ("rank-bm25", "bm25s", "tantivy")
        figures = aimed(INDEX, search_p95=under(0.002), build=over(5_000), …)

        def setup_cache(self) -> Prepared:
            return self.prepare()

A subclass says what one measures of its protocol (`figures`) and how: each of its `passes` is called in a process of
its own for each engine, and returns figures by name: a number, or a list of samples. A concrete class writes down its
own `setup_cache`, as asv tells caches apart by the line on which they are defined.

An engine that this commit or this environment lacks is skipped; one that fails fails its own benchmarks and no others.
In the gate, where every series is measured in many processes, only what is deterministic is asked of the engines,
unless RETROSPEED_ENGINES names those to measure (commas between).
"""

import json
import math
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from . import subject, tiers
from .blocks import GATED, samples
from .metric import Layer, Mode, metric
from .own_process import FailedError, in_own_process
from .tiers import Prepared

_EVERY_TIER = "every"
Figures = dict[str, Any]
Inputs = dict[str, Any]

NAMED = [name.strip() for name in os.environ.get("RETROSPEED_ENGINES", "").split(",") if name.strip()]
LITTLE_ASKED = GATED and not NAMED
"""Whether only what is deterministic is asked of the engines."""
OPTIONAL_PACKAGES = "RETROSPEED_OPTIONAL_PACKAGES"
"""Names the folder of packages that only some engines need (docs/environments.md); no other series sees them."""


def repeats(count: int) -> int:
    """How often to measure what is measured `count` times: once where nobody asks how long it takes."""
    return 1 if LITTLE_ASKED else count


@dataclass(frozen=True)
class Target:
    """What a figure is to stay under, in its own unit; `of` has other limits for some values of the parameters."""

    limit: float
    of: dict[str, float] = field(default_factory=dict)


def under(limit: float, **of: float) -> Target:
    """Under a limit; `of` names tiers or engines, `_` for `-`, with limits of their own."""
    return Target(limit, {name.replace("_", "-"): other for name, other in of.items()})


def over(rate: float, **of: float) -> Target:
    """Over so many a second. asv takes lower for better everywhere, so it is stored as seconds for 1,000."""
    return under(1000 / rate, **{name: 1000 / other for name, other in of.items()})


@dataclass(frozen=True)
class Figure:
    """One benchmark of every engine, `track_<name>`; the other fields are those of `metric`."""

    name: str
    metric: str
    mode: Mode
    label: str
    unit: str = "seconds"
    deterministic: bool = False
    target: Target | None = None


def aimed(figures: Sequence[Figure], **targets: Target) -> tuple[Figure, ...]:
    """The figures, each with its target, by name. Raises TypeError unless there is just one for each."""
    if {figure.name for figure in figures} != set(targets):
        raise TypeError(f"each of {', '.join(figure.name for figure in figures)} needs a target, and nothing else")
    return tuple(replace(figure, target=targets[figure.name]) for figure in figures)


class ProtocolBenchmark(ABC):
    """All engines of one protocol, each measured in processes of its own."""

    layer: ClassVar[Layer]
    engines: ClassVar[Sequence[str]]
    on_servers: ClassVar[Sequence[str]] = ()
    """Further engines, which are measured where the environment names a server to measure them on."""
    exact: ClassVar[str] = ""
    """The engine whose answers the others are held against; it is measured first."""
    figures: ClassVar[Sequence[Figure]]
    passes: ClassVar[Sequence[str]]
    """Names of the methods that measure an engine, called with the inputs and the engine's name."""

    by_tier: ClassVar[bool] = True
    """False where what is measured does not depend on the tier: then the engine is the only parameter."""

    params: tuple[Any, ...] = ()
    param_names: tuple[str, ...] = ("tier", "engine")
    timeout = tiers.TIMEOUT

    def __init_subclass__(cls) -> None:
        if "setup_cache" not in vars(cls):
            if not getattr(cls.setup_cache, "__isabstractmethod__", False):
                raise TypeError(f"{cls.__name__} must define setup_cache itself: asv would give it its base's cache")
            return
        there = (*cls.engines, *(cls.on_servers if os.environ.get(subject.SERVERS) else ()))
        chosen = tuple(name for name in there if not NAMED or name in NAMED)
        cls.params, cls.param_names = (
            ((tiers.NAMES, chosen), cls.param_names) if cls.by_tier else ((chosen,), ("engine",))
        )
        for figure in cls.figures:
            if chosen and (figure.deterministic or not LITTLE_ASKED):
                setattr(cls, f"track_{figure.name}", _benchmark(figure, cls))

    @abstractmethod
    def setup_cache(self) -> Prepared:
        """Return `self.prepare()`; every concrete class has to say so itself."""

    @abstractmethod
    def inputs(self, tier: str) -> Inputs:
        """What the passes work on: small values and paths. Raises NotImplementedError if this commit lacks a layer."""

    def prepare(self) -> Prepared:
        """Measure every engine, at each enabled tier."""
        return tiers.prepare(self.of_tier, None if self.by_tier else [_EVERY_TIER])

    def setup(self, prepared: Prepared, *parameters: str) -> None:
        """Skip what is not there, and fail what failed while it was measured."""
        tier, engine = self._tier_and_engine(parameters)
        self.case = tiers.taken(prepared, tier)
        found = self.case[engine]
        if "missing" in found:
            raise NotImplementedError(found["missing"])
        if "failed" in found:
            raise RuntimeError(f"the engine {engine} failed: {found['failed']}")

    def folder(self, inputs: Inputs, engine: str) -> Path:
        """Where the engine's index is kept between passes."""
        return Path(f"{inputs['tier']}-{engine}").resolve()

    def recall_loss(self, inputs: Inputs, engine: str, answers: Sequence[Sequence[str]]) -> float:
        """1 - the mean share of the exact engine's answers that are among these; NaN if there is no exact engine.

        The exact engine's own answers are kept for the others.
        """
        kept = Path(f"answers-{inputs['tier']}-{self.exact}.json")
        if engine == self.exact:
            kept.write_text(json.dumps([list(answer) for answer in answers]), encoding="utf-8")
        if not kept.is_file():
            return math.nan
        exact = json.loads(kept.read_text(encoding="utf-8"))
        shares = [len(set(one) & set(other)) / len(other) for one, other in zip(answers, exact, strict=True) if other]
        return round(1 - sum(shares) / len(shares), 9)

    def of_tier(self, tier: str) -> dict[str, Any]:
        """The inputs, and by engine its figures, or why there are none."""
        # For all passes at once: they are forked.
        import numpy  # noqa: F401

        _see_optional_packages()
        inputs = in_own_process(self.inputs, tier)
        measured = {engine: self._measured(inputs, engine) for engine in self._exact_first()}
        return {"inputs": inputs, **measured}

    def _exact_first(self) -> list[str]:
        # What the exact engine finds is needed even if it is not among those to be shown.
        return sorted({*self.params[-1], self.exact} - {""}, key=lambda name: name != self.exact)

    def _measured(self, inputs: Inputs, engine: str) -> dict[str, Any]:
        found: Figures = {}
        try:
            for name in self.passes:
                found |= in_own_process(getattr(self, name), inputs, engine)
        except NotImplementedError as missing:
            return {"missing": str(missing)}
        except FailedError as failed:
            return {"failed": str(failed)}
        return {"figures": found}

    def value(self, figure: Figure, *parameters: str) -> Any:
        """A figure as asv takes it: a number or samples; NaN, which is "skipped", where it has no meaning."""
        tier, engine = self._tier_and_engine(parameters)
        found = self.case[engine]["figures"].get(figure.name, math.nan)
        if not isinstance(found, list):
            return found
        return samples(tiers.once(found, lambda: self._again(figure, engine), f"{figure.name}-{tier}-{engine}"))

    def _tier_and_engine(self, parameters: tuple[str, ...]) -> tuple[str, ...]:
        return parameters if self.by_tier else (_EVERY_TIER, *parameters)

    def _again(self, figure: Figure, engine: str) -> list[float]:
        """New samples, taken in this process, where a profiler sees them."""
        _see_optional_packages()
        for name in self.passes:
            found = getattr(self, name)(self.case["inputs"], engine)
            if figure.name in found:
                return list(found[figure.name])
        raise AssertionError(f"no pass gave {figure.name} again")


def _benchmark(figure: Figure, owner: type[ProtocolBenchmark]) -> Callable[..., Any]:
    def track(self: ProtocolBenchmark, prepared: Prepared, *parameters: str) -> Any:
        return self.value(figure, *parameters)

    track.__name__, track.__module__ = f"track_{figure.name}", owner.__module__
    track.__qualname__ = f"{owner.__qualname__}.{track.__name__}"
    said = metric(
        owner.layer, figure.metric, figure.mode, figure.label, unit=figure.unit, deterministic=figure.deterministic
    )(track)
    if figure.target is not None:
        vars(said).update(target=figure.target.limit, target_of=figure.target.of)
    return said


def _see_optional_packages() -> None:
    folder = os.environ.get(OPTIONAL_PACKAGES)
    if folder and folder not in sys.path:
        sys.path.append(folder)
        # For programs that an engine starts: a model's form is made by one.
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), folder]))
