"""The form for programs; ``docs/schema/verdict.schema.json`` is made from these types. Infinite numbers become null."""

from pathlib import Path
from typing import Any

import msgspec

from retrospeed import whole_file
from retrospeed.comparison import Class, Comparison
from retrospeed.effect import Method
from retrospeed.exit_codes import FailOn
from retrospeed.judgement import Judgement
from retrospeed.measurement import Outcome
from retrospeed.thresholds import Limits, Thresholds

SCHEMA = 1


class SideForm(msgspec.Struct, frozen=True):
    """A side of the comparison: what the user called it, and the commit."""

    name: str
    commit: str


class MeasurementForm(msgspec.Struct, frozen=True):
    """A measurement, in the benchmark's unit."""

    outcome: Outcome
    value: float | None


class EffectForm(msgspec.Struct, frozen=True):
    """HEAD / BASE and HEAD - BASE with the bounds of their intervals; null stands for an infinite bound."""

    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    significant: bool
    method: Method
    p_value: float | None
    base_count: int
    head_count: int


class ComparisonForm(msgspec.Struct, frozen=True, kw_only=True):
    """One series: a benchmark with one set of parameters in one environment."""

    benchmark: str
    params: dict[str, str]
    environment: str
    layer: str
    metric: str
    mode: str
    unit: str
    lower_is_better: bool
    base: MeasurementForm
    head: MeasurementForm
    classification: Class = msgspec.field(name="class")
    why: str
    asv_mark: str
    effect: EffectForm | None
    limits: Limits | None


class VerdictForm(msgspec.Struct, frozen=True, kw_only=True):
    """The whole verdict."""

    schema: int = SCHEMA
    base: SideForm
    head: SideForm
    machine: str
    fail_on: FailOn
    exit_code: int
    counts: dict[str, int]
    comparisons: list[ComparisonForm]
    unpaired_environments: list[str]
    thresholds_source: str
    thresholds: Thresholds


def form(judgement: Judgement) -> VerdictForm:
    """The judgement as plain data."""
    verdict = judgement.verdict
    return VerdictForm(
        base=SideForm(judgement.base.name, judgement.base.commit),
        head=SideForm(judgement.head.name, judgement.head.commit),
        machine=judgement.machine,
        fail_on=judgement.fail_on,
        exit_code=int(judgement.exit_code),
        counts={str(name): number for name, number in verdict.counts.items()},
        comparisons=[_comparison(comparison) for comparison in verdict.comparisons],
        unpaired_environments=list(verdict.unpaired_environments),
        thresholds_source=judgement.thresholds.source,
        thresholds=judgement.thresholds.rules,
    )


def write(judgement: Judgement, path: Path) -> None:
    """Write the judgement to `path`."""
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(form(judgement)), indent=2) + b"\n")


def json_schema() -> dict[str, Any]:
    """The JSON schema of what `write` writes."""
    return msgspec.json.schema(VerdictForm)


def _comparison(comparison: Comparison) -> ComparisonForm:
    benchmark = comparison.benchmark
    return ComparisonForm(
        benchmark=comparison.key.benchmark,
        params=benchmark.named_params(comparison.key),
        environment=comparison.environment,
        layer=benchmark.layer,
        metric=benchmark.metric,
        mode=benchmark.mode,
        unit=benchmark.unit,
        lower_is_better=benchmark.lower_is_better,
        base=MeasurementForm(comparison.base.outcome, comparison.base.value),
        head=MeasurementForm(comparison.head.outcome, comparison.head.value),
        classification=comparison.classification,
        why=comparison.why,
        asv_mark=comparison.mark,
        effect=None if comparison.effect is None else EffectForm(*msgspec.structs.astuple(comparison.effect)),
        limits=comparison.limits,
    )
