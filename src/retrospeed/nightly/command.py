"""``retrospeed nightly``: measures the new commits, judges them, and says which commit made what worse, and why."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from retrospeed import options, whole_file
from retrospeed.bisect.progress import ProgressLine
from retrospeed.exit_codes import FailOn
from retrospeed.interruption import Interruption, terminated_like_interrupted
from retrospeed.nightly import report
from retrospeed.nightly.forge import Forge
from retrospeed.nightly.request import Listeners, Request
from retrospeed.nightly.run import run
from retrospeed.report import table

_INTERRUPTED = 130


def nightly(
    machine_name: options.MachineName = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Measure what follows this commit, not what follows the last measured."),
    ] = None,
    bench: Annotated[
        list[str] | None, typer.Option("--bench", "-b", help="Only benchmarks that match; repeatable.")
    ] = None,
    environment: options.Environment = None,
    fail_on: options.FailOnLevel = FailOn.SEVERE,
    thresholds_file: options.ThresholdsFile = None,
    publish: Annotated[bool, typer.Option("--publish/--no-publish", help="Build asv's site.")] = True,
    ratios: Annotated[
        bool, typer.Option("--ratios/--no-ratios", help="Measure each new commit in alternation with the reference.")
    ] = True,
    reference: Annotated[
        str | None, typer.Option("--reference", help="Pin this commit as the reference, from now on.")
    ] = None,
    file_issues: Annotated[
        bool,
        typer.Option("--issues/--no-issues", help="File issues where GITHUB_TOKEN and GITHUB_REPOSITORY are set."),
    ] = True,
    issue_dir: Annotated[
        Path | None, typer.Option("--issue-dir", help="Where the texts of issues go; .asv/retrospeed/nightly/issues.")
    ] = None,
    profile_rounds: Annotated[
        int, typer.Option("--profile-rounds", min=2, help="How often a culprit and its parent are profiled.")
    ] = 5,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", help="Take what this commit costs for granted from now on; repeatable."),
    ] = None,
    json_file: options.JsonFile = None,
    markdown_file: options.MarkdownFile = None,
    config: options.Config = None,
) -> None:
    """Measure every new commit, publish the site, and look into whatever became worse.

    Exits 0 if nothing is known to be severely worse (or nothing was measured before), 1 if something is, found tonight
    or still standing, 2 if the night could not begin, 3 for a warning where --fail-on asks for it, 4 if there is no
    telling.
    """
    request = Request(
        config=config,
        machine=machine_name,
        since=since,
        bench=tuple(bench or ()),
        environment=environment,
        thresholds_file=thresholds_file,
        publish=publish,
        ratios=ratios,
        reference=reference,
        rounds=profile_rounds,
        issue_dir=issue_dir,
        forge=Forge.from_environment() if file_issues else None,
        accept=tuple(accept or ()),
    )
    progress = Console(stderr=True, soft_wrap=True, highlight=False)
    with terminated_like_interrupted() as interruption:
        listeners = Listeners(
            lambda text: progress.print(text, markup=False), ProgressLine(interruption), _Unshown(interruption)
        )
        night = run(request, listeners)
    text = report.markdown(night)
    if markdown_file is not None:
        whole_file.write(markdown_file, text.encode())
    if json_file is not None:
        report.write_json(night, fail_on, json_file)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(text)
    out = table.console()
    if out.is_terminal:
        out.print(Markdown(text))
    else:
        print(text, end="", file=out.file)
    raise typer.Exit(_INTERRUPTED if night.interrupted else night.exit_code(fail_on))


class _Unshown:
    """The gate's progress, of which a log of a whole night needs nothing."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption

    def importing(self) -> None:
        """Nothing."""

    def begin(self, series: int) -> None:
        """Nothing."""

    def measuring(self, name: str, taken: int, asked: int) -> None:
        """Ends the night if it was asked to end."""
        self._interruption.check()

    def done(self) -> None:
        """Nothing."""
