"""How far apart two equal processes are in the numbers that they tell, by the blocks of calls that each has measured.

As in the gate, both fill their `setup_cache` at once and change CPUs every 10 to 30 ms; each takes 40 blocks, and the
median of the first 4, 8, 16 and of all is what it would have told. Shown is how far the log ratios of the pairs
scatter: their interquartile range over 1.349, in percent.

    PYTHONPATH=. python studies/told_scatter.py
    PYTHONPATH=. python studies/told_scatter.py --layer toc --pairs 20 --json scatter.json
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from retrospeed.gate.cpu_swaps import swapped
from retrospeed.gate.worker_pair import GATED

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("ingest", "toc", "bm25", "vector", "topics")
COUNTS = (4, 8, 16, 40)
SHOWN = ("p50", "p90", "p99", "wall")
Told = dict[str, list[float]]
"""Samples, one a block, by layer, pass and quantile."""


def main(
    pairs: Annotated[int, typer.Option(help="Pairs of processes.", min=5)] = 12,
    layer: Annotated[list[str], typer.Option(help="Only this one; may be repeated.")] = list(LAYERS),  # noqa: B006
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print the scatter of each number, by the blocks behind it."""
    with tempfile.TemporaryDirectory() as folder:
        told = [_pair(Path(folder), number, layer) for number in range(1, pairs + 1)]
    table = Table("told", *(f"{count} blocks" for count in COUNTS))
    figures = {}
    for name in sorted(told[0][0]):
        figures[name] = [scatter([(one[name][:count], other[name][:count]) for one, other in told]) for count in COUNTS]
        table.add_row(name, *(f"{value * 100:.1f} %" for value in figures[name]))
    Console().print(table)
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode({"blocks": COUNTS, "scatter": figures})))


def scatter(pairs: list[tuple[list[float], list[float]]]) -> float:
    """How far the log ratios of the pairs' medians scatter: the standard deviation, if they are normal."""
    effects = [np.log(statistics.median(other) / statistics.median(one)) for one, other in pairs]
    low, high = np.quantile(effects, (0.25, 0.75))
    return float((high - low) / 1.349)


def tell(layers: list[str]) -> None:
    """Program: fill the caches of the layers in the working directory, and print all samples."""
    from benchmarks import blocks

    blocks.BLOCKS = blocks.MOST_BLOCKS = max(COUNTS)
    told: Told = {}
    for layer in layers:
        suite = getattr(import_module(f"benchmarks.{layer}"), f"Warm{layer.capitalize()}")()
        case = next(iter(suite.setup_cache()["value"].values()))
        for part, measured in case.items():
            if isinstance(measured, dict):
                told |= {f"{layer} {part} {name}": measured[name] for name in SHOWN if measured.get(name)}
    print(json.dumps(told))


def _pair(folder: Path, number: int, layers: list[str]) -> tuple[Told, Told]:
    program = f"import told_scatter; told_scatter.tell({layers!r})"
    paths = [str(Path(__file__).parent), str(ROOT), str(ROOT / "src")]
    # A second copy of a cache: without what is deterministic.
    variables = {**os.environ, GATED: "2", "PYTHONHASHSEED": str(number), "PYTHONPATH": os.pathsep.join(paths)}
    processes = []
    for side in ("one", "two"):
        place = folder / f"{number}-{side}"
        place.mkdir()
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", program],
                cwd=place, env=variables, stdout=subprocess.PIPE, text=True, start_new_session=True,
            )
        )  # fmt: skip
    with swapped([process.pid for process in processes]):
        one, other = (process.communicate()[0] for process in processes)
    if any(process.returncode for process in processes):
        raise typer.Exit(1)
    return json.loads(one), json.loads(other)


if __name__ == "__main__":
    sys.exit(typer.run(main))
