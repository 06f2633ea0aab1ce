"""Durable ingest beside a bare `executemany` of the same rows into one SQLite table, alternating, in one process.

    PYTHONPATH=. python studies/ingest_ratio.py
    PYTHONPATH=. python studies/ingest_ratio.py --size 1000 --size 100000 --json ingest.json

The target is a ratio of at most 2: at least half as fast.
"""

import gc
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

from benchmarks import bare_sqlite
from strata.event import Event
from strata.sqlite_store import SqliteStore

TARGET = 2.0
SIZES = [1_000, 10_000, 100_000]


def main(
    size: Annotated[list[int] | None, typer.Option(help="Events to append; may be repeated.")] = None,
    pairs: Annotated[int, typer.Option(min=2, help="Pairs of measurements a size.")] = 15,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print seconds of both, and the median ratio with its quartiles."""
    sizes = size or SIZES
    events = synthetic.first(max(sizes))
    figures = [_measured(events[:count], pairs) for count in sizes]
    printed = Table(
        title=f"Durable append, {pairs} pairs; the target is a ratio of at most {TARGET:g}", title_justify="left"
    )
    for column in ("events", "strata", "bare executemany", "ratio", "quartiles"):
        printed.add_column(column, justify="right")
    for row in figures:
        printed.add_row(
            f"{row['events']:,}",
            f"{row['events'] / row['strata_seconds']:,.0f} events/s",
            f"{row['events'] / row['bare_seconds']:,.0f} events/s",
            f"{row['ratio']:.2f}",
            f"{row['quartiles'][0]:.2f} to {row['quartiles'][1]:.2f}",
        )
    Console().print(printed)
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


def _measured(fields: list[dict[str, Any]], pairs: int) -> dict[str, Any]:
    new, rows = [Event(**each) for each in fields], bare_sqlite.rows(fields)
    ours, bare = [], []
    for pair in range(pairs):
        with tempfile.TemporaryDirectory() as ours_folder, tempfile.TemporaryDirectory() as bare_folder:
            store, table = SqliteStore(Path(ours_folder) / "events.db"), bare_sqlite.table(Path(bare_folder))
            turns: list[tuple[list[float], Callable[[], Any]]] = [
                (ours, lambda store=store: store.append(new)),
                (bare, lambda table=table: bare_sqlite.fill(table, rows)),
            ]
            # Whoever goes first may pay for the other's disk writes, so they take turns.
            for times, append in turns if pair % 2 else reversed(turns):
                times.append(_seconds(append))
            store.close()
            table.close()
    ratios = np.array(ours) / np.array(bare)
    return {
        "events": len(fields),
        "strata_seconds": float(np.median(ours)),
        "bare_seconds": float(np.median(bare)),
        "ratio": float(np.median(ratios)),
        "quartiles": np.quantile(ratios, (0.25, 0.75)).tolist(),
    }


def _seconds(call: Callable[[], Any]) -> float:
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(typer.run(main))
