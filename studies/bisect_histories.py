"""Bisections that are real from end to end: histories with a known culprit, of a package that nobody here wrote.

    python studies/bisect_histories.py FOLDER [--minutes 60]     measure; run it again to go on; prints the table
    python studies/bisect_histories.py FOLDER --step 0 --histories 100     unchanged ranges alone

Under FOLDER one scratch repository is made from the sources of `packaging`, as installed here, with a branch for each
history of 20 to 60 commits. One commit of a history makes parsing a requirement slower or faster by 5 to 100 %, or
importing it take more memory, or none does. Some commits do not build, some touch only the documentation, the others
append a line or more to a module drawn at random, so that the culprit is not the only one to touch its file. Each
branch is searched by `retrospeed bisect`, as a user would, and what it says is put beside what was planted.
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import time
import timeit
from collections.abc import Collection
from pathlib import Path

import msgspec
from packaging.requirements import Requirement

import retrospeed
from packaging_repository import commit_all, git, make_repository, write_innocent_change

TEXT = 'name[extra]>=1.2.3,<9; python_version > "3.8"'
SUITE = f"""
from packaging.requirements import Requirement

TEXT = {TEXT!r}


def time_requirement():
    for _ in range(50):
        Requirement(TEXT)


def peakmem_requirement():
    return Requirement(TEXT)
"""
PLANT = "        for _ in (None,) * {rounds}:\n            pass\n"
PLACE = "    def __init__(self, requirement_string: str) -> None:\n"
MEMORY = "\n_PLANTED = bytearray(b'x') * {size}\n"


class History(msgspec.Struct, frozen=True):
    """What is planted in a branch."""

    name: str
    commits: int
    culprit: int
    """Place of the commit that changes something; 0 if none does."""
    step: float
    """Relative change of the benchmark."""
    memory: bool
    unbuildable: tuple[int, ...]
    docs_only: tuple[int, ...]


class Result(msgspec.Struct):
    """What became of its bisection."""

    history: History
    status: int
    answer: str
    right: bool
    change: float
    """As found: ratio - 1."""
    pairs: int
    measured: int
    seconds: float
    headline: str


STEPS = (0.05, 0.10, 0.20, 0.50, 1.00, -0.05, -0.10, -0.20, -0.50, 0.0)


def histories(count: int, steps: Collection[float] = STEPS) -> list[History]:
    """The first so many histories of the study with one of these steps, always the same."""
    made: list[History] = []
    for number in itertools.count():
        if len(made) == count:
            break
        if STEPS[number % len(STEPS)] not in steps:
            continue
        chance = random.Random(f"history {number}")
        commits = chance.randint(20, 60)
        memory = number % 10 == 4
        step = STEPS[number % len(STEPS)]
        culprit = chance.randint(1, commits) if step else 0
        ends = {0, commits, culprit}
        others = [place for place in range(1, commits) if place not in ends]
        unbuildable = chance.sample(others, round(0.08 * commits))
        docs_only = chance.sample([p for p in others if p not in unbuildable], round(0.2 * commits))
        name = f"history-{number:02}"
        made.append(History(name, commits, culprit, step, memory, tuple(sorted(unbuildable)), tuple(sorted(docs_only))))
    return made


def settings(folder: Path) -> None:
    """Write the suite's configuration."""
    said = {"version": 1, "project": "packaging", "repo": ".", "branches": ["main"]}
    places = {"environment_type": "existing", "env_dir": ".asv/env", "results_dir": ".asv/results"}
    (folder / "asv.conf.json").write_text(json.dumps({**said, **places, "html_dir": ".asv/html"}))


def plant(folder: Path, history: History, rounds_for_all: float) -> None:
    """Make the branch. `rounds_for_all` is how often a loop must turn to take as long as parsing a requirement."""
    chance = random.Random(history.name)
    git(folder, "checkout", "--quiet", "-B", history.name, "main")
    source = folder / "packaging" / "requirements.py"
    original = source.read_text()
    assert original.count(PLACE) == 1, "this release of packaging has another Requirement.__init__"
    # A step down is a step up that was there from the beginning, of such a size that its end has the asked ratio.
    rounds = round(rounds_for_all * (history.step if history.step > 0 else 1 / (1 + history.step) - 1))
    if history.memory:
        slow = original + MEMORY.format(size=round(abs(history.step) * 40_000_000))
    else:
        slow = original.replace(PLACE, PLACE + PLANT.format(rounds=rounds))
    if history.step < 0:
        source.write_text(slow)
        git(folder, "commit", "--quiet", "--all", "--message", "as it was before")
    git(folder, "tag", "--force", f"{history.name}-good")
    tail = ""
    for place in range(1, history.commits + 1):
        docs_only, broken = place in history.docs_only, place in history.unbuildable
        module, added = write_innocent_change(folder, place, chance, docs_only=docs_only, broken=broken)
        tail += added if module == source.name else ""
        is_slow = (place >= history.culprit) == (history.step > 0) if history.culprit else False
        source.write_text((slow if is_slow else original) + tail)
        commit_all(folder, place)


