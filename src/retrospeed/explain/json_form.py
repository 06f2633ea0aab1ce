"""The form for programs; its JSON Schema is published in docs/schema."""

from typing import Any

import msgspec

from retrospeed.comparison import Class
from retrospeed.explain.difference import Row
from retrospeed.explain.estimate import Estimate
from retrospeed.explain.explanation import Explanation
from retrospeed.explain.functions import Status
from retrospeed.explain.profiles import What
from retrospeed.explain.sources import Kind

SCHEMA = 1


class CommitJson(msgspec.Struct):
    """A commit."""

    commit: str
    subject: str
    date: str


class MeasuredJson(msgspec.Struct):
    """What the gate found; values in the benchmark's unit, (estimate, low, high) of a 95 % interval."""

    classification: Class = msgspec.field(name="class")
    why: str
    unit: str
    base: float | None
    head: float | None
    ratio: tuple[float, float, float] | None
    difference: tuple[float, float, float] | None
    pairs: int


class FunctionJson(msgspec.Struct):
    """One function; amounts are seconds, or bytes, a call of the benchmark."""

    module: str
    name: str
    path: str
    line: int
    kind: Kind
    status: Status
    self_base: float
    self_head: float
    self_difference: tuple[float, float, float]
    total_base: float
    total_head: float
    total_difference: tuple[float, float, float]
    calls_base: float | None
    calls_head: float | None


class StackJson(msgspec.Struct):
    """Amounts of one stack, outermost function first; numbers are places in `functions`."""

    stack: list[int]
    base: float
    head: float


class ProfileJson(msgspec.Struct):
    """What the profiles show."""

    what: What
    base: float
    head: float
    difference: tuple[float, float, float]
    rounds: int
    calls: int
    functions: list[FunctionJson]
    stacks: list[StackJson]


class HunkJson(msgspec.Struct):
    """A piece of the commit's diff."""

    path: str
    text: str


class ExplanationJson(msgspec.Struct, kw_only=True):
    """The whole explanation."""

    schema: int = SCHEMA
    benchmark: str
    base: CommitJson
    head: CommitJson
    measured: MeasuredJson
    machine: str
    environment: str
    profile: ProfileJson | None
    accounts: bool
    """Whether the profile accounts for the difference."""
    cause: str
    functions: list[str]
    """Those that the difference is laid to."""
    hunks: list[HunkJson]
    command: str


def encode(explanation: Explanation) -> bytes:
    """The explanation as JSON; numbers that are not finite are null."""
    text = msgspec.json.encode(_form(explanation))
    return msgspec.json.format(text, indent=1) + b"\n"


def json_schema() -> dict[str, Any]:
    """The schema of what `encode` writes."""
    return msgspec.json.schema(ExplanationJson)


def _form(explanation: Explanation) -> ExplanationJson:
    finding = explanation.finding
    return ExplanationJson(
        benchmark=explanation.series,
        base=CommitJson(explanation.base.hash, explanation.base.subject, explanation.base.date),
        head=CommitJson(explanation.head.hash, explanation.head.subject, explanation.head.date),
        measured=MeasuredJson(
            finding.classification,
            finding.why,
            finding.benchmark.unit,
            finding.base,
            finding.head,
            finding.ratio,
            finding.difference,
            finding.pairs,
        ),
        machine=explanation.machine,
        environment=explanation.environment,
        profile=_profile(explanation),
        accounts=explanation.cause.accounts,
        cause=explanation.cause.sentence,
        functions=[str(row.id) for row in explanation.cause.functions],
        hunks=[HunkJson(hunk.path, hunk.text) for hunk in explanation.hunks],
        command=explanation.command,
    )


def _profile(explanation: Explanation) -> ProfileJson | None:
    profile = explanation.profile
    if profile is None:
        return None
    places = {row.id: index for index, row in enumerate(profile.rows)}
    return ProfileJson(
        profile.what,
        profile.base,
        profile.head,
        _ends(profile.total),
        profile.rounds,
        profile.calls,
        [_function(row) for row in profile.rows],
        [StackJson([places[id] for id in stack], base, head) for stack, (base, head) in profile.stacks.items()],
    )


def _function(row: Row) -> FunctionJson:
    return FunctionJson(
        row.id.module,
        row.id.name,
        row.function.path,
        row.function.line,
        row.function.kind,
        row.status,
        row.self_base,
        row.self_head,
        _ends(row.self_difference),
        row.total_base,
        row.total_head,
        _ends(row.total_difference),
        row.calls_base,
        row.calls_head,
    )


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.mean, estimate.low, estimate.high
