"""``retrospeed gate BASE HEAD``: measures two commits now, in alternation, and judges them."""

from pathlib import Path
from typing import Annotated

import typer

from retrospeed import asv_config, options
from retrospeed.errors import RetrospeedError
from retrospeed.exit_codes import FailOn
from retrospeed.gate import builds, instructions, limits, record, report
from retrospeed.gate.progress import Bar
from retrospeed.gate.run import Request, run
from retrospeed.gate.verdict import verdict
from retrospeed.interruption import terminated_like_interrupted
from retrospeed.pairing import Selection
from retrospeed.report import annotations, table

_INTERRUPTED = 130


def gate(
    base: Annotated[str | None, typer.Argument(metavar="BASE", help="The commit to compare with.")] = None,
    head: Annotated[str | None, typer.Argument(metavar="HEAD", help="The commit to judge.")] = None,
    fail_on: options.FailOnLevel = FailOn.SEVERE,
    bench: options.Bench = None,
    exclude: options.Exclude = None,
    environment: options.Environment = None,
    thresholds_file: options.ThresholdsFile = None,
    json_file: options.JsonFile = None,
    markdown_file: options.MarkdownFile = None,
    github: options.GitHub = False,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="Judge again what an earlier run wrote with --json; measure nothing.")
    ] = None,
    count_instructions: Annotated[
        bool, typer.Option("--instructions", help="Also count the instructions of tagged benchmarks, with valgrind.")
    ] = False,
    instruction_layers: Annotated[
        list[str] | None, typer.Option("--instructions-layer", help="Count all benchmarks of this layer; repeatable.")
    ] = None,
    config: options.Config = None,
) -> None:
    """Measure BASE and HEAD now, in alternation, and judge HEAD.

    Exits 0 if nothing is severe, 1 if something is, 2 if there is no verdict, 3 for a warning where --fail-on asks for
    it, 4 if it cannot be told: too noisy, a benchmark that vanished, differing versions, or a self-test that failed.
    """
    if from_file is not None:
        measured = record.read(from_file)
        if thresholds_file is not None:
            measured.thresholds = limits.load(thresholds_file, thresholds_file.parent)
    else:
        if base is None or head is None:
            raise RetrospeedError("Name two commits, BASE and HEAD, or an earlier run with --from.")
        if count_instructions or instruction_layers:
            instructions.require_valgrind()
        suite = asv_config.load(config)
        rules = limits.load(thresholds_file, suite.benchmark_dir)
        try:
            with terminated_like_interrupted() as interruption, Bar(interruption.check) as bar:
                request = Request(
                    base,
                    head,
                    builds.build(suite.config_file, base, head, environment),
                    rules,
                    Selection.of(bench, exclude, None),
                    count_instructions=count_instructions or bool(instruction_layers),
                    instruction_layers=tuple(instruction_layers or ()),
                )
                measured = run(request, bar)
        except KeyboardInterrupt:
            typer.echo("retrospeed: interrupted before anything was measured.", err=True)
            raise typer.Exit(_INTERRUPTED) from None
    if json_file is not None:
        record.write(measured, json_file)
    found = verdict(measured, fail_on)
    if markdown_file is not None:
        try:
            markdown_file.write_text(report.markdown(found), encoding="utf-8")
        except OSError as error:
            raise RetrospeedError(f"{markdown_file} cannot be written: {error.strerror}.") from error
    out = table.console()
    report.show(found, out)
    if annotations.wanted(github):
        for line in report.annotations(found):
            print(line, file=out.file)
    raise typer.Exit(_INTERRUPTED if measured.interrupted else found.exit_code)
