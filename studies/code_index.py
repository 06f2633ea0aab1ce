"""Indexing a source tree: files a second, memory, and what a second run costs, in processes of their own.

The tree is the library of the Python that runs this, which everyone has, with what is installed in it; --tree names
another. Each case is one `strata index` into a new store, started as a user would start it, so the time is from end to
end: interpreter, reading, cutting, storing, embedding and the indexes. --files cuts the tree down to its first files.

    python studies/code_index.py
    python studies/code_index.py --files 2000 --json code.json
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
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from strata.code.source_tree import list_files, read_source

CASES = {
    "keyword index, no embedding": ["--layer", "bm25"],
    "static embedder": ["--embedder", "static"],
    "static embedder, nothing changed": [],
    "static embedder, 10 files changed": [],
}
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
CHANGED = "static embedder, 10 files changed"
QUERY = "parse a timestamp in ISO 8601"


def main(
    tree: Annotated[Path, typer.Option(help="A source tree.")] = LIBRARY,
    files: Annotated[int, typer.Option(help="Take no more files than this of the tree.")] = 10_000,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print time, files a second, lines a second and peak memory of indexing, and of indexing again."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        taken, lines = _copied(tree, copy, files)
        console.print(f"{tree}: {taken:,} files of source text, {lines:,} lines")
        table = Table()
        for column in ("", "seconds", "files/s", "lines/s", "peak MB", "new chunks", "unchanged"):
            table.add_column(column, justify="right" if column else "left")
        rows = {}
        for name, options in CASES.items():
            if name == CHANGED:
                for file in sorted(copy.rglob("*.py"))[:10]:
                    file.write_text(file.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
            store = Path(folder) / name.partition(",")[0]
            row = rows[name] = _index(copy, store, options)
            table.add_row(
                name,
                f"{row['seconds']:.1f}",
                f"{taken / row['seconds']:,.0f}",
                f"{lines / row['seconds']:,.0f}",
                f"{row['peak_bytes'] / 1e6:,.0f}",
                f"{row['chunks']:,}",
                f"{row['unchanged']:,}",
            )
        console.print(table)
        search = _search(Path(folder) / "static embedder")
        console.print(search)
    if as_json:
        figures = {"files": taken, "lines": lines, "cases": rows}
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


def _copied(tree: Path, copy: Path, most: int) -> tuple[int, int]:
    """Copy the tree's source files, at most so many: how many files and lines that is."""
    taken = lines = 0
    for path in list_files(tree, but=copy).paths:
        source = read_source(tree / path)
        if isinstance(source, str):
            continue
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree / path, copy / path)
        taken += 1
        lines += source.text.count("\n")
        if taken == most:
            break
    return taken, lines


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
