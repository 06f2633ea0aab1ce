"""``retrospeed baseline write | show | check``: results kept as a committed file, and newer ones judged by it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrospeed import asv_config, baseline_file, benchmarks_file, machine, options, revision, thresholds
from retrospeed.asv_config import Suite
from retrospeed.baseline_file import Baseline
from retrospeed.errors import BaselineError
from retrospeed.exit_codes import FailOn
from retrospeed.judge import judge
from retrospeed.judgement import Judgement, Side
from retrospeed.measurement import Outcome
from retrospeed.pairing import Selection, pair
from retrospeed.report import table
from retrospeed.report.publish import Forms, publish
from retrospeed.result_file import CommitResults
from retrospeed.result_store import ResultStore
from retrospeed.units import value_in_words

app = typer.Typer(
    name="baseline", help="Keep results as a committed file, and judge newer ones by it.", no_args_is_help=True
)

File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="The baseline; baseline.json in the benchmarks' folder if not given."),
]
Commit = Annotated[
    str | None, typer.Argument(metavar="[COMMIT]", help="A measured commit; the newest on this machine if not given.")
]


@app.command("write")
def write_command(
    commit: Commit = None,
    file: File = None,
    machine_name: options.MachineName = None,
    environment: options.Environment = None,
    bench: options.Bench = None,
    exclude: options.Exclude = None,
    thresholds_file: options.ThresholdsFile = None,
    config: options.Config = None,
) -> None:
    """Write the results of a commit, the thresholds and the facts of the machine into one file."""
    suite = asv_config.load(config)
    rules = thresholds.load(thresholds_file, suite.benchmark_dir).rules
    selection = Selection.of(bench, exclude, environment)
    baseline = of_commit(suite, commit, rules, machine_name=machine_name, selection=selection)
    path = file or suite.benchmark_dir / baseline_file.FILE_NAME
    baseline_file.write(baseline, path)
    typer.echo(f"Wrote {len(baseline.metrics)} metrics of {baseline.commit[:8]} on {baseline.machine_name} to {path}.")


@app.command("show")
def show_command(
    file: File = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file itself.")] = False,
    config: options.Config = None,
) -> None:
    """Print the baseline as a table."""
    path = file or asv_config.load(config).benchmark_dir / baseline_file.FILE_NAME
    baseline = baseline_file.read(path)
    if as_json:
        typer.echo(path.read_text(encoding="utf-8"), nl=False)
        return
    out = table.console()
    columns = Table(box=None, pad_edge=False)
    for name in ("layer", "metric", "tier", "mode", "benchmark"):
        columns.add_column(name, overflow="fold")
    columns.add_column("value", justify="right", no_wrap=True)
    for metric in baseline.metrics:
        value = str(metric.outcome) if metric.value is None else value_in_words(metric.value, metric.unit)
        columns.add_row(metric.layer, metric.metric, metric.tier, metric.mode, Text(str(metric.key)), value)
    out.print(columns)
    written = f"commit {baseline.commit[:8]} on {baseline.machine_name}, {baseline.environment}, {baseline.created_at}"
    out.print(Text(f"{len(baseline.metrics)} metrics of {written}"), soft_wrap=True)


@app.command("check")
def check_command(
    commit: Commit = None,
    file: File = None,
    fail_on: options.FailOnLevel = FailOn.SEVERE,
    machine_name: options.MachineName = None,
    bench: options.Bench = None,
    exclude: options.Exclude = None,
    thresholds_file: options.ThresholdsFile = None,
    json_file: options.JsonFile = None,
    markdown_file: options.MarkdownFile = None,
    github: options.GitHub = False,
    config: options.Config = None,
) -> None:
    """Judge the results of a commit by the baseline, with the thresholds it was written with.

    Exits as `compare` does. A baseline of another machine is no measure for this one: that is exit 2.
    """
    suite = asv_config.load(config)
    path = file or suite.benchmark_dir / baseline_file.FILE_NAME
    selection = Selection.of(bench, exclude, None)
    judgement = checked(
        suite,
        path,
        commit,
        fail_on=fail_on,
        machine_name=machine_name,
        selection=selection,
        thresholds_file=thresholds_file,
    )
    publish(judgement, Forms(json_file, markdown_file, github), table.console())
    raise typer.Exit(judgement.exit_code)


def of_commit(
    suite: Suite,
    commit: str | None,
    rules: thresholds.Thresholds,
    *,
    machine_name: str | None = None,
    selection: Selection | None = None,
) -> Baseline:
    """The baseline that the results of `commit` (the newest, if None) make.

    Raises BaselineError if they come from several environments and none is chosen, or hold no value.
    """
    selection = selection or Selection()
    store = ResultStore(suite.results_dir)
    name = machine.choose(store, machine_name)
    found = store.load(name, revision.measured(suite, store, name, commit))
    results = _one_environment(found, selection.environment)
    known = benchmarks_file.read(suite.results_dir)
    metrics = []
    for key, measurement in sorted(results.series.items()):
        if selection.takes(key):
            benchmark = known.get(key.benchmark) or benchmarks_file.Benchmark(name=key.benchmark)
            version = results.versions.get(key.benchmark)
            metrics.append(baseline_file.metric_of(benchmark, key, measurement, version))
    if not any(metric.outcome is Outcome.MEASURED for metric in metrics):
        raise BaselineError(f"There is nothing to write: {results.path} holds no value that is selected.")
    return Baseline(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=results.commit,
        commit_date=datetime.fromtimestamp(results.date / 1000, UTC).isoformat(timespec="seconds"),
        machine={"machine": name} | machine.facts(store, name),
        environment=results.environment,
        python=results.python,
        requirements=results.requirements,
        packages=_frozen_packages(results),
        thresholds=rules,
        metrics=metrics,
    )


def checked(
    suite: Suite,
    path: Path,
    commit: str | None,
    *,
    fail_on: FailOn = FailOn.SEVERE,
    machine_name: str | None = None,
    selection: Selection | None = None,
    thresholds_file: Path | None = None,
) -> Judgement:
    """The judgement on `commit` (the newest, if None) by the baseline at `path`.

    Raises RetrospeedError if there can be none, above all if the results come from another machine.
    """
    baseline = baseline_file.read(path)
    store = ResultStore(suite.results_dir)
    # The baseline's own machine wins over this host's name: a repository may hold results of both.
    known = baseline.machine_name if baseline.machine_name in store.machines() else None
    name = machine.choose(store, machine_name or known)
    if name != baseline.machine_name:
        raise BaselineError(
            f"{path} was written on machine {baseline.machine_name} and cannot judge results of {name}; "
            "write a baseline on that machine, or choose another with --machine."
        )
    results = store.load(name, revision.measured(suite, store, name, commit))
    rules = thresholds.ThresholdsInUse(path.name, baseline.thresholds)
    if thresholds_file is not None:
        rules = thresholds.load(thresholds_file, suite.benchmark_dir)
    benchmarks = baseline.benchmarks() | benchmarks_file.read(suite.results_dir)
    pairing = pair([baseline.results(path)], results, selection or Selection())
    return Judgement(
        base=Side(path.name, baseline.commit),
        head=Side(commit or "newest", results[0].commit),
        machine=name,
        thresholds=rules,
        fail_on=fail_on,
        verdict=judge(pairing, benchmarks, rules.rules),
    )


def _one_environment(results: list[CommitResults], wanted: str | None) -> CommitResults:
    names = ", ".join(r.environment for r in results)
    chosen = [r for r in results if wanted in (None, r.environment)]
    if not chosen:
        raise BaselineError(f"There are no results of environment {wanted}; there are of {names}.")
    if len(chosen) > 1:
        raise BaselineError(
            f"{results[0].commit[:8]} was measured in several environments, choose one with --env: {names}."
        )
    return chosen[0]


def _frozen_packages(results: CommitResults) -> list[str]:
    """The lines of ``<environment>.freeze.txt`` beside the results, which the ``layered`` environments leave there."""
    path = results.path.parent / f"{results.environment}.freeze.txt"
    if not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
