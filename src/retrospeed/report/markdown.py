"""The form for a comment on a pull request."""

from collections.abc import Iterable
from pathlib import Path

from retrospeed import whole_file
from retrospeed.comparison import Class, Comparison
from retrospeed.judge import interval_in_words
from retrospeed.judgement import Judgement
from retrospeed.report import wording


def form(judgement: Judgement) -> str:
    """The judgement as Markdown: what changed in the open, the rest folded away."""
    verdict = judgement.verdict
    changed = [c for c in verdict.judged if c.classification is not Class.UNCHANGED]
    unchanged = [c for c in verdict.judged if c.classification is Class.UNCHANGED]
    parts = [f"### Benchmarks: {_escaped(wording.headline(judgement))}", wording.counts(verdict)]
    if changed:
        parts.append(_table(judgement, changed))
    left_out = wording.not_compared(judgement)
    if left_out:
        parts.append("**Not compared**\n\n" + "\n".join(f"- {_escaped(line)}" for line in left_out))
    if unchanged:
        parts.append(_folded(f"{len(unchanged)} unchanged", _table(judgement, unchanged)))
    if (advice := wording.to_confirm(judgement)) is not None:
        parts.append(f"{_escaped(advice[0])} `{advice[1]}`")
    lines = "\n".join(f"- {_escaped(line)}" for line in wording.thresholds(judgement))
    parts.append(_folded(f"Thresholds ({_escaped(judgement.thresholds.source)})", lines or "None were applied."))
    return "\n\n".join(parts) + "\n"


def write(judgement: Judgement, path: Path) -> None:
    """Write the judgement to `path`."""
    whole_file.write(path, form(judgement).encode())


def _table(judgement: Judgement, comparisons: Iterable[Comparison]) -> str:
    rows = [
        f"| benchmark | base {judgement.base.commit[:8]} | head {judgement.head.commit[:8]} | ratio | verdict | why |",
        "| --- | ---: | ---: | --- | --- | --- |",
    ]
    for comparison in comparisons:
        ratio = "" if comparison.effect is None else interval_in_words(comparison.effect)
        name = wording.title(comparison, judgement.verdict)
        cells = [name, *wording.values(comparison), ratio, str(comparison.classification), comparison.why]
        rows.append("| " + " | ".join(_escaped(cell) for cell in cells) + " |")
    return "\n".join(rows)


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _escaped(text: str) -> str:
    for character in "\\|*_`<>[]":
        text = text.replace(character, "\\" + character)
    return text
