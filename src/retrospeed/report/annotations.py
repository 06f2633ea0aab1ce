"""The form for GitHub Actions: a workflow command a finding, which GitHub shows on the run and the pull request."""

import os
from collections.abc import Iterator

from retrospeed.comparison import INCONCLUSIVE_CLASSES, SEVERE_CLASSES, Class
from retrospeed.judgement import Judgement
from retrospeed.report import wording


def wanted(asked: bool) -> bool:
    """Whether to print them: if asked to, or if this runs in GitHub Actions."""
    return asked or os.environ.get("GITHUB_ACTIONS") == "true"


def lines(judgement: Judgement) -> Iterator[str]:
    """One ``::error`` or ``::warning`` line for each finding, and a notice where there is none."""
    found = False
    for comparison in judgement.verdict.comparisons:
        name = comparison.classification
        if name in SEVERE_CLASSES or name is Class.WARNING or name in INCONCLUSIVE_CLASSES:
            found = True
            command = "error" if name in SEVERE_CLASSES else "warning"
            message = f"{wording.title(comparison, judgement.verdict)}: {comparison.why}"
            yield f"::{command} title={_property(str(name))}::{_data(message)}"
    if not found:
        yield f"::notice title=benchmarks::{_data(wording.headline(judgement))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
