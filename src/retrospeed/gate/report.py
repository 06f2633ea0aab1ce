"""What people read: the table, the Markdown for a pull request, and the lines that go with both."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrospeed.comparison import SEVERE_CLASSES, Class
from retrospeed.exit_codes import ExitCode
from retrospeed.gate import limits, selftest
from retrospeed.gate.judge_series import Finding
from retrospeed.gate.verdict import GateVerdict
from retrospeed.units import percent, value_in_words

COLUMNS = ("benchmark", "base", "head", "change", "95 % interval", "CPU", "pairs", "seconds", "verdict", "why")
NAME_WIDTH = 48
WORTH_TELLING = 0.02
"""Share of processor time, withheld by the host of a virtual machine, from which on a run tells of it."""
_STYLES = {Class.SEVERE: "bold red", Class.FAILED: "bold red", Class.WARNING: "yellow", Class.IMPROVED: "green"}
_WORDS = {
    ExitCode.OK: "pass",
    ExitCode.SEVERE: "severe regression",
    ExitCode.WARNING: "warning",
    ExitCode.INCONCLUSIVE: "inconclusive",
}


def show(verdict: GateVerdict, out: Console) -> None:
    """Print the verdict."""
    if verdict.judged:
        table = Table(box=None, pad_edge=False)
        for name in COLUMNS:
            right = name in ("base", "head", "change", "CPU", "pairs", "seconds")
            wide = name in ("benchmark", "why")
            # A name that is cut in the middle is no longer found by who looks for it.
            longest = max(len(cells(finding)[0]) for finding in verdict.judged) if name == "benchmark" else 0
            table.add_column(
                name,
                justify="right" if right else "left",
                no_wrap=not wide,
                overflow="fold",
                min_width=min(longest, NAME_WIDTH) or None,
            )
        for finding in verdict.judged:
            style = _STYLES.get(finding.classification, "")
            table.add_row(*(Text(c, style=style if i == 8 else "") for i, c in enumerate(cells(finding))))
        out.print(table)
    if verdict.not_compared:
        out.print("Not compared:", style="bold")
        for line in not_compared(verdict):
            out.print(Text(f"  {line}"), soft_wrap=True)
    for line in (*instruction_lines(verdict), *footer(verdict)):
        out.print(Text(line), soft_wrap=True)
    good = verdict.exit_code is ExitCode.OK
    out.print(Text(headline(verdict), style="bold green" if good else "bold red"), soft_wrap=True)


def markdown(verdict: GateVerdict) -> str:
    """The verdict for a comment on a pull request: what changed in the open, the rest folded away."""
    changed = [f for f in verdict.judged if f.classification is not Class.UNCHANGED]
    unchanged = [f for f in verdict.judged if f.classification is Class.UNCHANGED]
    parts = [f"### Gate: {_escaped(headline(verdict))}"]
    if changed:
        parts.append(_markdown_table(changed))
    if verdict.not_compared:
        parts.append("**Not compared**\n\n" + "\n".join(f"- {_escaped(line)}" for line in not_compared(verdict)))
    if unchanged:
        summary = f"<details><summary>{len(unchanged)} unchanged</summary>"
        parts.append(f"{summary}\n\n{_markdown_table(unchanged)}\n\n</details>")
    parts += [f"```\n{chr(10).join(lines)}\n```" for lines in (instruction_lines(verdict),) if lines]
    parts.append("\n".join(f"- {_escaped(line)}" for line in footer(verdict)))
    return "\n\n".join(parts) + "\n"


def annotations(verdict: GateVerdict) -> Iterable[str]:
    """GitHub workflow commands, one a finding."""
    for finding in verdict.findings:
        kind = finding.classification
        if kind in (Class.UNCHANGED, Class.IMPROVED, Class.NEW, Class.FIXED, Class.UNMEASURED):
            continue
        text = f"{finding.key}: {change(finding)} {finding.why}".replace("%", "%25").replace("\n", "%0A")
        yield f"::{'error' if kind in SEVERE_CLASSES else 'warning'} title={kind}::{text}"


def headline(verdict: GateVerdict) -> str:
    """The verdict in one line."""
    record = verdict.record
    counts = ", ".join(f"{number} {name}" for name, number in verdict.counts.items()) or "nothing measured"
    word = "interrupted" if record.interrupted else _WORDS[verdict.exit_code]
    return f"{word}: {record.head} against {record.base}: {counts}"


def footer(verdict: GateVerdict) -> list[str]:
    """Self-test, rules and cost."""
    record = verdict.record
    lines = [_self_test(verdict)]
    strict, *_, loose = sorted(map(record.plan.level, record.plan.degrees))
    lines.append(
        f"Rules: stage 2 at p < {strict:.2g} to {loose:.2g} a look, by what stage 1 says, "
        f"for {record.plan.series} series; thresholds: {record.thresholds.source}."
    )
    machine = record.machine
    load = f"load {machine.get('load at the start', '?')} to {machine.get('load at the end', '?')}"
    if record.withheld is not None and record.withheld >= WORTH_TELLING:
        load += f", its host withheld {percent(round(record.withheld, 2))} of the processor time wanted"
    lines.append(
        f"Measured in {record.environment} on {machine.get('name', '?')} ({machine.get('cpus', '?')} CPUs, {load}) "
        f"in {record.seconds:.0f} s."
    )
    if record.environments_not_used:
        lines.append(f"Not measured, name one with --env: {', '.join(record.environments_not_used)}.")
    return lines


def not_compared(verdict: GateVerdict) -> list[str]:
    """A line for each series without a number on both sides."""
    return [f"{finding.key}: {finding.classification}, {finding.why}" for finding in verdict.not_compared]


def instruction_lines(verdict: GateVerdict) -> list[str]:
    """What the instruction channel found, and what it left out."""
    if not verdict.record.instructions:
        return []
    lines = ["Instructions (callgrind):"]
    for finding in verdict.counted:
        counts = "" if finding.ratio is None else f" {finding.base:,} to {finding.head:,}, {finding.ratio - 1:+.3%}"
        lines.append(f"  {finding.key}:{counts} {finding.classification}, {finding.why}")
    excluded: dict[str, list[str]] = {}
    for one in verdict.record.instructions:
        if one.excluded:
            excluded.setdefault(one.excluded, []).append(str(one.key))
    lines += [f"  excluded, {why}: {', '.join(names)}" for why, names in excluded.items()]
    return lines


def cells(finding: Finding) -> tuple[str, ...]:
    """The row of a finding, in the order of COLUMNS."""
    unit = finding.benchmark.unit
    return (
        str(finding.key),
        value_in_words(finding.base, unit),
        value_in_words(finding.head, unit),
        change(finding),
        interval(finding),
        "" if finding.cpu_ratio is None else _signed(finding.cpu_ratio - 1),
        str(finding.pairs),
        f"{finding.seconds:.1f}",
        str(finding.classification),
        finding.why,
    )


def change(finding: Finding) -> str:
    """The estimate: ``+3.1 %``, or a difference where a ratio means nothing."""
    if finding.ratio is not None:
        return _signed(finding.ratio[0] - 1)
    if finding.difference is not None:
        return value_in_words(finding.difference[0], finding.benchmark.unit)
    return ""


def interval(finding: Finding) -> str:
    """The interval of the estimate."""
    if finding.decision is None:
        return "" if finding.base is None else "exact"
    if finding.ratio is not None:
        return f"{_signed(finding.ratio[1] - 1)} to {_signed(finding.ratio[2] - 1)}"
    assert finding.difference is not None
    low, high = (value_in_words(end, finding.benchmark.unit) for end in finding.difference[1:])
    return f"{low} to {high}"


def _signed(fraction: float) -> str:
    if not -10 < fraction < 10:
        return f"{1 + fraction:.3g} times"
    return f"{fraction * 100:+.1f} %"


def _self_test(verdict: GateVerdict) -> str:
    record = verdict.record
    if verdict.distrust is not None:
        return f"Self-test FAILED: {verdict.distrust}. Nothing in this run is to be relied on."
    found = [selftest.judged(r, limits.for_reference(), record.plan) for r in (record.equal_test, record.slower_test)]
    equal, slower = (None if f is None else f"{change(f)} ({f.classification}, {f.pairs} pairs)" for f in found)
    if equal is None and slower is None:
        return "Self-test: none."
    return (
        f"Self-test: a program against itself {equal or 'not reached'}; "
        f"{percent(selftest.INJECTED)} injected {slower or 'not reached'}."
    )


def _markdown_table(findings: Iterable[Finding]) -> str:
    rows = ["| " + " | ".join(COLUMNS) + " |", "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | --- | --- |"]
    rows += ["| " + " | ".join(_escaped(cell) for cell in cells(finding)) + " |" for finding in findings]
    return "\n".join(rows)


def _escaped(text: str) -> str:
    for character in "\\|*_`<>[]":
        text = text.replace(character, "\\" + character)
    return text
