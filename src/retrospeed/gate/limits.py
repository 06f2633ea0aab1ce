"""The thresholds of the gate: its own defaults, and the repository's ``thresholds.toml`` over them."""

from importlib import resources
from pathlib import Path
from typing import TypeVar

import msgspec

from retrospeed import thresholds
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ThresholdsError
from retrospeed.thresholds import Limits, Rule, Thresholds, ThresholdsInUse

AnyRule = TypeVar("AnyRule", bound=Rule)

DEFAULTS = "built in, for alternated measurements"


def load(path: Path | None, benchmark_dir: Path) -> ThresholdsInUse:
    """The rules of the file at `path`, else of ``thresholds.toml`` beside the benchmarks, over the gate's defaults.

    Raises ThresholdsError, as `retrospeed.thresholds.load`.
    """
    text = resources.files("retrospeed.gate").joinpath("default_thresholds.toml").read_bytes()
    rules = thresholds.decode(text, "default_thresholds.toml")
    file = path or benchmark_dir / thresholds.FILE_NAME
    if path is None and not file.is_file():
        return ThresholdsInUse(DEFAULTS, rules)
    if not file.is_file():
        raise ThresholdsError(f"There is no thresholds file at {path}.")
    own = whole(thresholds.decode(file.read_bytes(), str(file)), thresholds.built_in().rules.default)
    return ThresholdsInUse(file.name, thresholds.merged(rules, own))


def whole(own: Thresholds, general: Rule) -> Thresholds:
    """The repository's rules, each that sets one relative level given the other from `general`.

    The file is written for every verb, over the wider defaults of `compare`: a warning at 10 % does not mean severe at
    the gate's 5 %.
    """

    def each(rules: dict[str, Rule]) -> dict[str, Rule]:
        return {name: _whole(rule, general) for name, rule in rules.items()}

    layers = {
        name: msgspec.structs.replace(_whole(layer, general), unit=each(layer.unit), metric=each(layer.metric))
        for name, layer in own.layer.items()
    }
    return msgspec.structs.replace(
        own,
        default=_whole(own.default, general),
        unit=each(own.unit),
        metric=each(own.metric),
        layer=layers,
        benchmark=[_whole(rule, general) for rule in own.benchmark],
    )


def _whole(rule: AnyRule, general: Rule) -> AnyRule:
    warning, severe = rule.warning.relative, rule.severe.relative
    if (warning is None) == (severe is None):
        return rule
    if severe is None:
        level = max(general.severe.relative or 0.0, warning or 0.0)
        return msgspec.structs.replace(rule, severe=msgspec.structs.replace(rule.severe, relative=level))
    level = min(general.warning.relative or 0.0, severe)
    return msgspec.structs.replace(rule, warning=msgspec.structs.replace(rule.warning, relative=level))


def for_reference() -> Limits:
    """The limits of the self-test: the defaults for times, whatever the repository says of its own benchmarks."""
    text = resources.files("retrospeed.gate").joinpath("default_thresholds.toml").read_bytes()
    rules = thresholds.decode(text, "default_thresholds.toml")
    return rules.limits(Benchmark(name="reference", type="time", unit="seconds"))
