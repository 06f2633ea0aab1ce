"""``retrospeed compare BASE HEAD``: asv's own table for people, and our verdict from the same result files."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from retrospeed import asv_config, benchmarks_file, machine, options, revision, thresholds
from retrospeed.asv_config import Suite
from retrospeed.exit_codes import ExitCode, FailOn
from retrospeed.judge import judge
from retrospeed.judgement import Judgement, Side
from retrospeed.pairing import Selection, pair
from retrospeed.report import table
from retrospeed.report.publish import Forms, publish
from retrospeed.result_store import ResultStore

PREVIOUS = "previous"
"""In place of BASE: the nearest ancestor of HEAD that was measured on the machine."""


def compare(
    base: Annotated[
        str,
        typer.Argument(metavar="BASE", help=f"The commit to compare with; `{PREVIOUS}`: the last one measured here."),
    ],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The commit to judge.")],
    fail_on: options.FailOnLevel = FailOn.SEVERE,
    machine_name: options.MachineName = None,
    environment: options.Environment = None,
    bench: options.Bench = None,
    exclude: options.Exclude = None,
    thresholds_file: options.ThresholdsFile = None,
    asv_table: Annotated[bool, typer.Option("--asv-table/--no-asv-table", help="Print asv's own table first.")] = True,
    json_file: options.JsonFile = None,
    markdown_file: options.MarkdownFile = None,
    github: options.GitHub = False,
    config: options.Config = None,
) -> None:
    """Judge what was measured at HEAD by what was measured at BASE.

    Exits 0 if nothing is severe, 1 if something is, 2 if there is no verdict, 3 for a warning where --fail-on asks
    for it, 4 if it cannot be told: too few samples, a benchmark that vanished, differing versions.
    """
    suite = asv_config.load(config)
    if base == PREVIOUS:
        store = ResultStore(suite.results_dir)
        name = machine.choose(store, machine_name)
        before = revision.previous(suite, store, name, head)
        if before is None:
            print(f"Nothing before {head} was measured on {name}: there is nothing to compare with yet.")
            raise typer.Exit(0 if fail_on is FailOn.NEVER else ExitCode.INCONCLUSIVE)
        base = before
    judgement = judged(
        suite,
        base,
        head,
        fail_on=fail_on,
        machine_name=machine_name,
        selection=Selection.of(bench, exclude, environment),
        thresholds_file=thresholds_file,
    )
    out = table.console()
    if asv_table:
        print_asv_table(suite, judgement, environment, out)
    publish(judgement, Forms(json_file, markdown_file, github), out)
    raise typer.Exit(judgement.exit_code)


def judged(
    suite: Suite,
    base: str,
    head: str,
    *,
    fail_on: FailOn = FailOn.SEVERE,
    machine_name: str | None = None,
    selection: Selection | None = None,
    thresholds_file: Path | None = None,
) -> Judgement:
    """The judgement on HEAD against BASE from the stored results; raises RetrospeedError if there can be none."""
    store = ResultStore(suite.results_dir)
    name = machine.choose(store, machine_name)
    sides = [Side(given, revision.measured(suite, store, name, given)) for given in (base, head)]
    before, after = (store.load(name, side.commit) for side in sides)
    rules = thresholds.load(thresholds_file, suite.benchmark_dir)
    pairing = pair(before, after, selection or Selection())
    verdict = judge(pairing, benchmarks_file.read(suite.results_dir), rules.rules)
    full = [Side(side.name, results[0].commit) for side, results in zip(sides, (before, after), strict=True)]
    return Judgement(base=full[0], head=full[1], machine=name, thresholds=rules, fail_on=fail_on, verdict=verdict)


def print_asv_table(suite: Suite, judgement: Judgement, environment: str | None, out: Console) -> None:
    """Print what ``asv compare`` prints at the factor of the general warning threshold; it decides nothing."""
    factor = 1 + (judgement.thresholds.rules.default.warning.relative or 0.0)
    command = [sys.executable, "-m", "asv", "--config", str(suite.config_file), "compare"]
    command += [judgement.base.commit, judgement.head.commit, "--factor", str(factor), "--machine", judgement.machine]
    command += [] if environment is None else ["--environment", environment]
    done = subprocess.run(command, cwd=suite.root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        print(done.stdout.strip("\n"), end="\n\n", file=out.file)
    else:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        print(f"asv compare could not print its table: {reason}", file=sys.stderr)
