"""The `strata` command: ingest a trace, build the indexes, and ask them something, by hand."""

import sqlite3
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

import strata
from strata.cli_index import index
from strata.cli_model import model
from strata.cli_partial import say_if_partial
from strata.cli_print import events_in_words, minute, one_line, print_hits, print_json, print_node, shown_progress
from strata.code.place import places
from strata.engines import ENGINES, INDEXES
from strata.errors import QueryError, StrataError, TraceError
from strata.route import report
from strata.route.bounds import Bounds
from strata.trace import parse_timestamp

app = typer.Typer(
    help="A layered retrieval stack: an event log, and indexes that catch up with it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Store = Annotated[Path, typer.Argument(metavar="STORE", help="Folder of the store.", show_default=False)]
Servers = Annotated[
    list[str] | None,
    typer.Option(
        "--server",
        metavar="DSN",
        help="A PostgreSQL server for engines that live on one, from now on; may be repeated.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Layer = Annotated[str, typer.Option("--layer", "-l", help=f"The layer to ask: {', '.join(INDEXES)}.")]
Count = Annotated[int, typer.Option("-k", help="How many results at most.")]
Agent = Annotated[str | None, typer.Option(help="Only what this agent said.", show_default=False)]
Since = Annotated[str | None, typer.Option(help="Only from this time on, ISO 8601.", show_default=False)]
Until = Annotated[str | None, typer.Option(help="Only before this time, ISO 8601.", show_default=False)]


def _engine_option(layer: str) -> Any:
    return typer.Option(
        metavar="NAME", help=f"The {layer} engine from now on: {', '.join(ENGINES[layer])}.", show_default=False
    )


@app.command()
def ingest(
    store: Store,
    traces: Annotated[list[Path], typer.Argument(metavar="TRACE...", help="JSON Lines files, plain or gzip.")],
    skip_bad_lines: Annotated[
        bool, typer.Option("--skip-bad-lines", help="Store the good lines of a file that has bad ones; list the bad.")
    ] = False,
    log: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="NAME", help=f"What a new store keeps its log in: {', '.join(ENGINES['store'])}."
        ),
    ] = None,
    servers: Servers = None,
    as_json: AsJson = False,
) -> None:
    """Store the events of traces. A file with a bad line is not stored at all, unless --skip-bad-lines is given."""
    done = {}
    with strata.open(store, store=log, servers=servers) as stack:
        for trace in traces:
            with Console(stderr=True).status(f"ingesting {trace}"):
                result = stack.ingest_trace(trace, skip_bad_lines=skip_bad_lines)
            done[str(trace)] = result
            for message in result.left_out:
                print(f"left out: {message}", file=sys.stderr)
            if not as_json:
                left_out = f", {len(result.left_out):,} left out" if result.left_out else ""
                print(f"{trace}: {events_in_words(result.added)} stored, {result.duplicates:,} already there{left_out}")
    if as_json:
        print_json(done)


@app.command()
def build(
    store: Store,
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", "-l", help=f"Only this layer, may be repeated: {', '.join(INDEXES)}."),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option("--engine", help="LAYER=NAME: build with this engine from now on, may be repeated."),
    ] = None,
    bm25: Annotated[str | None, _engine_option("bm25")] = None,
    embedder: Annotated[str | None, _engine_option("embedder")] = None,
    vector: Annotated[str | None, _engine_option("vector")] = None,
    topics: Annotated[str | None, _engine_option("topics")] = None,
    servers: Servers = None,
    as_json: AsJson = False,
) -> None:
    """Let the indexes catch up with the log. An engine that is named is the store's from then on."""
    named = {"bm25": bm25, "embedder": embedder, "vector": vector, "topics": topics}
    engines = _engines(engine or []) | {layer: name for layer, name in named.items() if name is not None}
    with strata.open(store, create=False, servers=servers, **engines) as stack, shown_progress() as progress:
        tasks = {}

        def report(name: str, position: int, end: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=end)
            progress.update(tasks[name], completed=position)

        taken = stack.build(layer or None, report)
    if as_json:
        print_json(taken)
    else:
        for name, count in taken.items():
            print(f"{name}: {events_in_words(count)} taken in")


