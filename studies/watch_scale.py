"""Time and memory of `retrospeed watch` over large archives: ragged, of two machines, of millions of points.

    python studies/watch_scale.py [--commits 1800] [--benchmarks 300] [FOLDER]

The files are written with all the columns asv writes. Benchmarks come and go, parameters differ, some commits are
measured on one machine only, some benchmarks fail for a while, and one series in ten has steps. Each row is one machine
of an archive of so many commits, judged by the command in a process of its own; a row with twice the commits that takes
four times as long would be quadratic. Without FOLDER the archives are deleted again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

MACHINES = ("quiet", "shared")
NOISE = {"quiet": 0.01, "shared": 0.05}
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b", "stats_q_25"]
COLUMNS += ["stats_q_75", "stats_number", "stats_repeat"]
PARAMETERS = ([], [["'small'", "'medium'", "'large'"]], [["10", "100", "1000"], ["'list'", "'dict'"]])
START = 1_500_000_000_000
RNG = np.random.default_rng


def suite(benchmarks: int) -> dict[str, dict[str, Any]]:
    """The benchmarks; a third each with no parameter, three and six combinations."""
    found = {}
    for number in range(benchmarks):
        params = PARAMETERS[number % len(PARAMETERS)]
        name = f"module_{number // 20}.Class{number // 5}.time_{number}"
        names = [f"p{index}" for index in range(len(params))]
        found[name] = {"name": name, "unit": "seconds", "type": "time", "version": "1", "params": params}
        found[name]["param_names"] = names
    return found


def history(rng: np.random.Generator, commits: int, sigma: float) -> "np.typing.NDArray[np.float64]":
    """One series: a level, noise with a few outliers, and in one series of ten up to four steps."""
    logs = rng.normal(np.log(10 ** rng.uniform(-6, 0)), sigma, commits) + 0.4 * (rng.random(commits) < 0.01)
    if rng.random() < 0.1:
        for at in rng.integers(5, commits, rng.integers(1, 5)):
            logs[at:] += rng.normal(0, 0.2)
    return np.exp(logs)


def write_machine(root: Path, machine: str, known: dict[str, dict[str, Any]], commits: int) -> tuple[int, int]:
    """Write the result files of one machine; the number of its points and of its bytes."""
    rng = RNG([commits, MACHINES.index(machine)])
    folder = root / "results" / machine
    folder.mkdir(parents=True)
    (folder / "machine.json").write_text(json.dumps({"machine": machine, "version": 1}))
    drift = np.exp(np.cumsum(rng.normal(0, 0.003, commits)))
    tables = {}
    for name, entry in known.items():
        width = int(np.prod([len(values) for values in entry["params"]], dtype=int))
        values = np.column_stack([history(rng, commits, NOISE[machine]) for _ in range(width)]) * drift[:, None]
        born, died = sorted(rng.integers(0, commits, 2)) if rng.random() < 0.2 else (0, commits)
        here = (np.arange(commits) >= born) & (np.arange(commits) < died) & (rng.random(commits) > 0.05)
        tables[name] = (
            values,
            here,
            slice(*sorted(rng.integers(0, commits, 2))) if rng.random() < 0.02 else slice(0, 0),
        )
    points = size = 0
    for number in np.flatnonzero(rng.random(commits) > (0.02 if machine == "quiet" else 0.2)):
        results = {}
        for name, (values, here, failing) in tables.items():
            if not here[number]:
                continue
            row = values[number]
            ends = [(row * factor).tolist() for factor in (0.98, 1.02, 0.99, 1.01)]
            result = None if failing.start <= number < failing.stop else row.tolist()
            points += len(row) if result else 0
            counts = [[1] * len(row), [10] * len(row)]
            results[name] = [result, known[name]["params"], "1", START, 1.5, *ends, *counts]
        content = {
            "version": 2,
            "commit_hash": f"{number:08x}" + "0" * 32,
            "env_name": "py3.11",
            "date": START + 86_400_000 * int(number),
            "params": {"machine": machine},
            "result_columns": COLUMNS,
            "results": results,
        }
        text = msgspec.json.encode(content)
        size += len(text)
        (folder / f"{number:08x}-py3.11.json").write_bytes(text)
    return points, size


def write(root: Path, commits: int, benchmarks: int) -> dict[str, tuple[int, int]]:
    """An archive under `root`; the points and bytes of each machine."""
    known = suite(benchmarks)
    (root / "results").mkdir(parents=True)
    config = {"version": 1, "project": "drawn", "repo": "https://example.org/drawn.git", "results_dir": "results"}
    (root / "asv.conf.json").write_text(json.dumps(config | {"branches": ["main"]}))
    (root / "results" / "benchmarks.json").write_text(json.dumps(known | {"version": 2}))
    return {machine: write_machine(root, machine, known, commits) for machine in MACHINES}


def judged(root: Path, machine: str) -> tuple[float, float, int]:
    """Seconds of processor time, largest memory in MB, and exit status of `watch` over one machine."""
    command = [
        sys.executable,
        "-m",
        "retrospeed",
        "watch",
        "--machine",
        machine,
        "--config",
        str(root / "asv.conf.json"),
    ]
    process = subprocess.Popen([*command, "--json", str(root / f"{machine}.json")], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--commits", type=int, default=1800)
    parser.add_argument("--benchmarks", type=int, default=300)
    arguments = parser.parse_args()
    table = Table(
        title=f"{arguments.benchmarks} benchmarks, {sum(map(_width, suite(arguments.benchmarks).values()))} series"
    )
    for heading in ("commits", "machine", "points", "MB of files", "alert groups", "CPU seconds", "memory, MB", "exit"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as temporary:
        for commits in (arguments.commits // 4, arguments.commits // 2, arguments.commits):
            root = (arguments.folder or Path(temporary)) / str(commits)
            start = time.monotonic()
            for machine, (points, size) in write(root, commits, arguments.benchmarks).items():
                seconds, memory, code = judged(root, machine)
                alerts = len(json.loads((root / f"{machine}.json").read_text())["alerts"])
                row = (
                    commits,
                    machine,
                    f"{points:,}",
                    round(size / 1e6),
                    alerts,
                    f"{seconds:.1f}",
                    round(memory),
                    code,
                )
                table.add_row(*map(str, row))
            print(f"{commits} commits: {time.monotonic() - start:.0f} s with writing", file=sys.stderr)
    Console(width=120).print(table)


def _width(entry: dict[str, Any]) -> int:
    return int(np.prod([len(values) for values in entry["params"]], dtype=int))


if __name__ == "__main__":
    main()
