"""``retrospeed show [COMMIT]``: the results of one commit in one table."""

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrospeed import asv_config, benchmarks_file, machine, options, revision, skipped_series, targets, thresholds
from retrospeed.asv_config import Suite
from retrospeed.errors import ResultsError
from retrospeed.layer_table import METRICS, ROW_PARAMS, Column, LayerTable, Result, arrange, results_of
from retrospeed.measurement import Outcome
from retrospeed.pairing import Selection
from retrospeed.report import table
from retrospeed.result_file import CommitResults
from retrospeed.result_store import ResultStore

SCHEMA = 1
_WIDER_THAN_ANY = 10_000


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
    target: float | None
    target_met: bool | None


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
        bool,
        typer.Option(
            "--all", help="Also show metrics that are not in the usual columns, and name all that was skipped."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one document an environment.")] = False,
    config: options.Config = None,
) -> None:
    """Print what was measured at a commit: a row a layer, cold beside warm, tiers one below the other.

    Layers stand in the order in which thresholds.toml names them, others after them by name. A table that is wider than
    the terminal (or than the variable COLUMNS says) is broken into several, each with some of the metrics.
    """
    suite = asv_config.load(config)
    known = benchmarks_file.read(suite.results_dir)
    layers = list(thresholds.load(None, suite.benchmark_dir).rules.layer)
    selection = Selection.of(bench, exclude, environment)
    out = table.console()
    for results in measured(suite, commit, machine_name, selection):
        chosen = results_of({key: value for key, value in results.series.items() if selection.takes(key)}, known)
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(form(results, chosen))))
            continue
        out.print(
            Text(f"{results.commit[:8]} on {results.machine}, {results.environment}", style="bold"), soft_wrap=True
        )
        print_layers(arrange(chosen, layers), out, every_metric=every_metric)
        print_missed(chosen, out)
        print_skipped(chosen, out, by_name=every_metric)


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
                target=targets.target(result.benchmark, result.key),
                target_met=(
                    None
                    if result.measurement.value is None
                    else targets.is_met(result.benchmark, result.key, result.measurement.value)
                ),
            )
            for result in series
        ],
    )


def print_layers(layers: LayerTable, out: Console, *, every_metric: bool = False) -> None:
    """Print the table of layers, then what has no layer by module, then the names of metrics that are not shown."""
    columns = [column for column in layers.columns if every_metric or column.metric in METRICS]
    if layers.rows:
        for number, part in enumerate(_that_fit(layers, columns, out)):
            if number:
                out.print()
            out.print(_by_layer(layers, part), soft_wrap=True)
    if layers.unlabelled:
        out.print(_by_module(layers.unlabelled))
    hidden = sorted({column.heading.replace("\n", " ") for column in layers.columns if column not in columns})
    if hidden:
        out.print(Text(f"Also measured, shown with --all: {', '.join(hidden)}."), soft_wrap=True)


def print_missed(results: Sequence[Result], out: Console) -> None:
    """Print what misses the target that the suite has set for it."""
    lines = targets.missed(results)
    if lines:
        out.print(Text("Targets missed:", style="bold"))
    for line in lines:
        out.print(Text(f"  {line}"), soft_wrap=True)


def print_skipped(results: Sequence[Result], out: Console, *, by_name: bool = False) -> None:
    """Print what was skipped: by tier and layer, or every series by its name."""
    if by_name:
        names = [str(result.key) for result in results if result.measurement.outcome is Outcome.SKIPPED]
        said = f"Skipped: {', '.join(names)}." if names else ""
    else:
        said = skipped_series.in_words(results)
    if said:
        out.print(Text(said), soft_wrap=True)


def _that_fit(layers: LayerTable, columns: list[Column], out: Console) -> list[list[Column]]:
    """The columns in as few groups as fit the console's width; cold and warm of a metric stay together."""
    parts: list[list[Column]] = []
    for _, group in groupby(columns, key=lambda column: column.metric):
        metric = list(group)
        if parts and _width(_by_layer(layers, [*parts[-1], *metric]), out) <= out.width:
            parts[-1] += metric
        else:
            parts.append(metric)
    return parts


def _width(printed: Table, out: Console) -> int:
    """Characters that a table needs to be shown whole."""
    return out.measure(printed, options=out.options.update(max_width=_WIDER_THAN_ANY)).maximum


def _by_layer(layers: LayerTable, columns: list[Column]) -> Table:
    variants = layers.variant_names
    printed = Table(box=None, pad_edge=False)
    for name in ("layer", *variants):
        printed.add_column(name, no_wrap=True)
    for column in columns:
        printed.add_column(column.heading, justify="right", no_wrap=True)
    rows = [row for row in layers.rows if any(column in row.cells for column in columns)]
    for _, group in groupby(rows, key=lambda row: row.layer):
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