def rounds_for_all() -> float:
    """How often an empty loop turns while a requirement is parsed."""
    parse = min(timeit.repeat(lambda: Requirement(TEXT), number=200, repeat=30)) / 200
    turn = min(timeit.repeat("for _ in (None,) * 1_000: pass", number=200, repeat=30)) / 200_000
    return parse / turn


def search(folder: Path, history: History) -> Result:
    """Bisect the branch with the command."""
    git(folder, "checkout", "--quiet", history.name)
    bench = "suite.peakmem_requirement" if history.memory else "suite.time_requirement"
    file = folder / ".asv" / f"{history.name}.json"
    command = [sys.executable, "-m", "retrospeed", "bisect", f"{history.name}-good..{history.name}", bench]
    started = time.perf_counter()
    variables = {**os.environ, "PYTHONPATH": str(Path(retrospeed.__file__).parents[1])}
    done = subprocess.run([*command, "--json", str(file)], cwd=folder, capture_output=True, text=True, env=variables)
    seconds = time.perf_counter() - started
    if not file.exists():
        raise SystemExit(f"{history.name}: {done.stdout}{done.stderr}")
    found = json.loads(file.read_text())
    hashes = [commit["commit"] for commit in found["commits"]]
    named = [hashes.index(commit) for commit in found["candidates"]]
    if history.culprit:
        # Commits that cannot be measured may stand beside the culprit, nothing else.
        right = found["answer"] in ("culprit", "one of") and history.culprit in named
        right = right and set(named) <= {history.culprit, *history.unbuildable}
    else:
        right = found["answer"] == "none"
    measured = sum("value" in commit for commit in found["commits"])
    change = (found["change"]["ratio"] or 1.0) - 1
    return Result(
        history, done.returncode, found["answer"], right, change, found["pairs"], measured, seconds, found["headline"]
    )


def show(results: list[Result]) -> None:
    """Print the table."""
    print(
        "| planted | histories | right | wrong commit | 'between' | 'none' | change as found | measurements | seconds |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |")
    groups: dict[str, list[Result]] = {}
    for result in results:
        history = result.history
        kind = f"{history.step:+.0%} {'memory' if history.memory else 'time'}" if history.culprit else "nothing"
        groups.setdefault(kind, []).append(result)
    for kind, group in groups.items():
        wrong = sum(r.answer in ("culprit", "one of") and not r.right for r in group)
        answers = [sum(r.answer == answer for r in group) for answer in ("between", "none")]
        changes = f"{min(r.change for r in group):+.1%} to {max(r.change for r in group):+.1%}"
        cost = (sum(r.pairs for r in group) / len(group), sum(r.seconds for r in group) / len(group))
        cells = [kind, len(group), sum(r.right for r in group), wrong, *answers, changes]
        print("| " + " | ".join(map(str, cells)) + f" | {cost[0]:.0f} | {cost[1]:.0f} |")
    total = [r for r in results if r.history.culprit]
    nothing = [r for r in results if not r.history.culprit]
    print(f"\nRight: {sum(r.right for r in total)} of {len(total)} with a culprit, ", end="")
    print(f"{sum(r.right for r in nothing)} of {len(nothing)} without.")
    for result in results:
        if not result.right:
            print(f"{result.history.name}, culprit {result.history.culprit}: {result.headline}")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--histories", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--step", type=float, action="append", choices=STEPS, help="0 for unchanged ranges; repeatable")
    given = parser.parse_args()
    file, repository = given.folder / "results.json", given.folder / "repository"
    results = msgspec.json.decode(file.read_bytes(), type=list[Result]) if file.exists() else []
    if not results:
        make_repository(repository, SUITE)
        settings(repository)
    done = {result.history.name for result in results}
    rounds, deadline = rounds_for_all(), time.monotonic() + given.minutes * 60
    for history in histories(given.histories, given.step or STEPS):
        if history.name not in done and time.monotonic() < deadline:
            plant(repository, history, rounds)
            results.append(search(repository, history))
            file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
            print(f"{history.name}: {results[-1].headline}", file=sys.stderr)
    show(results)


if __name__ == "__main__":
    main()
