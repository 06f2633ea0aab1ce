"""How the time to build the table of contents grows with the log, and what reading a node then takes.

    PYTHONPATH=. python studies/toc_growth.py
    PYTHONPATH=. python studies/toc_growth.py --size 1000 --size 100000 --json toc.json

Linear growth is an exponent of 1 in seconds = constant x events ^ exponent, fitted by least squares on logarithms.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from benchmarks.workloads import synthetic
from rich.console import Console
from rich.table import Table

from strata.event import Event, LogEntry
from strata.protocols import TocNode
from strata.toc.sqlite_toc import SqliteToc

SIZES = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000]
READS = 2_000


def main(
    size: Annotated[list[int] | None, typer.Option(help="Events in the log; may be repeated.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Builds a size; the fastest counts.")] = 3,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print build time, nodes and node reads by size, and the exponent of growth."""
    sizes = size or SIZES
    events = [Event(**each) for each in synthetic.first(max(sizes))]
    entries = [LogEntry(position, event) for position, event in enumerate(events, 1)]
    rows = [_measured(entries[:count], repeats) for count in sizes]
    exponent = None
    if len(rows) > 1:
        exponent = float(np.polyfit(*(np.log([row[name] for row in rows]) for name in ("events", "seconds")), 1)[0])
    printed = Table(title="Building the table of contents", title_justify="left")
    for column in ("events", "build", "for 1,000 events", "nodes", "read p50", "read p99"):
        printed.add_column(column, justify="right")
    for row in rows:
        printed.add_row(
            f"{row['events']:,}",
            f"{row['seconds']:.3f} s",
            f"{row['seconds'] / row['events'] * 1e6:.1f} ms",
            f"{row['nodes']:,}",
            f"{row['read_p50'] * 1e6:.1f} µs",
            f"{row['read_p99'] * 1e6:.1f} µs",
        )
    Console().print(printed)
    if exponent is not None:
        Console().print(f"exponent of growth: {exponent:.3f} (1 is linear)")
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode({"sizes": rows, "exponent": exponent})))


def _measured(entries: list[LogEntry], repeats: int) -> dict[str, Any]:
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(repeats):
            toc = SqliteToc(Path(folder) / f"{number}.db")
            start = time.perf_counter()
            toc.extend(entries)
            seconds.append(time.perf_counter() - start)
            if number < repeats - 1:
                toc.close()
        nodes = _nodes(toc)
        walls = []
        for number in range(READS):
            node_id = nodes[number * 7919 % len(nodes)].node_id
            start = time.perf_counter()
            toc.node(node_id)
            walls.append(time.perf_counter() - start)
        toc.close()
    p50, p99 = np.quantile(walls, (0.5, 0.99)).tolist()
    return {
        "events": len(entries),
        "seconds": min(seconds),
        "nodes": len(nodes),
        "read_p50": p50,
        "read_p99": p99,
    }


def _nodes(toc: SqliteToc) -> list[TocNode]:
    level, found = toc.roots(), []
    while level:
        found += level
        level = toc.nodes([child for node in level for child in node.child_ids])
    return found


if __name__ == "__main__":
    sys.exit(typer.run(main))
