"""The engines of a layer side by side: build, catch-up, search, memory, and how much of the exact answer they find.

    PYTHONPATH=. python studies/engines.py bm25 --size 10000
    PYTHONPATH=. python studies/engines.py vector --size 100000 --json vector.json

Each engine lives in a process of its own, so that memory is its own; the processes take turns at every block of
queries, so that whatever else the machine does meets all of them. The events are the synthetic workload's, in its
sessions; the vectors are drawn around 500 centres. Engines on PostgreSQL use the servers of STRATA_SERVERS, or one that
is started for them; memory is that of the process that asks, not the server's.
"""

import gc
import multiprocessing
import resource
import sys
import tempfile
import time
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from benchmarks.workloads import synthetic
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from strata.engines import ENGINES, load
from strata.errors import MissingLibraryError, StrataError
from strata.event import Event, LogEntry
from strata.hit import Scope
from studies import postgres_server

DIMENSIONS = 384
CENTRES = 500
LATE = 100
BLOCK = 10
K = 10


class Layer(StrEnum):
    bm25 = "bm25"
    vector = "vector"


class Given:
    """An embedder that embeds nothing: the vectors are given."""

    space = "study/1"
    dimensions = DIMENSIONS


def main(
    layer: Annotated[Layer, typer.Argument(help="The layer whose engines are compared.")],
    size: Annotated[int, typer.Option(min=1000, help="Events in the index.")] = 10_000,
    queries: Annotated[int, typer.Option(min=BLOCK, help="Queries.")] = 100,
    rounds: Annotated[int, typer.Option(min=1, help="Times that every query is asked.")] = 3,
    engine: Annotated[list[str] | None, typer.Option(help="Only this engine and the default; may be repeated.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print each engine's figures, and its ratios to the default's."""
    names = [name for name in ENGINES[layer] if not engine or name in engine or name == next(iter(ENGINES[layer]))]
    context = multiprocessing.get_context("spawn")
    workers: dict[str, Connection] = {}
    with tempfile.TemporaryDirectory() as folder, postgres_server.provided():
        figures: dict[str, dict[str, Any]] = {}
        for name in names:
            ours, theirs = context.Pipe()
            context.Process(
                target=serve, args=(theirs, layer.value, name, Path(folder) / name, size, queries), daemon=True
            ).start()
            # One builds at a time; then all stay, and are asked in turns.
            if isinstance(built := ours.recv(), str):
                Console(stderr=True).print(f"left out: {built}")
                continue
            workers[name], figures[name] = ours, built
        times: dict[str, list[float]] = {name: [] for name in workers}
        found: dict[str, list[list[str]]] = {}
        for turn in range(rounds):
            for start in range(0, queries, BLOCK):
                order = list(workers)
                for name in order if turn % 2 else reversed(order):
                    workers[name].send((start, min(start + BLOCK, queries)))
                    taken, ids = workers[name].recv()
                    times[name] += taken
                    if turn == 0:
                        found.setdefault(name, []).extend(ids)
        for name, worker in workers.items():
            worker.send(None)
            figures[name] |= worker.recv()
    reference = found[names[0]]
    for name, row in figures.items():
        row["p50_ms"], row["p99_ms"] = (float(np.quantile(times[name], at) * 1000) for at in (0.5, 0.99))
        row["agreement"] = float(np.mean([_share(a, b) for a, b in zip(found[name], reference, strict=True)]))
    _print(layer, size, names[0], figures)
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode({"size": size, "engines": figures})))


def serve(pipe: Connection, layer: str, name: str, folder: Path, size: int, queries: int) -> None:
    """A worker: build, say what it cost, then answer whatever part of the queries is asked for."""
    try:
        engine = load(layer, name)
    except MissingLibraryError as error:
        pipe.send(str(error))
        return
    entries, vectors, asked = _inputs(layer, size, queries)
    try:
        index = engine(folder) if layer == "bm25" else engine(folder, Given())
    except StrataError as error:
        pipe.send(f"{name}: {error}")
        return

    def extend(start: int, end: int) -> float:
        begun = time.perf_counter()
        if layer == "bm25":
            index.extend(entries[start:end])
        else:
            index.extend_vectors(entries[start:end], vectors[start:end])
        return time.perf_counter() - begun

    gc.collect()
    before = _resident()
    build = extend(0, size - LATE)
    late = extend(size - LATE, size)
    index.close()
    del index
    gc.collect()
    opened = time.perf_counter()
    index = engine(folder) if layer == "bm25" else engine(folder, Given())
    index.search(asked[0], K)
    first = time.perf_counter() - opened
    pipe.send(
        {
            "build_s": build,
            "catch_up_ms": late * 1000,
            "open_and_first_search_ms": first * 1000,
            "disk_mb": index.size_bytes() / 1e6,
            "built_mb": (_peak() - before) / 1e6,
        }
    )
    while (part := pipe.recv()) is not None:
        taken, ids = [], []
        for query in asked[part[0] : part[1]]:
            begun = time.perf_counter()
            hits = index.search(query, K)
            taken.append(time.perf_counter() - begun)
            ids.append([hit.doc_id for hit in hits])
        pipe.send((taken, ids))
    begun = time.perf_counter()
    for query in asked[:BLOCK]:
        index.search(query, K, Scope(agent=entries[0].event.agent))
    pipe.send({"filtered_ms": (time.perf_counter() - begun) / BLOCK * 1000})


def _inputs(layer: str, size: int, queries: int) -> tuple[list[LogEntry], NDArray[np.float32], list[Any]]:
    fields = synthetic.first(size)
    entries = [LogEntry(position, Event(**each)) for position, each in enumerate(fields, 1)]
    chance = np.random.default_rng(7)
    if layer == "bm25":
        texts = [entries[row].event.text.split() for row in chance.choice(size, queries, replace=False)]
        return entries, np.empty(0, np.float32), [" ".join(chance.permutation(text)[:5]) for text in texts]
    centres = chance.standard_normal((CENTRES, DIMENSIONS), np.float32)
    drawn = chance.standard_normal((size + queries, DIMENSIONS), np.float32)
    drawn += centres[chance.integers(0, CENTRES, len(drawn))]
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return entries, drawn[:size], list(drawn[size:])


def _share(found: list[str], reference: list[str]) -> float:
    return len(set(found) & set(reference)) / len(reference) if reference else float(not found)


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _print(layer: Layer, size: int, default: str, figures: dict[str, dict[str, Any]]) -> None:
    columns = list(next(iter(figures.values())))
    table = Table(
        title=f"{layer}, {size:,} events; in brackets the ratio to {default}; agreement: share of its ten best",
        title_justify="left",
    )
    for column in ("engine", *columns):
        table.add_column(column, justify="right")
    for name, row in figures.items():
        cells = [f"{row[column]:.3g} ({row[column] / figures[default][column]:.2f})" for column in columns]
        table.add_row(name, *cells)
    Console(width=200).print(table)


if __name__ == "__main__":
    sys.exit(typer.run(main))
