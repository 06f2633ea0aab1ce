"""The words of a case: its headline, and the text of its issue."""

import re
from collections.abc import Sequence
from pathlib import Path

from retrospeed import whole_file
from retrospeed.bisect import verdict as bisect_verdict
from retrospeed.bisect import wording
from retrospeed.bisect.run import Found
from retrospeed.comparison import Class
from retrospeed.explain import issue, page
from retrospeed.explain.explanation import Explanation
from retrospeed.gate.judge_series import Finding
from retrospeed.nightly.state import CaseRecord
from retrospeed.nightly.suspicion import Suspect
from retrospeed.units import change_in_words, three_digits, value_in_words


def exactly(name: str) -> str:
    """The expression for a benchmark with just these parameters."""
    return f"^{re.escape(name)}$"


def not_reproduced(suspect: Suspect, cleared: Sequence[str]) -> CaseRecord:
    """The case of a suspect of which nothing was left when it was measured again."""
    lead, *others = cleared
    more = f" and {len(others)} more" if others else ""
    return CaseRecord(
        benchmark=lead,
        good=suspect.good,
        bad=suspect.bad,
        classification=str(Class.UNCHANGED),
        headline=f"{lead}{more} looked worse in {suspect.span}, but not when measured again, in alternation.",
        cleared=others,
    )


def unanswered(suspect: Suspect, why: str) -> CaseRecord:
    """The case of a suspect that could not be measured again; it is not tried every night."""
    lead, *others = suspect.names
    return CaseRecord(
        benchmark=lead,
        good=suspect.good,
        bad=suspect.bad,
        classification=str(Class.INCONCLUSIVE),
        headline=f"{lead} looks worse in {suspect.span}, but could not be measured again: {why}",
        cleared=others,
    )


def finding_in_words(one: Finding) -> str:
    """Severity, change and interval of what the gate found: ``warning: 12 % slower, ratio 1.12 (1.09 to 1.15)``."""
    if one.ratio is not None and one.base is not None:
        ratio, low, high = one.ratio
        change = change_in_words(ratio, one.base * (ratio - 1), one.benchmark, absolute=False)
        interval = f"{three_digits(low)} to {three_digits(high)}"
        return f"{one.classification}: {change}, ratio {three_digits(ratio)} ({interval})"
    if one.difference is not None:
        unit = one.benchmark.unit
        difference, low, high = one.difference
        change = change_in_words(0.0, difference, one.benchmark, absolute=True)
        return f"{one.classification}: {change} ({value_in_words(low, unit)} to {value_in_words(high, unit)})"
    return f"{one.classification}: {one.why}"


def write_issue(case: CaseRecord, found: Found, explanation: Explanation | None, folder: Path) -> None:
    """Write the text of the issue, and beside it the page with the flame graph; `case` is told where it is."""
    if explanation is not None:
        text = f"# {issue.title(explanation)}\n\n{issue.body(explanation)}\nFound by bisection: {case.headline}\n"
    else:
        text = f"# {case.headline}\n\n{_without_explanation(case, found)}"
    name = re.sub(r"[^A-Za-z0-9]+", "-", case.benchmark).strip("-")[:80]
    path = folder / f"{(case.culprit or case.bad)[:8]}-{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole_file.write(path, (text + _also(case)).encode())
    case.issue_file = str(path)
    if explanation is not None:
        whole_file.write(path.with_suffix(".html"), page.html(explanation).encode())


def title_and_body(path: Path) -> tuple[str, str]:
    """What `write_issue` wrote; two empty texts if it is gone."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return "", ""
    title, _, body = text.removeprefix("# ").partition("\n")
    return title, body.strip()


def _without_explanation(case: CaseRecord, found: Found) -> str:
    facts = [
        f"severity: {bisect_verdict.classification(found)}",
        *([f"culprit: {case.culprit}"] if case.culprit else []),
        *wording.lines(found)[1:],
    ]
    lines = "\n".join(f"- {line}" for line in facts)
    return f"{lines}\n\nTo reproduce:\n\n```\n{wording.reproduce(found)}\n```\n"


def _also(case: CaseRecord) -> str:
    """The other benchmarks that were measured to be worse at the same commit."""
    if not case.also:
        return ""
    listed = "".join(f"- `{name}`: {words}\n" for name, words in sorted(case.also.items()))
    return f"\nThe same commit, measured in the same way:\n\n{listed}"
