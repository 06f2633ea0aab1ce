"""Which functions are worth a line, and what stands in it; for the terminal, the issue and the page alike."""

from collections.abc import Sequence

from retrospeed.explain.cause import amount, percentage
from retrospeed.explain.difference import Difference, Row
from retrospeed.explain.explanation import Explanation
from retrospeed.explain.functions import Status
from retrospeed.explain.profiles import What
from retrospeed.units import change_in_words, three_digits, value_in_words

HEADINGS = ("function", "place", "self", "of the difference", "with callees", "calls", "in the commit")
MOST = 15
SMALLEST = 0.01
"""Part of the difference below which a function has no line of its own."""


def shown(profile: Difference, most: int = MOST) -> list[Row]:
    """The functions whose difference is no mere noise, greatest first; and every one that the cause can be."""
    limit = SMALLEST * abs(profile.total.mean)
    rows = [
        row
        for row in profile.rows
        if (row.self_difference.is_clear and abs(row.self_difference.mean) >= limit)
        or (row.status is not Status.SAME and row.owned.is_clear and abs(row.owned.mean) >= limit)
    ]
    return rows[:most]


def cells(row: Row, profile: Difference) -> tuple[str, ...]:
    """One line, under HEADINGS."""
    return (
        str(row.id),
        row.function.place,
        amount(row.self_difference.mean, profile.what),
        share(row, profile),
        amount(row.total_difference.mean, profile.what),
        calls(row),
        "" if row.status is Status.SAME else str(row.status),
    )


def share(row: Row, profile: Difference) -> str:
    """The part of the whole difference that is the function's own; nothing where the whole is noise."""
    if not profile.total.is_clear or not profile.total.mean:
        return ""
    return percentage(row.self_difference.mean / profile.total.mean)


def calls(row: Row) -> str:
    """Calls at the parent and at the commit."""
    if row.calls_base is None or row.calls_head is None:
        return ""
    before, after = f"{row.calls_base:,.0f}", f"{row.calls_head:,.0f}"
    return before if before == after else f"{before} → {after}"


def rest(profile: Difference, listed: Sequence[Row]) -> str:
    """What the functions without a line come to."""
    others = [row for row in profile.rows if row not in listed]
    if not others:
        return ""
    left = sum(row.self_difference.mean for row in others)
    return f"{len(others)} other functions: {amount(left, profile.what)} together."


def total(profile: Difference) -> str:
    """The profile's whole difference, and what it is made of."""
    unit = "seconds" if profile.what is What.TIME else "bytes"
    before, after = value_in_words(profile.base, unit), value_in_words(profile.head, unit)
    ends = f"{amount(profile.total.low, profile.what)} to {amount(profile.total.high, profile.what)}"
    calls = "1 call" if profile.calls == 1 else f"{profile.calls:,} calls"
    how = (
        f"{profile.rounds} rounds of {calls} at each commit, in turns"
        if profile.what is What.TIME
        else f"what is held at the peak, in {profile.rounds} rounds"
    )
    return f"{before} → {after}, {amount(profile.total.mean, profile.what)} a call ({ends}); {how}"


def change(explanation: Explanation) -> str:
    """What the gate measured, in words: ``38 % slower``."""
    finding = explanation.finding
    if finding.base is None or finding.head is None:
        return str(finding.classification)
    ratio = finding.ratio[0] if finding.ratio else float("nan")
    difference = finding.difference[0] if finding.difference else finding.head - finding.base
    if finding.ratio and finding.difference is None:
        difference = finding.base * (ratio - 1)
    return change_in_words(ratio, difference, finding.benchmark, absolute=finding.ratio is None)


def interval(explanation: Explanation) -> str:
    """The ends of the measurement's 95 % interval, as ratios or in the benchmark's unit."""
    finding = explanation.finding
    if finding.ratio is not None:
        estimate, low, high = map(three_digits, finding.ratio)
        return f"ratio {estimate} ({low} to {high})"
    if finding.difference is not None:
        ends = [value_in_words(end, finding.benchmark.unit) for end in finding.difference]
        return f"difference {ends[0]} ({ends[1]} to {ends[2]})"
    return ""


def figures(explanation: Explanation) -> tuple[str, str]:
    """What was measured at the parent and at the commit."""
    finding = explanation.finding
    unit = finding.benchmark.unit
    return value_in_words(finding.base, unit), value_in_words(finding.head, unit)


def title(explanation: Explanation) -> str:
    """The finding in one line."""
    if not explanation.is_confirmed:
        return f"{explanation.series}: no confirmed change at {explanation.head.short}"
    return f"{explanation.series}: {change(explanation)} since {explanation.head.short} ({explanation.head.subject})"


def severity(explanation: Explanation) -> str:
    """The gate's class, and why."""
    return f"{explanation.finding.classification} ({explanation.finding.why})"
