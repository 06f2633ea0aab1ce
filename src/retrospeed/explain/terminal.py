"""The form for a terminal."""

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from retrospeed.explain import rows
from retrospeed.explain.cause import percentage
from retrospeed.explain.explanation import Explanation

MOST_HOT_LINES = 5


def show(explanation: Explanation, out: Console) -> None:
    """Print the explanation."""
    out.print(Text(rows.title(explanation), style="bold"), soft_wrap=True)
    before, after = rows.figures(explanation)
    out.print(
        Text(f"  measured: {before} → {after}, {rows.interval(explanation)}, {explanation.finding.pairs} pairs"),
        soft_wrap=True,
    )
    out.print(Text(f"  verdict: {rows.severity(explanation)}"), soft_wrap=True)
    profile = explanation.profile
    if profile is not None:
        out.print(Text(f"  profile: {rows.total(profile)}"), soft_wrap=True)
        listed = rows.shown(profile)
        if listed:
            out.print()
            out.print(_table(explanation))
        left = rows.rest(profile, listed)
        if left:
            out.print(Text(left), soft_wrap=True)
        if profile.lines:
            out.print()
            out.print("Lines that the commit spends its time on:", style="bold")
            for line in profile.lines[:MOST_HOT_LINES]:
                share = percentage(line.value / profile.head) if profile.head else ""
                out.print(Text(f"  {share:>5}  {line.place}  {line.text}"), soft_wrap=True)
    if explanation.hunks:
        out.print()
        for hunk in explanation.hunks:
            out.print(Text(hunk.path, style="bold"))
            if out.is_terminal:
                out.print(Syntax(hunk.shown, "diff", background_color="default"))
            else:
                out.print(Text(hunk.shown), soft_wrap=True)
    out.print()
    style = "bold" if explanation.cause.accounts else "bold yellow"
    out.print(Text(f"Likely cause: {explanation.cause.sentence}", style=style), soft_wrap=True)


def _table(explanation: Explanation) -> Table:
    profile = explanation.profile
    assert profile is not None
    table = Table(box=None, pad_edge=False)
    for name in rows.HEADINGS:
        left = name in ("function", "place", "in the commit")
        table.add_column(name, justify="left" if left else "right", no_wrap=not left, overflow="fold")
    for row in rows.shown(profile):
        table.add_row(*(Text(cell) for cell in rows.cells(row, profile)))
    return table
