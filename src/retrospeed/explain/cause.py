"""Says in a sentence what the difference went into, or that the profile does not account for it.

Every difference in the profile is laid to the innermost function, on the stack where it was seen, that the commit
touches. What is laid to none came about in some other way.
"""

from dataclasses import dataclass

from retrospeed.explain.difference import Difference, Row
from retrospeed.explain.estimate import Estimate
from retrospeed.explain.functions import Edits, Status
from retrospeed.explain.profiles import What
from retrospeed.explain.sources import FunctionId, Kind
from retrospeed.units import value_in_words

MOST = 0.5
"""Part of the measured difference that the profile has to show, and of the profile's that has to be laid somewhere."""
WORTH_NAMING = 0.1
MOST_NAMED = 3
WORTH_SAYING = 0.25
"""Part of a function's difference from which on a function that it calls is named too."""
_TOUCHED = {
    Status.CHANGED: "changed by the commit",
    Status.NEW: "new in the commit",
    Status.REMOVED: "removed by the commit",
    Status.RENAMED: "renamed by the commit",
}


@dataclass(frozen=True)
class Measured:
    """What the gate found, in the unit of the profile; `difference` is head - base, None if the units differ."""

    difference: float | None
    got_worse: bool | None
    """None if it found no change."""


@dataclass(frozen=True)
class Cause:
    """The likely cause."""

    sentence: str
    accounts: bool
    """Whether the profile accounts for the difference."""
    functions: tuple[Row, ...]
    """Those that it is laid to."""


def find(profile: Difference, edits: Edits, measured: Measured) -> Cause:
    """The cause that the profile shows."""
    if not profile.samples_seen:
        return Cause("The profile saw nothing: the benchmark is over before it can be looked at.", False, ())
    doubt = _doubt(profile, measured)
    if doubt:
        return Cause(doubt, False, ())
    total = profile.total.mean
    owners = [row for row in profile.rows if row.owned.mean * total > 0 and row.owned.is_clear]
    owners = [row for row in owners if abs(row.owned.mean) >= WORTH_NAMING * abs(total)]
    owners.sort(key=lambda row: -abs(row.owned.mean))
    share = sum(row.owned.mean for row in owners) / total
    if share < MOST:
        return Cause(_elsewhere(profile, edits, share), False, ())
    named = owners[:MOST_NAMED]
    sentences = [_blamed(row, profile) for row in named]
    return Cause(" ".join(sentences), True, tuple(named))


def of_a_number(unit: str) -> Cause:
    """Of a benchmark whose number is neither time nor memory."""
    return Cause(
        f"The benchmark tells a number in {unit!r}, which a profile of time or memory cannot explain.", False, ()
    )


def amount(value: float, what: What) -> str:
    """A difference with its sign: ``+3.20 ms``."""
    words = value_in_words(abs(value), "seconds" if what is What.TIME else "bytes")
    return f"{'+' if value >= 0 else '-'}{words}"


def percentage(part: float) -> str:
    """A part of a whole: ``49 %``."""
    return f"{part * 100:.0f} %"


def _doubt(profile: Difference, measured: Measured) -> str:
    total, what = profile.total, profile.what
    found = f"{amount(total.mean, what)} a call ({_interval(total, what)})"
    if measured.got_worse is not None and (not total.is_clear or (total.mean > 0) != measured.got_worse):
        wanted = "" if measured.difference is None else f" where {amount(measured.difference, what)} was measured"
        return f"The profile does not account for the difference: it shows {found}{wanted}."
    if measured.got_worse is None and not total.is_clear:
        return f"The profile shows no difference either: {found}."
    if measured.difference and abs(total.mean) < MOST * abs(measured.difference):
        part = abs(total.mean / measured.difference)
        return (
            f"The profile does not account for the difference: it shows {found}, {percentage(part)} of the "
            f"{amount(measured.difference, what)} that was measured."
        )
    return ""


def _interval(one: Estimate, what: What) -> str:
    return f"{amount(one.low, what)} to {amount(one.high, what)}"


def _blamed(row: Row, profile: Difference) -> str:
    what, total = profile.what, profile.total.mean
    share = row.owned.mean / total
    unit = "a call of the benchmark"
    text = (
        f"`{row.id}` ({row.function.place}), {_TOUCHED[row.status]}, accounts for {percentage(share)} of the "
        f"difference: {amount(row.owned.mean, what)} {unit}"
    )
    callee = _dearest_callee(row, profile)
    if callee is not None:
        inside = _below(row, profile)[callee.id]
        text += f", of which {amount(inside, what)} in `{callee.id}`, which it calls"
        if run := run_in_words(callee):
            text += f" ({run})"
    elif run := run_in_words(row):
        text += f"; it is {run}"
    return text + "."


def run_in_words(row: Row) -> str:
    """How often a function is run, if that changed: ``run 120 times instead of 61``; empty if it did not."""
    before, after = row.calls_base, row.calls_head
    if before is None or after is None or before == after:
        return ""
    if not after:
        return f"no longer run, {_times(before)} before"
    return f"run {_times(after)}" + (f" instead of {before:,.0f}" if before else "")


def _times(calls: float) -> str:
    return {1: "once", 2: "twice"}.get(int(calls), f"{calls:,.0f} times")


def _dearest_callee(row: Row, profile: Difference) -> Row | None:
    """The untouched function below it that a good part of its difference lies in, the project's own first."""
    below = _below(row, profile)
    candidates = [
        one
        for one in profile.rows
        if one.status is Status.SAME and below.get(one.id, 0.0) / row.owned.mean >= WORTH_SAYING
    ]
    # The outermost of the project's own says most; a dependency's only if the time is spent nowhere else.
    candidates.sort(key=lambda one: (one.function.kind is not Kind.PROJECT, -abs(below[one.id])))
    return candidates[0] if candidates else None


def _below(row: Row, profile: Difference) -> dict[FunctionId, float]:
    """The differences of what runs below a function, callees included, as far as it is laid to that function."""
    below: dict[FunctionId, float] = {}
    for stack, (base, head) in profile.stacks.items():
        if row.id in stack:
            last = len(stack) - 1 - stack[::-1].index(row.id)
            for id in dict.fromkeys(stack[last + 1 :]):
                below[id] = below.get(id, 0.0) + head - base
    return below


def _elsewhere(profile: Difference, edits: Edits, share: float) -> str:
    total, what = profile.total.mean, profile.what
    top = max(profile.rows, key=lambda row: row.self_difference.mean / total)
    text = (
        f"The profile shows {amount(total, what)} a call of the benchmark, but lays only "
        f"{percentage(max(0.0, share))} of it to functions that the commit touches; most of it is in "
        f"`{top.id}` ({top.function.place}), {amount(top.self_difference.mean, what)}"
    )
    if top.status is Status.SAME:
        text += ", which the commit does not touch."
    elif top.owned.is_clear:
        text += ", which the commit touches."
    else:
        text += f", which the commit touches, but the rounds do not agree about it ({_interval(top.owned, what)})."
    if edits.other_files:
        files = ", ".join(edits.other_files[:5]) + (" and others" if len(edits.other_files) > 5 else "")
        text += f" The commit also touches {files}."
    return text
