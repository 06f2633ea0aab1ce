"""Subtracts the parent's profile from the culprit's, function by function.

All amounts are seconds, or bytes, a call of the benchmark; a difference above zero means that the culprit needs more.
Every round gives one difference, and the rounds their mean with a 95 % interval (Student's t).
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from retrospeed.explain.estimate import Estimate, estimate
from retrospeed.explain.functions import Edits, Status
from retrospeed.explain.profiles import RawProfiles, What
from retrospeed.explain.sources import Function, FunctionId, Kind, Sources
from retrospeed.gate.worker_pair import BOTH, SideName

Stack = tuple[FunctionId, ...]
"""From the outermost function to the one that was running."""


@dataclass(frozen=True)
class Row:
    """One function."""

    id: FunctionId
    status: Status
    base: Function | None
    """As it stood at the parent; None if it was not run there."""
    head: Function | None
    self_base: float
    self_head: float
    self_difference: Estimate
    """Without what it calls."""
    total_base: float
    total_head: float
    total_difference: Estimate
    """With all that it calls; a recursive function counts once."""
    owned: Estimate
    """Of a function that the commit touches: the difference in it and in untouched functions that it calls."""
    calls_base: float | None = None
    calls_head: float | None = None

    @property
    def function(self) -> Function:
        """At the commit, or at the parent if the commit removed it."""
        found = self.head or self.base
        assert found is not None
        return found


@dataclass(frozen=True)
class HotLine:
    """A line of the project on which the commit spends its time."""

    place: str
    """``path:line`` at the commit."""
    text: str
    value: float
    """Seconds a call at the commit."""


@dataclass(frozen=True)
class Difference:
    """All that the profiles show."""

    what: What
    base: float
    head: float
    total: Estimate
    rows: tuple[Row, ...]
    """Greatest difference of their own first."""
    unowned: Estimate
    """The difference in stacks without a function that the commit touches."""
    stacks: Mapping[Stack, tuple[float, float]]
    """Amount at the parent, and at the commit, by stack; for the flame graph."""
    lines: tuple[HotLine, ...]
    rounds: int
    calls: int
    samples_seen: bool
    """Whether any stack was seen at all."""


def subtract(raw: RawProfiles, base: Sources, head: Sources, edits: Edits) -> Difference:
    """The difference of two profiles."""
    sources = {SideName.BASE: base, SideName.HEAD: head}
    resolve = _resolve_time if raw.what is What.TIME else _resolve_memory
    rounds = [{name: resolve(one[name], sources[name], name, edits) for name in BOTH} for one in raw.rounds]
    counts = _counts(raw, sources, edits)
    stacks = _mean_stacks(rounds)
    rows = []
    selves = _per_round(rounds, lambda stack: (stack[-1],))
    totals = _per_round(rounds, lambda stack: tuple(dict.fromkeys(stack)))
    owners = _per_round(rounds, lambda stack: (_owner(stack, edits),))
    heads = head.functions
    bases = {edits.renamed.get(id, id): function for id, function in base.functions.items()}
    for id in totals[0]:
        assert id is not None
        self_base, self_head, self_difference = _summary(selves, id)
        total_base, total_head, total_difference = _summary(totals, id)
        rows.append(
            Row(
                id=id,
                status=edits.of(id),
                base=bases.get(id),
                head=heads.get(id),
                self_base=self_base,
                self_head=self_head,
                self_difference=self_difference,
                total_base=total_base,
                total_head=total_head,
                total_difference=total_difference,
                owned=_summary(owners, id)[2],
                calls_base=counts[SideName.BASE].get(id, 0) if counts else None,
                calls_head=counts[SideName.HEAD].get(id, 0) if counts else None,
            )
        )
    rows.sort(key=lambda row: -abs(row.self_difference.mean))
    wholes = [{name: sum(one[name].values()) for name in BOTH} for one in rounds]
    return Difference(
        what=raw.what,
        base=statistics.fmean(one[SideName.BASE] for one in wholes),
        head=statistics.fmean(one[SideName.HEAD] for one in wholes),
        total=estimate([one[SideName.HEAD] - one[SideName.BASE] for one in wholes]),
        rows=tuple(rows),
        unowned=_summary(owners, None)[2],
        stacks=stacks,
        lines=_hot_lines(raw, head) if raw.what is What.TIME else (),
        rounds=len(rounds),
        calls=raw.calls,
        samples_seen=bool(stacks),
    )


_Amounts = dict[Stack, float]
_Rounds = Sequence[Mapping[SideName, _Amounts]]
_PerRound = tuple[dict[FunctionId | None, None], list[Mapping[SideName, Mapping[FunctionId | None, float]]]]


def _resolve_time(told: Mapping[str, Any], sources: Sources, side: SideName, edits: Edits) -> _Amounts:
    ids = [_named(sources.function(file, line, name), side, edits) for file, name, line in told["functions"]]
    amounts: _Amounts = defaultdict(float)
    for indexes, value in told["stacks"]:
        amounts[tuple(ids[index] for index in indexes)] += value
    return amounts


def _resolve_memory(told: Mapping[str, Any], sources: Sources, side: SideName, edits: Edits) -> _Amounts:
    amounts: _Amounts = defaultdict(float)

    @cache
    def at(file: str, line: int) -> FunctionId:
        # Some ten thousand stacks go through a few hundred lines.
        return _named(sources.function(file, line), side, edits)

    for frames, value in told["stacks"]:
        stack = [at(file, line) for file, line in frames]
        # The machinery of importing would make every stack of a module's code ten frames deeper.
        kept = [id for id in stack if not id.module.startswith("<frozen importlib")]
        amounts[tuple(kept or stack[-1:])] += value
    return amounts


def _named(id: FunctionId, side: SideName, edits: Edits) -> FunctionId:
    return edits.renamed.get(id, id) if side is SideName.BASE else id


def _owner(stack: Stack, edits: Edits) -> FunctionId | None:
    """The innermost touched function; for a comprehension the function that it stands in, which people know by name."""
    touched = next((id for id in reversed(stack) if edits.of(id) is not Status.SAME), None)
    return touched.named if touched is not None and touched.named in stack else touched


def _per_round(rounds: _Rounds, keys: Callable[[Stack], Sequence[FunctionId | None]]) -> _PerRound:
    found: list[Mapping[SideName, Mapping[FunctionId | None, float]]] = []
    seen: dict[FunctionId | None, None] = {}
    for one in rounds:
        sides: dict[SideName, Mapping[FunctionId | None, float]] = {}
        for name in BOTH:
            amounts: dict[FunctionId | None, float] = defaultdict(float)
            for stack, value in one[name].items():
                for key in keys(stack):
                    amounts[key] += value
                    seen[key] = None
            sides[name] = amounts
        found.append(sides)
    return seen, found


def _summary(per_round: _PerRound, id: FunctionId | None) -> tuple[float, float, Estimate]:
    rounds = per_round[1]
    base = [one[SideName.BASE].get(id, 0.0) for one in rounds]
    head = [one[SideName.HEAD].get(id, 0.0) for one in rounds]
    differences = [after - before for before, after in zip(base, head, strict=True)]
    return statistics.fmean(base), statistics.fmean(head), estimate(differences)


def _mean_stacks(rounds: _Rounds) -> dict[Stack, tuple[float, float]]:
    sums: dict[Stack, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in rounds:
        for index, name in enumerate(BOTH):
            for stack, value in one[name].items():
                sums[stack][index] += value / len(rounds)
    return {stack: (base, head) for stack, (base, head) in sums.items()}


def _counts(
    raw: RawProfiles, sources: Mapping[SideName, Sources], edits: Edits
) -> Mapping[SideName, Mapping[FunctionId, int]] | None:
    if raw.counts is None:
        return None
    found: dict[SideName, dict[FunctionId, int]] = {}
    for side in BOTH:
        counted: dict[FunctionId, int] = defaultdict(int)
        for file, name, line, calls in raw.counts[side]["counts"]:
            counted[_named(sources[side].function(file, line, name), side, edits)] += calls
        found[side] = counted
    return found


def _hot_lines(raw: RawProfiles, head: Sources) -> tuple[HotLine, ...]:
    sums: dict[tuple[FunctionId, int], float] = defaultdict(float)
    for one in raw.rounds:
        told = one[SideName.HEAD]
        ids = [head.function(file, line, name) for file, name, line in told["functions"]]
        for index, line, value in told["lines"]:
            sums[ids[index], line] += value / len(raw.rounds)
    lines = [
        HotLine(f"{head.functions[id].path}:{line}", head.line_of(head.functions[id], line), value)
        for (id, line), value in sums.items()
        if head.functions[id].kind is Kind.PROJECT
    ]
    return tuple(sorted(lines, key=lambda one: -one.value))
