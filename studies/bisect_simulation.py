"""How often a bisection names the right commit, and with how many measurements: its operating curve, simulated.

    python studies/bisect_simulation.py [--searches 1000] [--jobs 2] [--row NAME ...]

Every search runs `retrospeed.bisect.search`, the code that the command runs; only the measuring is simulated. One
commit in 128, drawn by the prior of commits, changes the benchmark by `step` times the noise, or none does. Noise is
counted in robust standard deviations (1.4826 times the median distance from the median) of one pair:

    normal       normal
    outliers     normal, and one pair in twenty is eight times as wild
    heavy        Student's t with 3 degrees of freedom
    drifting     normal times a level that wanders between 0.6 and 1.8, with an autocorrelation of 0.3
    recorded     pairs recorded of real programs (gate_pairs.json), from a random place on
"""

import argparse
import math
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, repeat
from pathlib import Path

import msgspec
import numpy as np

from retrospeed.bisect.choice import Costs
from retrospeed.bisect.observation import Observation
from retrospeed.bisect.posterior import Prior
from retrospeed.bisect.search import Answer, Kind, Search

PAIRS = Path(__file__).with_name("gate_pairs.json")
SIZE = 0.02
"""Noise of a pair in log ratio."""
SMALLEST = math.log1p(0.01)
"""What the command takes for nothing where no threshold says otherwise."""
Noise = Callable[[random.Random], Iterator[float]]


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    name: str
    step: float
    noise: str = "normal"
    commits: int = 128
    broken: float = 0.0
    """Share of commits that do not build."""
    builds: float = 0.0
    """By how much a build differs from others of the same code, in standard deviations of a pair."""


ROWS = (
    *(Row(f"{noise}, step {step:g}", step, noise) for noise in ("normal", "outliers", "heavy", "drifting", "recorded")
      for step in (0.0, 1.0, 2.0, 4.0)),
    Row("normal, step 10", 10.0),
    Row("recorded, step 2, faster", -2.0, "recorded"),
    Row("recorded, step 2, 10 % of commits do not build", 2.0, "recorded", broken=0.1),
    Row("recorded, step 2, 1,800 commits", 2.0, "recorded", commits=1800),
    Row("recorded, step 4, 16 commits", 4.0, "recorded", commits=16),
    Row("recorded, builds differ, step 0", 0.0, "recorded", builds=0.2),
    Row("recorded, builds differ, step 2", 2.0, "recorded", builds=0.2),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of one simulated search."""

    right: bool
    """The culprit was named, or the commits it cannot be told from; or "none", if there was none."""
    kind: Kind
    pairs: int
    builds: int


def simulate(row: Row, seed: int) -> Outcome:
    """One search."""
    chance = random.Random(f"{row} {seed}")
    # Commits as they come: most touch code, of very different size; some only documentation.
    weights = tuple(chance.choice((0.02, 0.5, 1.0, 1.0, 1.0, 2.0)) for _ in range(row.commits))
    culprit = chance.choices(range(1, row.commits + 1), weights)[0] if row.step else 0
    unbuildable = {place for place in range(1, row.commits) if chance.random() < row.broken}
    noise = NOISES[row.noise](chance)
    search = Search(Prior(weights), smallest=SMALLEST)
    own = [row.builds * chance.gauss(0, 1) for _ in range(row.commits + 1)]
    observations: list[Observation] = []
    built = {0, row.commits}
    while True:
        step = search.next_step(observations, Costs(0.5, 5.0, built))
        if step.probe is None:
            assert step.answer is not None
            return Outcome(is_right(step.answer, culprit, unbuildable), step.answer.kind, len(observations), len(built))
        probe = step.probe
        broken = {probe.low, probe.high} & unbuildable
        if broken:
            search = replace(search, unmeasurable=search.unmeasurable | broken)
            continue
        built |= {probe.low, probe.high}
        shown = (row.step if probe.low < culprit <= probe.high else 0.0) + own[probe.high] - own[probe.low]
        effect = SIZE * (shown + next(noise))
        observations.append(Observation(probe.low, probe.high, effect, probe.confirms))


def is_right(answer: Answer, culprit: int, unbuildable: set[int]) -> bool:
    """Whether the answer is the whole truth that measuring can tell."""
    if not culprit:
        return answer.kind is Kind.NONE
    if answer.kind not in (Kind.CULPRIT, Kind.GROUP) or not answer.low < culprit <= answer.high:
        return False
    return set(range(answer.low + 1, answer.high)) <= unbuildable


def normal(chance: random.Random) -> Iterator[float]:
    return (chance.gauss(0, 1) for _ in count())


def outliers(chance: random.Random) -> Iterator[float]:
    return (chance.gauss(0, 8 if chance.random() < 0.05 else 1) for _ in count())


def heavy(chance: random.Random) -> Iterator[float]:
    # The quartiles of Student's t with 3 degrees of freedom are at 0.7649, those of the normal at 0.6745.
    scale = 0.6745 / 0.7649
    return (scale * chance.gauss(0, 1) / (chance.gammavariate(1.5, 2) / 3) ** 0.5 for _ in count())


def drifting(chance: random.Random) -> Iterator[float]:
    level, last = 1.0, 0.0
    for _ in repeat(None):
        level = min(max(level * chance.gauss(1, 0.1), 0.6), 1.8)
        last = 0.3 * last + chance.gauss(0, (1 - 0.3**2) ** 0.5)
        yield level * last


def recorded(chance: random.Random) -> Iterator[float]:
    stream = chance.choice(streams())
    at = chance.randrange(len(stream))
    for place in count(at):
        yield chance.choice((-1, 1)) * stream[place % len(stream)]


@cache
def streams() -> list[list[float]]:
    """The recorded log ratios of programs with themselves, in robust standard deviations."""
    found = []
    for recording in msgspec.json.decode(PAIRS.read_bytes()):
        if recording["injected"] == 0:
            wall = np.array(recording["wall"])
            found.append(list(wall / (1.4826 * np.median(np.abs(wall - np.median(wall))))))
    return found


NOISES: dict[str, Noise] = {
    "normal": normal,
    "outliers": outliers,
    "heavy": heavy,
    "drifting": drifting,
    "recorded": recorded,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--row", action="append", help="only rows with this in their name; repeatable")
    given = parser.parse_args()
    print(
        "| noise and step | searches | right | wrong commit | 'none' | 'between' | measurements, mean | 95 % | builds |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    started = time.perf_counter()
    with ProcessPoolExecutor(given.jobs) as pool:
        for row in ROWS:
            if given.row and not any(part in row.name for part in given.row):
                continue
            outcomes = list(pool.map(simulate, repeat(row, given.searches), range(given.searches), chunksize=20))
            print(line(row, outcomes), flush=True)
    print(f"\n{time.perf_counter() - started:.0f} s")


def line(row: Row, outcomes: list[Outcome]) -> str:
    """A row of the table."""
    total = len(outcomes)
    pairs = sorted(outcome.pairs for outcome in outcomes)
    named = sum(o.kind in (Kind.CULPRIT, Kind.GROUP) and not o.right for o in outcomes)
    shares = (
        sum(o.right for o in outcomes),
        named,
        sum(o.kind is Kind.NONE for o in outcomes),
        sum(o.kind is Kind.BETWEEN for o in outcomes),
    )
    told = " | ".join(f"{share / total:.1%}" for share in shares)
    builds = sum(o.builds for o in outcomes) / total
    return f"| {row.name} | {total} | {told} | {sum(pairs) / total:.1f} | {pairs[int(total * 0.95)]} | {builds:.1f} |"


if __name__ == "__main__":
    main()
