"""``retrospeed bisect GOOD..BAD BENCH``: names the commit that changed a benchmark, or says that none did."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from retrospeed import options
from retrospeed.bisect import verdict, wording
from retrospeed.bisect.progress import ProgressLine
from retrospeed.bisect.request import Request
from retrospeed.bisect.run import run
from retrospeed.bisect.search import MOST_PAIRS
from retrospeed.exit_codes import ExitCode, FailOn
from retrospeed.interruption import terminated_like_interrupted
from retrospeed.report import table

_INTERRUPTED = 130


class Direction(StrEnum):
    """Which changes to look for."""

    WORSE = "worse"
    BETTER = "better"
    ANY = "any"


class FirstGuess(StrEnum):
    """Who is asked before anything is measured."""

    PATHS = "paths"
    """Nobody: commits are suspected by what they touch."""
    ASV = "asv"


def bisect(
    span: Annotated[str, typer.Argument(metavar="GOOD..BAD", help="The commits to search, as git writes a range.")],
    bench: Annotated[
        str, typer.Argument(metavar="BENCH", help="The benchmark, as 'name(parameters)', or an expression for one.")
    ],
    direction: Annotated[
        Direction, typer.Option("--direction", help="Look for a change to the worse, to the better, or any.")
    ] = Direction.ANY,
    first_guess: Annotated[
        FirstGuess, typer.Option("--first-guess", help="Begin with what `asv find` answers, or with the files touched.")
    ] = FirstGuess.PATHS,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an earlier run of this search measured.")] = False,
    smallest: Annotated[
        float | None,
        typer.Option("--smallest", help="Relative change that is too small to look for, 0.01 for 1 %.", min=0.0),
    ] = None,
    most: Annotated[int, typer.Option("--most", help="Measure no more than this many pairs.", min=20)] = MOST_PAIRS,
    fail_on: options.FailOnLevel = FailOn.SEVERE,
    environment: options.Environment = None,
    thresholds_file: options.ThresholdsFile = None,
    json_file: options.JsonFile = None,
    config: options.Config = None,
) -> None:
    """Find the commit of GOOD..BAD that changed BENCH, measuring as little as that takes.

    Exits 0 if none did, or if it became better; 1 if a commit made it severely worse; 2 if there is no answer; 3 for
    less than severe, where --fail-on asks for it; 4 if it changed but no single commit can be named.
    """
    request = Request(
        span,
        bench,
        config,
        environment,
        str(direction),
        first_guess is FirstGuess.ASV,
        fresh,
        smallest,
        thresholds_file,
        most,
    )
    out = table.console()
    with terminated_like_interrupted() as interruption:
        try:
            with ProgressLine(interruption) as line:
                found = run(request, line)
        except KeyboardInterrupt as interrupt:
            out.print(
                "Interrupted. What was measured is kept: the same command goes on from here, --fresh starts anew.",
                soft_wrap=True,
            )
            raise typer.Exit(_INTERRUPTED) from interrupt
    if json_file is not None:
        verdict.write_json(found, fail_on, json_file)
    code = verdict.status(found, fail_on)
    headline, *rest = wording.lines(found)
    out.print(Text(headline, style="bold green" if code is ExitCode.OK else "bold red"), soft_wrap=True)
    for text in rest:
        out.print(Text(text), soft_wrap=True)
    raise typer.Exit(code)
