"""How much a commit is suspected before anything is measured: by which files it touches, and how much of them.

Weights are coarse on purpose, and never zero: a commit to the documentation can be the culprit, it only takes more
evidence (one that is fifty times less suspected, four bits more).
"""

import math
from collections.abc import Iterable
from pathlib import PurePosixPath

from retrospeed.bisect.commits import Commit

HARDLY = 0.02
"""Nothing that is installed, as far as names tell."""
_LEAST, _MOST, _PER_DOUBLING = 0.5, 2.0, 0.2

_FOLDERS = frozenset(
    {"doc", "docs", "test", "tests", "testing", "example", "examples", ".github", ".gitlab", ".circleci"}
)
_SUFFIXES = frozenset({".md", ".rst", ".adoc", ".ipynb"})
_STEMS = frozenset(
    {"readme", "license", "licence", "copying", "notice", "changelog", "changes", "history", "news", "authors"}
    | {"contributing", "contributors", "codeowners", ".gitignore", ".gitattributes", ".editorconfig", ".mailmap"}
    | {".pre-commit-config", "conftest", "tox", "noxfile", "makefile", ".readthedocs", "mkdocs"}
)


def weight(commit: Commit, *, inside: str = "", benchmarks: str = "") -> float:
    """The weight of a commit among others.

    `inside` is the folder of the repository that is built, `benchmarks` that of the suite: all commits are measured
    by the benchmarks of the working tree, so what a commit changed there is not seen. Both relative, "" if none.
    """
    if all(_is_idle(path, inside, benchmarks) for path in commit.files):
        return HARDLY
    return min(_MOST, _LEAST + _PER_DOUBLING * math.log2(1 + commit.lines))


def boosted(weights: Iterable[float], place: int) -> tuple[float, ...]:
    """The weights with half of their sum on the commit at `place` (the first after GOOD is 1)."""
    known = list(weights)
    known[place - 1] = max(known[place - 1], sum(known) - known[place - 1])
    return tuple(known)


def _is_idle(path: str, inside: str, benchmarks: str) -> bool:
    whole = PurePosixPath(path)
    if benchmarks and whole.is_relative_to(benchmarks):
        return True
    if inside and not whole.is_relative_to(inside):
        return True
    folders = {part.lower() for part in whole.parts[:-1]}
    stem = whole.name.lower().rsplit(".", 1)[0] or whole.name.lower()
    is_test = stem.startswith("test_") or stem.endswith("_test")
    return bool(folders & _FOLDERS) or whole.suffix.lower() in _SUFFIXES or stem in _STEMS or is_test
