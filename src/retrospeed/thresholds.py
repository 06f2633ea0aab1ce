"""What counts as a warning and as severe: the built-in rules, and ``thresholds.toml`` of the repository over them.

A rule can be given for everything, for a layer, a unit, a metric, a unit or metric of one layer, or for benchmarks
whose name matches a regular expression. The more specific rule wins, field by field. docs/thresholds.md is the
reference.
"""

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import msgspec

from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ThresholdsError

FILE_NAME = "thresholds.toml"
BUILT_IN = "built in"
SCHEMA = 1


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How far is too far. A field left out is taken from the next more general rule."""

    relative: float | None = None
    """Fraction of BASE, 0.05 for 5 %; 0 if only the difference counts."""
    absolute: float | None = None
    """Difference in the benchmark's unit."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The two levels, and what to make of a value measured once."""

    warning: Level = Level()
    severe: Level = Level()
    single_value_noise: float | None = None
    """Relative noise of a value measured once, 0 for deterministic; if no rule says, a single value is never judged."""


class LayerRule(Rule, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule for one layer, and closer ones for its units and metrics."""

    unit: dict[str, Rule] = {}
    metric: dict[str, Rule] = {}


class BenchmarkRule(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule for the benchmarks whose name, with parameters, is found by `match`."""

    match: str


class Limits(msgspec.Struct, frozen=True):
    """The rules that hold for one benchmark."""

    warning_relative: float
    warning_absolute: float
    severe_relative: float
    severe_absolute: float
    single_value_noise: float | None


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole thresholds file."""

    schema: int
    default: Rule = Rule()
    unit: dict[str, Rule] = {}
    metric: dict[str, Rule] = {}
    layer: dict[str, LayerRule] = {}
    benchmark: list[BenchmarkRule] = []

    def limits(self, benchmark: Benchmark, series: str | None = None) -> Limits:
        """The rules for `benchmark`; `series` is its name with parameters, where a rule may look at them."""
        name = series or benchmark.name
        warning_relative = warning_absolute = severe_relative = severe_absolute = 0.0
        noise: float | None = None
        for rule in self._from_general_to_specific(benchmark, name):
            warning_relative = _over(warning_relative, rule.warning.relative)
            warning_absolute = _over(warning_absolute, rule.warning.absolute)
            severe_relative = _over(severe_relative, rule.severe.relative)
            severe_absolute = _over(severe_absolute, rule.severe.absolute)
            noise = noise if rule.single_value_noise is None else rule.single_value_noise
        if severe_relative < warning_relative or severe_absolute < warning_absolute:
            raise ThresholdsError(f"The thresholds for {name} make severe a smaller change than a warning.")
        return Limits(
            warning_relative,
            warning_absolute,
            severe_relative,
            severe_absolute,
            0.0 if benchmark.deterministic else noise,
        )

    def _from_general_to_specific(self, benchmark: Benchmark, name: str) -> Iterator[Rule]:
        layer = self.layer.get(benchmark.layer, LayerRule())
        yield self.default
        # A layer's plain rule stays below units and metrics: "10 % for vectors" must not loosen the rule for losses.
        yield layer
        yield self.unit.get(benchmark.unit, Rule())
        yield self.metric.get(benchmark.metric, Rule())
        yield layer.unit.get(benchmark.unit, Rule())
        yield layer.metric.get(benchmark.metric, Rule())
        yield from (rule for rule in self.benchmark if re.search(rule.match, name))


class ThresholdsInUse(msgspec.Struct, frozen=True):
    """Thresholds, and where they come from."""

    source: str
    rules: Thresholds


def built_in() -> ThresholdsInUse:
    """The rules that hold where a repository has none."""
    text = resources.files("retrospeed").joinpath("default_thresholds.toml").read_bytes()
    return ThresholdsInUse(BUILT_IN, decode(text, "default_thresholds.toml"))


def load(path: Path | None, benchmark_dir: Path) -> ThresholdsInUse:
    """The rules of the file at `path`, else of ``thresholds.toml`` in the benchmarks' folder, over the built-in ones.

    Raises ThresholdsError, naming the key, for anything that is not understood: a misspelt rule would judge nothing.
    """
    file = path or benchmark_dir / FILE_NAME
    if not file.is_file():
        if path is not None:
            raise ThresholdsError(f"There is no thresholds file at {path}.")
        return built_in()
    return ThresholdsInUse(file.name, merged(built_in().rules, decode(file.read_bytes(), str(file))))


def merged(general: Thresholds, specific: Thresholds) -> Thresholds:
    """`specific` laid over `general`, field by field."""
    layers = {
        name: _layer_over(general.layer.get(name, LayerRule()), specific.layer.get(name, LayerRule()))
        for name in general.layer | specific.layer
    }
    return Thresholds(
        schema=SCHEMA,
        default=over(general.default, specific.default),
        unit=_over_each(general.unit, specific.unit),
        metric=_over_each(general.metric, specific.metric),
        layer=layers,
        benchmark=general.benchmark + specific.benchmark,
    )


def over(general: Rule, specific: Rule) -> Rule:
    """One rule laid over another, field by field."""
    noise = general.single_value_noise if specific.single_value_noise is None else specific.single_value_noise
    return Rule(_level_over(general.warning, specific.warning), _level_over(general.severe, specific.severe), noise)


def decode(text: bytes, name: str) -> Thresholds:
    """The rules written in `text`, the content of the file `name`. Raises ThresholdsError, as `load`."""
    try:
        thresholds = msgspec.toml.decode(text, type=Thresholds)
    except msgspec.DecodeError as error:
        raise ThresholdsError(f"{name} cannot be used: {error}.") from error
    check(thresholds, name)
    return thresholds


def check(thresholds: Thresholds, name: str) -> None:
    """Raise ThresholdsError where a well-formed file says something that cannot be meant."""
    if thresholds.schema != SCHEMA:
        raise ThresholdsError(f"{name} has schema {thresholds.schema}, this program reads schema {SCHEMA}.")
    layers = thresholds.layer.values()
    if thresholds.default.warning.absolute is not None or thresholds.default.severe.absolute is not None:
        raise ThresholdsError(f"{name}: `absolute` in [default] has no unit; set it in [unit.…] or [metric.…].")
    if any(layer.warning.absolute is not None or layer.severe.absolute is not None for layer in layers):
        raise ThresholdsError(
            f"{name}: `absolute` of a layer has no unit; set it in [layer.….unit.…] or [layer.….metric.…]."
        )
    rules: list[Rule] = [
        thresholds.default,
        *thresholds.unit.values(),
        *thresholds.metric.values(),
        *thresholds.benchmark,
    ]
    for layer in layers:
        rules += [layer, *layer.unit.values(), *layer.metric.values()]
    for rule in rules:
        numbers = [rule.single_value_noise]
        numbers += [number for level in (rule.warning, rule.severe) for number in (level.relative, level.absolute)]
        if any(number is not None and not 0 <= number < float("inf") for number in numbers):
            raise ThresholdsError(f"{name}: every threshold must be a number of zero or more.")
    for benchmark in thresholds.benchmark:
        try:
            re.compile(benchmark.match)
        except re.error as error:
            raise ThresholdsError(
                f"{name}: `match` is not a regular expression: {benchmark.match!r} ({error})."
            ) from error


def _over(general: float, specific: float | None) -> float:
    return general if specific is None else specific


def _over_each(general: dict[str, Rule], specific: dict[str, Rule]) -> dict[str, Rule]:
    return {name: over(general.get(name, Rule()), specific.get(name, Rule())) for name in general | specific}


def _layer_over(general: LayerRule, specific: LayerRule) -> LayerRule:
    rule = over(general, specific)
    return LayerRule(
        rule.warning,
        rule.severe,
        rule.single_value_noise,
        _over_each(general.unit, specific.unit),
        _over_each(general.metric, specific.metric),
    )


def _level_over(general: Level, specific: Level) -> Level:
    return Level(
        general.relative if specific.relative is None else specific.relative,
        general.absolute if specific.absolute is None else specific.absolute,
    )
