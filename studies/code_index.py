"""Indexing a source tree: files a second, memory, and what a second run costs, in processes of their own.

The tree is the library of the Python that runs this, which everyone has, with what is installed in it; --tree names
another. Each case is one `strata index`, started as a user would start it, so the time is from end to end: interpreter,
reading, cutting, storing, embedding and the indexes. Of a large tree, only as much is taken as is asked for.

    python studies/code_index.py
    python studies/code_index.py --files 1000 --lines 100000 --json code.json
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from strata.code.source_tree import list_files, read_source

CHANGED = "10 files changed"
CASES = {
    "keyword index alone": ("keyword", ["--layer", "bm25"]),
    "static embedder": ("static", ["--embedder", "static"]),
    "nothing changed": ("static", []),
    CHANGED: ("static", []),
}
"""Name -> the store that is indexed into, and the options."""
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
QUERY = "parse a timestamp in ISO 8601"


def main(
    tree: Annotated[Path, typer.Option(help="A source tree.")] = LIBRARY,
    files: Annotated[int, typer.Option(help="How many files to take of the tree.")] = 10_000,
    lines: Annotated[int, typer.Option(help="About how many lines they should have.")] = 1_000_000,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print time, files a second, lines a second and peak memory of indexing, and of indexing again."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        taken, held = _copied(tree, copy, files, lines)
        console.print(f"{tree}: {taken:,} files of source text, {held:,} lines")
        table = Table()
        for column in ("", "seconds", "CPU s", "files/s", "lines/s", "peak MB", "new chunks", "unchanged"):
            table.add_column(column, justify="right" if column else "left")
        rows = {}
        for name, (store, options) in CASES.items():
            if name == CHANGED:
                for file in sorted(copy.rglob("*.py"))[:10]:
                    file.write_text(file.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
            row = rows[name] = _index(copy, Path(folder) / store, options)
            table.add_row(
                name,
                f"{row['seconds']:.1f}",
                f"{row['cpu_seconds']:.1f}",
                f"{taken / row['seconds']:,.0f}",
                f"{held / row['seconds']:,.0f}",
                f"{row['peak_bytes'] / 1e6:,.0f}",
                f"{row['chunks']:,}",
                f"{row['unchanged']:,}",
            )
        console.print(table)
        print(_search(Path(folder) / "static"))
    if as_json:
        figures = {"files": taken, "lines": held, "cases": rows}
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


def _copied(tree: Path, copy: Path, files: int, lines: int) -> tuple[int, int]:
    """Copy so many of the tree's source files, next to one another in length, that have about so many lines together.

    Returns how many files and lines that is. Of a smaller tree every file is copied.
    """
    lengths = {}
    for path in list_files(tree, but=copy).paths:
        source = read_source(tree / path)
        if not isinstance(source, str):
            lengths[path] = source.text.count("\n")
    shortest = sorted(lengths, key=lambda path: (lengths[path], path))
    totals = [0, *accumulate(lengths[path] for path in shortest)]
    starts = range(max(1, len(shortest) - files + 1))
    first = min(starts, key=lambda start: abs(totals[min(start + files, len(shortest))] - totals[start] - lines))
    chosen = shortest[first : first + files]
    for path in chosen:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree / path, copy / path)
    return len(chosen), sum(lengths[path] for path in chosen)


def _index(tree: Path, store: Path, options: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "strata", "index", str(tree), "--store", str(store), "--json", *options]
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        # The peak of this one child: getrusage would give the highest of all.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        output.seek(0)
        if status:
            raise SystemExit(f"{' '.join(command)} ended with status {status}")
        found = json.load(output)["tree"]
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": _peak_bytes(used),
        "chunks": found["chunks"],
        "unchanged": found["unchanged"],
    }


def _peak_bytes(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _search(store: Path) -> str:
    command = [sys.executable, "-m", "strata", "search", str(store), QUERY, "--layer", "vector", "-k", "3"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(typer.run(main))
