"""The event logs side by side: durable appends large and small, reading, and looking events up.

    PYTHONPATH=. python studies/stores.py
    PYTHONPATH=. python studies/stores.py --size 100000 --json stores.json

All engines take turns at every step, in one process, so that whatever else the machine does meets all of them.
PostgreSQL is the first of STRATA_SERVERS, or a server that is started for the study on this machine's socket.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from benchmarks.workloads import synthetic
from rich.console import Console
from rich.table import Table

from strata.engines import DEFAULTS, ENGINES, load
from strata.errors import MissingLibraryError, StoreError
from strata.event import Event
from strata.protocols import EventStore
from studies import postgres_server

SINGLE = 50
"""Appends of one event, and look-ups of ten, a round."""


def main(
    size: Annotated[int, typer.Option(min=1000, help="Events in the log.")] = 10_000,
    rounds: Annotated[int, typer.Option(min=2, help="Logs that each engine makes.")] = 7,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print each engine's medians, and their ratios to the default's."""
    events = [Event(**each) for each in synthetic.first(size + SINGLE)]
    times: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder, postgres_server.provided():
        engines = _engines()
        for turn in range(rounds):
            order = list(engines) if turn % 2 else list(reversed(engines))
            stores: dict[str, EventStore] = {name: engines[name](Path(folder) / f"{name}-{turn}") for name in order}
            for step, work in _steps(events, size).items():
                for name in order:
                    begun = time.perf_counter()
                    done = work(stores[name])
                    taken = (time.perf_counter() - begun) / done
                    times.setdefault(name, {}).setdefault(step, []).append(taken)
            for name, store in stores.items():
                times[name].setdefault("disk, MB", []).append(store.size_bytes() / 1e6)
                store.close()
    figures = {name: {step: float(np.median(times[name][step])) for step in times[name]} for name in engines}
    _print(size, rounds, figures)
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode({"size": size, "engines": figures})))


def _steps(events: list[Event], size: int) -> dict[str, Callable[[EventStore], int]]:
    """What is timed, and how many times it was done."""
    chance = np.random.default_rng(7)
    wanted = [[events[row].event_id for row in chance.integers(0, size, 10)] for _ in range(SINGLE)]

    def append(store: EventStore) -> int:
        return store.append(events[:size]).added // 1000

    def append_again(store: EventStore) -> int:
        return store.append(events[:size]).duplicates // 1000

    def append_one(store: EventStore) -> int:
        return sum(store.append([event]).added for event in events[size:])

    def read(store: EventStore) -> int:
        return sum(1 for _ in store.read()) // 1000

    def get(store: EventStore) -> int:
        return sum(len(store.get(ids)) > 0 for ids in wanted)

    return {
        "append, ms per 1,000": append,
        "the same again, ms per 1,000": append_again,
        "append one, ms": append_one,
        "read, ms per 1,000": read,
        "get ten, ms": get,
    }


def _engines() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ENGINES["store"]:
        try:
            engine = load("store", name)
            if hasattr(engine, "check"):
                engine.check(())
            found[name] = engine
        except (MissingLibraryError, StoreError) as error:
            Console(stderr=True).print(f"left out: {error}")
    return found


def _print(size: int, rounds: int, figures: dict[str, dict[str, float]]) -> None:
    default = figures[DEFAULTS["store"]]
    table = Table(
        title=f"{size:,} events, medians of {rounds} logs; in brackets the ratio to {DEFAULTS['store']}",
        title_justify="left",
    )
    for column in ("engine", *default):
        table.add_column(column, justify="right")
    for name, row in figures.items():
        table.add_row(
            name,
            *(f"{row[step] * (1 if 'MB' in step else 1000):.3g} ({row[step] / default[step]:.2f})" for step in default),
        )
    Console(width=200).print(table)


if __name__ == "__main__":
    sys.exit(typer.run(main))
