"""What each embedder costs: start of a process to its first vector, a query, a batch, memory, and what it imports.

Every embedder runs in a process of its own, on one thread, several times in alternation; medians are shown. The texts
are docstrings of the standard library, which everyone has. Models that are made from the weights are made before.

    python studies/embedder_cost.py
    python studies/embedder_cost.py --repeats 5 --json embedders.json
"""

import inspect
import json
import pkgutil
import resource
import statistics
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from strata.engines import ENGINES, load

MODULES = ("argparse", "asyncio", "collections", "concurrent", "ctypes", "email", "http", "json", "logging", "unittest")
QUERY = "how is a timestamp parsed?"
QUERIES = 30


def main(
    repeats: Annotated[int, typer.Option(help="Processes of each embedder.", min=1)] = 3,
    count: Annotated[int, typer.Option(help="Texts in the batch.", min=10)] = 200,
    embedder: Annotated[list[str], typer.Option(help="Only this one; may be repeated.")] = list(ENGINES["embedder"]),  # noqa: B006
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print the cost of each embedder, beside that of the first."""
    texts = json.dumps(docstrings(count))
    for name in embedder:
        # The first use makes the model. Not in this process: a child's peak memory is at least its parent's.
        _process(name, json.dumps([QUERY]))
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in embedder}
    for _ in range(repeats):
        for name in embedder:
            runs[name].append(_process(name, texts))
    table = Table()
    for column in ("embedder", "first vector s", "query ms", "texts/s", "to the first", "peak MB", "imports torch"):
        table.add_column(column, justify="left" if column == "embedder" else "right")
    figures = {name: _medians(found) for name, found in runs.items()}
    rate = figures[embedder[0]]["texts_per_second"]
    for name, row in figures.items():
        table.add_row(
            name,
            f"{row['first_vector_seconds']:.2f}",
            f"{row['query_seconds'] * 1000:.2f}",
            f"{row['texts_per_second']:,.0f}",
            f"{row['texts_per_second'] / rate:.1f}",
            f"{row['peak_bytes'] / 1e6:,.0f}",
            "yes" if row["imports_torch"] else "no",
        )
    Console().print(table)
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


def docstrings(count: int) -> list[str]:
    """Docstrings of functions and classes of the standard library, the same ones in every run of one Python."""
    found: dict[str, None] = {}
    for package in MODULES:
        module = import_module(package)
        names = [package, *(f"{package}.{part.name}" for part in pkgutil.iter_modules(getattr(module, "__path__", [])))]
        for name in names:
            if name.endswith("__main__") or "test" in name or "windows" in name:
                continue
            for _, member in sorted(vars(import_module(name)).items()):
                text = inspect.getdoc(member) if inspect.isclass(member) or inspect.isfunction(member) else None
                if text and len(text) > 100:
                    found.setdefault(text)
    return list(found)[:count]


def measure(name: str) -> None:
    """Program: measure one embedder in this process, on the texts that stdin holds, and print what was found."""
    texts = json.load(sys.stdin)
    start = time.perf_counter()
    embedder = load("embedder", name)()
    embedder.embed([QUERY])
    first = time.perf_counter() - start
    times = []
    for number in range(QUERIES):
        start = time.perf_counter()
        embedder.embed([f"{QUERY} {number}"])
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    embedder.embed(texts)
    batch = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    found = {
        "first_vector_seconds": first,
        "query_seconds": statistics.median(times),
        "texts_per_second": len(texts) / batch,
        "peak_bytes": peak,
        "imports_torch": "torch" in sys.modules,
    }
    print(json.dumps(found))


def _process(name: str, texts: str) -> dict[str, Any]:
    program = f"import embedder_cost; embedder_cost.measure({name!r})"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); {program}"],
        input=texts, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _medians(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: statistics.median(run[key] for run in found) for key in found[0]}


if __name__ == "__main__":
    sys.exit(typer.run(main))
