"""What to make of the turns of a pair: how far pairs of equal programs scatter by each way of reading them.

    PYTHONPATH=. python studies/turn_estimators.py record turns.json     measure pairs on this machine
    PYTHONPATH=. python studies/turn_estimators.py print turns.json      print what docs/gate.md says of them

The programs and regimes are those of the operating curve. Printed are the scatter of the pairs' log ratios, which is 0
in truth (1.4826 times their median distance from 0), as a multiple of that by the interquartile mean of all turns; the
same for pairs cut to their first few turns; and how much slower the slower of a pair's two CPUs was.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from studies.gate_operating_curve import PROGRAMS, REGIMES, job, neighbours, sides

from retrospeed.gate import alternate
from retrospeed.gate.effects import turns_value
from retrospeed.gate.samples import Pair

FEWER_TURNS = (3, 4, 5, 6, 7, 8)
Estimate = Callable[[Sequence[float], Sequence[float]], float]


class Recording(msgspec.Struct):
    """Pairs of a program with itself."""

    program: str
    regime: str
    pairs: list[Pair]


def ratios(base: Sequence[float], head: Sequence[float]) -> list[float]:
    """Log ratios of the turns."""
    return [math.log(after / before) for before, after in zip(base, head, strict=True)]


ESTIMATES: dict[str, Estimate] = {
    "interquartile mean": lambda base, head: turns_value(ratios(base, head)),
    "median": lambda base, head: statistics.median(ratios(base, head)),
    "mean": lambda base, head: statistics.fmean(ratios(base, head)),
    "fastest of each side": lambda base, head: math.log(min(head) / min(base)),
}


def record(path: Path, count: int) -> None:
    """Measure, and keep every turn."""
    recordings = []
    for regime in REGIMES:
        for program in PROGRAMS:
            taken = Recording(program, regime, [])
            rhythm = None
            with neighbours(regime) as set_load:
                for number in range(count):
                    set_load(number / count)
                    pair, rhythm = alternate.take_pair(sides(0.0), job(program), number + 1, rhythm)
                    taken.pairs.append(pair)
            recordings.append(taken)
            path.write_bytes(msgspec.json.encode(recordings))
            print(f"{regime} {program}: {count} pairs", file=sys.stderr)


def scatter(pairs: Sequence[Pair], estimate: Estimate, turns: int | None = None) -> float:
    """The scatter of pairs, of which the first `turns` turns count."""
    return 1.4826 * statistics.median(abs(estimate(pair.base[:turns], pair.head[:turns])) for pair in pairs)


def slower_cpu(pair: Pair) -> float:
    """How many times as long an iteration took on the slower of the two CPUs that a pair begins on one after the other.

    A pair that the clock met while it changed reads the same; of many it is told by the median.
    """
    turns = min(len(pair.base), alternate.FEWEST_SETTLED) // alternate.CPUS
    first, second = (statistics.median(pair.base[start : start + turns]) for start in (0, turns))
    return max(first, second) / min(first, second)


def table(recordings: Sequence[Recording]) -> str:
    """Markdown."""
    names = list(ESTIMATES)
    lines = [
        f"| {' | '.join(['regime', 'program', 'pairs', *(f'by the {name}' for name in names), 'slower CPU'])} |",
        "| --- " * (len(names) + 4) + "|",
    ]
    multiples: dict[str, list[float]] = {name: [] for name in names[1:]}
    for taken in recordings:
        reference = scatter(taken.pairs, ESTIMATES[names[0]])
        for name, found in multiples.items():
            found.append(scatter(taken.pairs, ESTIMATES[name]) / reference)
        cells = [
            taken.regime,
            taken.program,
            str(len(taken.pairs)),
            f"{reference:.2%}",
            *(f"{found[-1]:.2f} x" for found in multiples.values()),
            f"{statistics.median(map(slower_cpu, taken.pairs)):.2f} x",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    means = (f"{statistics.geometric_mean(found):.2f} x" for found in multiples.values())
    lines += [f"| all | | {sum(len(taken.pairs) for taken in recordings)} | | {' | '.join(means)} | |", ""]
    lines += [
        "| first turns | scatter by the interquartile mean, as a multiple of that by the fastest |",
        "| --- " * 2 + "|",
    ]
    for turns in FEWER_TURNS:
        found = [
            scatter(taken.pairs, ESTIMATES[names[0]], turns) / scatter(taken.pairs, ESTIMATES[names[-1]], turns)
            for taken in recordings
        ]
        lines.append(f"| {turns} | {statistics.geometric_mean(found):.2f} x |")
    return "\n".join(lines)


def main() -> None:
    """Record or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("record", "print"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--pairs", type=int, default=120, help="pairs of each program in each regime (120)")
    options = parser.parse_args()
    if options.action == "record":
        record(options.file, options.pairs)
    else:
        print(table(msgspec.json.decode(options.file.read_bytes(), type=list[Recording])))


if __name__ == "__main__":
    main()
