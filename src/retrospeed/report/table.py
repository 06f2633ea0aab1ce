"""The form for a terminal."""

import os

from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrospeed.comparison import Class, Comparison
from retrospeed.exit_codes import ExitCode
from retrospeed.judge import interval_in_words
from retrospeed.judgement import Judgement
from retrospeed.report import wording

_STYLES = {
    Class.SEVERE: "bold red",
    Class.FAILED: "bold red",
    Class.VANISHED: "magenta",
    Class.INCOMPARABLE: "magenta",
    Class.INCONCLUSIVE: "magenta",
    Class.WARNING: "yellow",
    Class.IMPROVED: "green",
    Class.FIXED: "green",
}
_WIDTH_OF_FILES = 160


def console() -> Console:
    """The terminal, or a wide page where the output goes to a file and nothing would be gained by folding it.

    The variable COLUMNS sets the width of both.
    """
    terminal = Console()
    return terminal if terminal.is_terminal or "COLUMNS" in os.environ else Console(width=_WIDTH_OF_FILES)


def show(judgement: Judgement, out: Console) -> None:
    """Print the judgement: what was compared, what was not, by which thresholds, and what follows."""
    judged = judgement.verdict.judged
    if judged:
        out.print(_table(judgement, judged))
    left_out = wording.not_compared(judgement)
    if left_out:
        out.print("Not compared:", style="bold")
        for line in left_out:
            out.print(Text(f"  {line}"), soft_wrap=True)
    out.print(Text(f"Thresholds ({judgement.thresholds.source}):"), soft_wrap=True)
    for line in wording.thresholds(judgement):
        out.print(Text(f"  {line}"), soft_wrap=True)
    out.print(Text(wording.counts(judgement.verdict)), soft_wrap=True)
    if (advice := wording.to_confirm(judgement)) is not None:
        out.print(Text(" ".join(advice)), soft_wrap=True)
    style = "bold green" if judgement.exit_code is ExitCode.OK else "bold red"
    out.print(Text(wording.headline(judgement), style=style), soft_wrap=True)


def _table(judgement: Judgement, judged: tuple[Comparison, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("benchmark", overflow="fold")
    table.add_column(f"base {judgement.base.commit[:8]}", justify="right", no_wrap=True)
    table.add_column(f"head {judgement.head.commit[:8]}", justify="right", no_wrap=True)
    table.add_column("ratio", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("why", overflow="fold")
    for comparison in judged:
        style = _STYLES.get(comparison.classification, "")
        ratio = "" if comparison.effect is None else interval_in_words(comparison.effect)
        table.add_row(
            Text(wording.title(comparison, judgement.verdict)),
            *wording.values(comparison),
            ratio,
            Text(comparison.classification, style=style),
            Text(comparison.why),
        )
    return table
