"""``retrospeed watch``: what changed in the history of a suite, at which commit, and what to do about it."""

from pathlib import Path
from typing import Annotated

import typer

from retrospeed import asv_config, benchmarks_file, machine, options, thresholds
from retrospeed.asv_config import Suite
from retrospeed.exit_codes import FailOn
from retrospeed.gate.progress import Bar
from retrospeed.interruption import terminated_like_interrupted
from retrospeed.pairing import Selection
from retrospeed.report import table
from retrospeed.result_store import ResultStore
from retrospeed.watch import archive, commit_order, json_form, measure, page, ratio_file, site, terminal
from retrospeed.watch.analysis import Analysis, Rule, analyse
from retrospeed.watch.trend import LAST


def watch(
    machine_name: options.MachineName = None,
    since: Annotated[str | None, typer.Option("--since", help="Tell only what changed after this commit.")] = None,
    fail_on: options.FailOnLevel = FailOn.SEVERE,
    environment: options.Environment = None,
    bench: options.Bench = None,
    exclude: options.Exclude = None,
    rule: Annotated[
        Rule,
        typer.Option(
            "--rule", help="How changes are found: calibrated steps and drifts, or 20 % over the mean of the last five."
        ),
    ] = Rule.STEPS,
    last: Annotated[int, typer.Option("--last", min=3, help="Points that a trend is taken over.")] = LAST,
    every: Annotated[bool, typer.Option("--all", help="Print every series and every change.")] = False,
    thresholds_file: options.ThresholdsFile = None,
    json_file: options.JsonFile = None,
    html_file: Annotated[
        Path | None,
        typer.Option("--html", help="Also write a page of charts to this file; inside asv's site, link it."),
    ] = None,
    into_site: Annotated[
        bool,
        typer.Option("--site", help="Only put a page of charts of every machine into asv's published site, linked."),
    ] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Measure every open alert again, now, before it is told.")
    ] = False,
    config: options.Config = None,
) -> None:
    """Find the steps and drifts in the stored results of one machine, and say which commit brought them.

    Exits 0 if no severe regression is open, 1 if one is, 2 if there is no verdict, 3 for a warning where --fail-on
    asks for it, 4 if there are too few points to tell.
    """
    suite = asv_config.load(config)

    def analysed(name: str | None) -> Analysis:
        return watched(
            suite,
            machine_name=name,
            since=since,
            selection=Selection.of(bench, exclude, environment),
            rule=rule,
            last=last,
            thresholds_file=thresholds_file,
        )

    if into_site:
        names = [machine_name] if machine_name else ResultStore(suite.results_dir).machines()
        # Without any machine the analysis says what is missing.
        for path in site.install(suite, [analysed(name) for name in names] or [analysed(None)]):
            typer.echo(f"{path} is linked from asv's front page.")
        return
    analysis = analysed(machine_name)
    not_confirmed = []
    if confirm:
        with terminated_like_interrupted() as interruption, Bar(interruption.check) as bar:
            not_confirmed = measure.confirm(analysis, suite, bar, environment, thresholds_file)
    code = analysis.exit_code(fail_on)
    if json_file is not None:
        json_form.write(analysis, int(code), json_file)
    if html_file is not None:
        page.write(analysis, html_file)
        site.link_if_inside(html_file, suite, analysis.archive.machine)
    terminal.show(analysis, table.console(), every=every)
    for sentence in not_confirmed:
        typer.echo(f"retrospeed: {sentence}", err=True)
    raise typer.Exit(code)


def watched(
    suite: Suite,
    *,
    machine_name: str | None = None,
    since: str | None = None,
    selection: Selection | None = None,
    rule: Rule = Rule.STEPS,
    last: int = LAST,
    thresholds_file: Path | None = None,
) -> Analysis:
    """The analysis of the stored results of one machine; raises RetrospeedError if there can be none."""
    name = machine.choose(ResultStore(suite.results_dir), machine_name)
    found = archive.read(suite, name, selection)
    rules = thresholds.load(thresholds_file, suite.benchmark_dir)
    ratios, unreadable = ratio_file.load(suite.results_dir, name, found.order, benchmarks_file.read(suite.results_dir))
    found.unreadable += unreadable
    start = commit_order.since(suite.repository, found.order, since)
    return analyse(found, rules, since=start, rule=rule, last=last, ratios=ratios)
