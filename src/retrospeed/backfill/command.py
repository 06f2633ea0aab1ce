"""``retrospeed backfill RANGE``: measures the commits of a range on the workers of a Dask cluster."""

from typing import Annotated

import typer

from retrospeed import options
from retrospeed.backfill import report
from retrospeed.backfill.progress import Bar
from retrospeed.backfill.request import Request
from retrospeed.backfill.run import Backfill
from retrospeed.interruption import terminated_like_interrupted
from retrospeed.report import table

_INTERRUPTED = 130


def backfill(
    span: Annotated[
        str, typer.Argument(metavar="RANGE", help="The commits, as git writes a range; A^! is one commit.")
    ],
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="The Dask scheduler; a cluster of one worker here if not given."
        ),
    ] = None,
    bench: options.Bench = None,
    every_machine: Annotated[
        bool, typer.Option("--every-machine", help="Measure each commit on each machine, not on any one of them.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Measure also what is measured already.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only print what would be measured.")] = False,
    environment: options.Environment = None,
    json_file: options.JsonFile = None,
    config: options.Config = None,
) -> None:
    """Measure the commits of RANGE that are not measured yet, one at a time a machine, and merge the results.

    Exits 0 if all are measured, 2 if it could not do its work, 4 if something is missing.
    """
    request = Request(span, scheduler, bench, environment, every_machine, again, config)
    job = Backfill(request)
    with terminated_like_interrupted() as interruption:
        try:
            if dry_run:
                job.plan()
            else:
                with Bar(interruption) as bar:
                    job.run(bar)
        except KeyboardInterrupt:
            job.record.interrupted = True
    if json_file is not None:
        report.write_json(job.record, job.commits, json_file)
    report.show(job.record, job.commits, table.console())
    raise typer.Exit(_INTERRUPTED if job.record.interrupted else job.record.exit_code)
