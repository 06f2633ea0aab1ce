"""How steady the gate's instruction counts are, and how well they read a small change.

    python studies/instruction_counts.py        needs valgrind; about 3 minutes

Counts the gate's reference program, in the gate's own workers under callgrind: so many times as it is, a few times with
0.5 % more work. The program's work is proportional to its units, but for some thousand instructions around them.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track

from retrospeed.benchmarks_file import Benchmark
from retrospeed.gate import instructions, selftest
from retrospeed.gate.discovery import Series
from retrospeed.gate.worker_pair import Side, SideName
from retrospeed.measurement import SeriesKey

UNITS, INJECTED = 200, 0.005
SERIES = Series(
    SeriesKey(selftest.NAME),
    Benchmark(name=selftest.NAME, type="time", unit="seconds"),
    names=dict.fromkeys(SideName, selftest.NAME),
    timeout=selftest.TIMEOUT,
)


def counted(units: int, runs: int, out: Console) -> list[int]:
    """Instructions a call, in each of so many runs."""
    variables: Mapping[str, str] = {**os.environ, selftest.VARIABLE: str(units)}
    side = Side(SideName.BASE, Path(sys.executable), variables, selftest.SUITE)
    return [
        instructions.count(SERIES, side, {}, 0)
        for _ in track(range(runs), f"{units} units", console=out, transient=True)
    ]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--changed-runs", type=int, default=3)
    given = parser.parse_args()
    out = Console()
    equal = counted(UNITS, given.runs, out)
    more = counted(round(UNITS * (1 + INJECTED)), given.changed_runs, out)
    out.print(f"{given.runs} runs of the same program: {_said(equal)}")
    out.print(f"{given.changed_runs} runs with {INJECTED:+.1%} of work: {_said(more)}")
    out.print(f"read as {more[0] / equal[0] - 1:+.4%}")


def _said(counts: list[int]) -> str:
    return f"{counts[0]:,} instructions in each" if len(set(counts)) == 1 else f"{min(counts):,} to {max(counts):,}"


if __name__ == "__main__":
    main()
