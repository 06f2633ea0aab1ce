"""What the command line says of an answer from which a part of an index is missing."""

import sys
from collections.abc import Iterable

import typer

from strata.hit import Missing
from strata.route import report

PARTIAL = 3
"""Exit code of such an answer: neither whole nor failed."""


def say_if_partial(missing: Iterable[Missing]) -> None:
    """Name the parts on stderr, each once, and end with exit code 3; nothing if none is missing."""
    if parts := list({part.partition: part for part in missing}.values()):
        for line in report.missing_parts(parts):
            print(f"strata: partial answer: {line}", file=sys.stderr)
        raise typer.Exit(PARTIAL)
