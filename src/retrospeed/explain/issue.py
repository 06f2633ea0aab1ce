"""The text of an issue, in Markdown, ready to be filed."""

from retrospeed.explain import rows
from retrospeed.explain.explanation import Explanation

MOST_FUNCTIONS = 8


def title(explanation: Explanation) -> str:
    """The issue's title: one line, without markup."""
    return rows.title(explanation)


def body(explanation: Explanation) -> str:
    """All that stands below the title."""
    before, after = rows.figures(explanation)
    head, base = explanation.head, explanation.base
    parts = [
        "| | |\n| --- | --- |\n"
        + "\n".join(
            f"| {name} | {_cell(text)} |"
            for name, text in (
                ("benchmark", f"`{explanation.series}`"),
                ("severity", rows.severity(explanation)),
                ("measured", f"{before} → {after} ({rows.change(explanation)})"),
                (
                    "95 % interval",
                    f"{rows.interval(explanation)}, from {explanation.finding.pairs} pairs in alternation",
                ),
                ("culprit", f"{head.hash} {head.subject} ({head.date[:10]})"),
                ("compared with", f"{base.hash} {base.subject}"),
                ("machine", f"{explanation.machine}, {explanation.environment}"),
            )
        ),
        f"**Likely cause.** {explanation.cause.sentence}",
    ]
    profile = explanation.profile
    if profile is not None and (listed := rows.shown(profile, MOST_FUNCTIONS)):
        lines = [_row(rows.HEADINGS), "| --- | --- | ---: | ---: | ---: | ---: | --- |"]
        lines += [_row(rows.cells(row, profile)) for row in listed]
        parts.append(f"Profile: {rows.total(profile)}.\n\n" + "\n".join(lines))
    if explanation.hunks:
        fence = _fence("\n".join(hunk.shown for hunk in explanation.hunks))
        shown = "\n\n".join(f"`{hunk.path}`\n\n{fence}diff\n{hunk.shown}\n{fence}" for hunk in explanation.hunks)
        parts.append(f"<details><summary>What the commit changes there</summary>\n\n{shown}\n\n</details>")
    parts.append(f"To reproduce:\n\n```\n{explanation.command}\n```")
    return "\n\n".join(parts) + "\n"


def markdown(explanation: Explanation) -> str:
    """Title and body in one file."""
    return f"# {title(explanation)}\n\n{body(explanation)}"


def _row(cells: tuple[str, ...]) -> str:
    name, place, *others = cells
    return "| " + " | ".join([f"`{_cell(name)}`" if name != "function" else name, _cell(place), *others]) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _fence(text: str) -> str:
    """A fence longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return fence