@app.command()
def toc(
    store: Store,
    node: Annotated[str | None, typer.Argument(help="Id of the node to open; the years without it.")] = None,
    search: Annotated[str | None, typer.Option(help="Show the nodes that match these words instead.")] = None,
    k: Count = 10,
    as_json: AsJson = False,
) -> None:
    """Browse the table of contents from the years down to the segments, or search it."""
    with strata.open(store, create=False) as stack:
        if search is not None:
            print_hits(stack.search("toc", search, k), as_json)
            return
        stack.ready("toc")
        if node is None:
            roots = stack.toc.roots()
            if as_json:
                print_json(roots)
            for root in () if as_json else roots:
                print_node(root)
            return
        opened = stack.toc.node(node)
        grips = {grip: stack.toc.grip(grip) for bullet in opened.bullets for grip in bullet.grip_ids}
        children = stack.toc.nodes(opened.child_ids)
        events = stack.toc.events_of(node) if opened.level == "segment" else []
        if as_json:
            print_json({"node": opened, "grips": grips, "events": events})
            return
        print_node(opened)
        for bullet in opened.bullets:
            print(f"  * {bullet.text}")
            for grip in bullet.grip_ids:
                print(f"      {grip}  {minute(grips[grip].timestamp)}  events {', '.join(grips[grip].event_ids)}")
        if opened.keywords:
            print(f"  keywords: {', '.join(opened.keywords)}")
        for child in children:
            print_node(child, indent="    ")
        for event_id, event in sorted(stack.store.get(events).items(), key=lambda item: events.index(item[0])):
            print(f"    {event_id}  {minute(event.timestamp)}  {event.agent or event.role}: {one_line(event.text)}")


@app.command()
def search(
    store: Store,
    query: Annotated[str, typer.Argument(help="What to look for.", show_default=False)],
    layer: Layer = "toc",
    k: Count = 10,
    agent: Agent = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Ask one layer."""
    with strata.open(store, create=False) as stack:
        hits = stack.search(layer, query, k, agent=agent, since=_bound(since), until=_bound(until))
        print_hits(hits, as_json, places(stack.store, hits))
    say_if_partial(hits.missing)


@app.command()
def route(
    store: Store,
    query: Annotated[str, typer.Argument(help="What to ask.", show_default=False)],
    k: Count = 10,
    agent: Agent = None,
    now: Annotated[
        str | None,
        typer.Option(help="When it is asked, ISO 8601; by default the time of the newest event.", show_default=False),
    ] = None,
    intent: Annotated[
        str | None, typer.Option(help="Force the intent: explore, answer, locate, time-boxed.", show_default=False)
    ] = None,
    tier: Annotated[
        str | None,
        typer.Option(help="Force the tier: full, hybrid, semantic, keyword, agentic.", show_default=False),
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="Force the mode: parallel, hybrid, sequential.", show_default=False)
    ] = None,
    min_confidence: Annotated[float, typer.Option(help="Leave out hits below it, 0 to 1.")] = 0.0,
    timeout_ms: Annotated[float, typer.Option(help="Look at nothing more after this time.")] = 5000.0,
    time_boxing: Annotated[bool, typer.Option(help="Heed time expressions in the query.")] = True,
    as_json: AsJson = False,
) -> None:
    """Ask every layer that is ready, and say which answered and why."""
    bounds = Bounds(min_confidence=min_confidence, timeout_ms=timeout_ms)
    with strata.open(store, create=False) as stack:
        result = stack.route(
            query,
            k,
            agent=agent,
            now=_bound(now),
            intent=intent,
            tier=tier,
            mode=mode,
            bounds=bounds,
            time_boxing=time_boxing,
        )
        where = places(stack.store, result.hits)
    if as_json:
        print_json(result)
    else:
        print_hits(list(result.hits), as_json, where)
        print()
        for line in report.lines(result.explanation):
            print(line)
    say_if_partial(part for layer in result.explanation.layers for part in layer.missing)


@app.command()
def stats(store: Store, as_json: AsJson = False) -> None:
    """Say what is in the store and how far each index is."""
    with strata.open(store, create=False) as stack:
        found = stack.stats()
    if as_json:
        print_json(found)
        return
    print(f"{events_in_words(found['events'])}, {found['agents']:,} named agents, {found['bytes']:,} bytes in the log")
    print(f"{'layer':<8} {'engine':<12} {'items':>10} {'behind':>10} {'bytes':>14}")
    for name, layer in found["layers"].items():
        engine = found["engines"][name]
        print(f"{name:<8} {engine:<12} {layer['items']:>10,} {layer['behind']:>10,} {layer['bytes']:>14,}")


app.command()(index)
app.command()(model)


def main() -> None:
    """Run the command; what the user can mend is one sentence on stderr and exit code 2."""
    try:
        app()
    except StrataError as error:
        _fail(str(error))
    except UnicodeEncodeError:
        _fail("an argument is not valid text in UTF-8")
    except OSError as error:
        _fail(f"cannot use {error.filename or 'the store'}: {error.strerror or error}")
    except sqlite3.DatabaseError as error:
        _fail(f"the store's database fails ({error}): if it is an index, delete it and run `strata build`")


def _fail(message: str) -> NoReturn:
    print(f"strata: {message}", file=sys.stderr)
    sys.exit(2)


def _engines(assignments: list[str]) -> dict[str, Any]:
    engines = dict(assignment.partition("=")[::2] for assignment in assignments)
    for layer, name in engines.items():
        strata.engines.check(layer, name)
    return engines


def _bound(text: str | None) -> int | None:
    try:
        return None if text is None else parse_timestamp(text)
    except TraceError as error:
        raise QueryError(
            f"{text!r} is not a time: write it as ISO 8601, like 2024-01-31 or 2024-01-31T12:00Z"
        ) from error
