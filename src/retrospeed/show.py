"""``retrospeed show [COMMIT]``: the results of one commit in one table."""

from itertools import groupby
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrospeed import asv_config, benchmarks_file, machine, options, revision
from retrospeed.asv_config import Suite
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ResultsError
from retrospeed.layer_table import METRICS, ROW_PARAMS, Column, LayerTable, Result, arrange
from retrospeed.measurement import Outcome
from retrospeed.pairing import Selection
from retrospeed.report import table
from retrospeed.result_file import CommitResults
from retrospeed.result_store import ResultStore

SCHEMA = 1


class SeriesForm(msgspec.Struct, frozen=True, kw_only=True):
    """One series in the JSON form; `shown` is the value as the table has it."""

    benchmark: str
    params: dict[str, str]
    layer: str
    metric: str
    mode: str
    label: str
    unit: str
    outcome: Outcome
    value: float | None
    shown: str


class ResultsForm(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a commit in one environment, as JSON."""

    schema: int = SCHEMA
    commit: str
    machine: str
    environment: str
    series: list[SeriesForm]


def show(
    commit: Annotated[
        str | None, typer.Argument(metavar="[COMMIT]", help="A measured commit; the newest if not given.")
    ] = None,
    machine_name: options.MachineName = None,
    environment: options.Environment = None,
    bench: options.Bench = None,
    exclude: options.Exclude = None,
    every_metric: Annotated[
        bool, typer.Option("--all", help="Also show metrics that are not in the usual columns.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one document an environment.")] = False,
    config: options.Config = None,
) -> None:
    """Print what was measured at a commit: a row a layer, cold beside warm, tiers one below the other."""
    suite = asv_config.load(config)
    known = benchmarks_file.read(suite.results_dir)
    selection = Selection.of(bench, exclude, environment)
    out = table.console()
    for results in measured(suite, commit, machine_name, selection):
        series = {key: value for key, value in results.series.items() if selection.takes(key)}
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(form(results, series_of(results, known, selection)))))
            continue
        out.print(
            Text(f"{results.commit[:8]} on {results.machine}, {results.environment}", style="bold"), soft_wrap=True
        )
        print_layers(arrange(series, known), out, every_metric=every_metric)


def measured(suite: Suite, commit: str | None, machine_name: str | None, selection: Selection) -> list[CommitResults]:
    """What was measured at `commit` (the newest, if None), one an environment; RetrospeedError if nothing was."""
    store = ResultStore(suite.results_dir)
    name = machine.choose(store, machine_name)
    found = store.load(name, revision.measured(suite, store, name, commit))
    chosen = [results for results in found if selection.environment in (None, results.environment)]
    if not chosen:
        names = ", ".join(results.environment for results in found)
        raise ResultsError(f"There are no results of environment {selection.environment}; there are of {names}.")
    if not any(selection.takes(key) for results in chosen for key in results.series):
        raise ResultsError(f"No benchmark of {chosen[0].commit[:8]} is selected; see --bench and --exclude.")
    return chosen


def series_of(results: CommitResults, known: dict[str, Benchmark], selection: Selection) -> list[Result]:
    """The selected series of a commit, by name."""
    return [
        Result(key, known.get(key.benchmark) or Benchmark(name=key.benchmark), measurement)
        for key, measurement in sorted(results.series.items())
        if selection.takes(key)
    ]


def form(results: CommitResults, series: list[Result]) -> ResultsForm:
    """The results as plain data."""
    return ResultsForm(
        commit=results.commit,
        machine=results.machine,
        environment=results.environment,
        series=[
            SeriesForm(
                benchmark=result.key.benchmark,
                params=result.params,
                layer=result.benchmark.layer,
                metric=result.benchmark.metric,
                mode=result.benchmark.mode,
                label=result.benchmark.label,
                unit=result.benchmark.unit,
                outcome=result.measurement.outcome,
                value=result.measurement.value,
                shown=result.text,
            )
            for result in series
        ],
    )


def print_layers(layers: LayerTable, out: Console, *, every_metric: bool = False) -> None:
    """Print the table of layers, then what has no layer by module, then what is not shown."""
    columns = [column for column in layers.columns if every_metric or column.metric in METRICS]
    if layers.rows:
        out.print(_by_layer(layers, columns))
    if layers.unlabelled:
        out.print(_by_module(layers.unlabelled))
    hidden = sorted({column.heading for column in layers.columns} - {column.heading for column in columns})
    if hidden:
        out.print(Text(f"Also measured, shown with --all: {', '.join(hidden)}."), soft_wrap=True)
    if layers.skipped:
        names = ", ".join(str(result.key) for result in layers.skipped)
        out.print(Text(f"Skipped: {names}."), soft_wrap=True)


def _by_layer(layers: LayerTable, columns: list[Column]) -> Table:
    variants = layers.variant_names
    printed = Table(box=None, pad_edge=False)
    for name in ("layer", *variants):
        printed.add_column(name, no_wrap=True)
    for column in columns:
        printed.add_column(column.heading, justify="right")
    for _, group in groupby(layers.rows, key=lambda row: row.layer):
        for position, row in enumerate(group):
            names = [name for variant, name in zip(ROW_PARAMS, row.variant, strict=True) if variant in variants]
            cells = [Text(row.text(column), justify="right") for column in columns]
            printed.add_row("" if position else row.layer, *names, *cells)
    return printed


def _by_module(results: list[Result]) -> Table:
    printed = Table(box=None, pad_edge=False)
    printed.add_column("module", no_wrap=True)
    printed.add_column("benchmark", overflow="fold")
    printed.add_column("result", justify="right", no_wrap=True)
    for module, group in groupby(results, key=lambda result: result.key.benchmark.partition(".")[0]):
        for position, result in enumerate(group):
            name = str(result.key).removeprefix(f"{module}.")
            printed.add_row("" if position else module, Text(name), result.text)
    return printed
