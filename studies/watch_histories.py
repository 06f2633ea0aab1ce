"""`watch` and `bisect` on histories that are measured: what was planted, and what they say.

    python studies/watch_histories.py FOLDER [--rounds 1] [--longest 60] [--minutes 60]

Under FOLDER a repository with a branch a history is made (`planted_history.py`); run it again to go on. Each commit
that builds is measured against the first one, in five fresh pairs of processes: times by the gate's own workers, which
take turns. What is measured is written as asv writes it, the ratios of times as `watch` stores them. Then `watch`
judges the whole history, and `bisect` searches it for the planted change, with measurements of its own.

A planted change is found if an alert tells a change of one of its series in its direction with its commit, or, for a
gradual one, within its range; the wrong commit is named if the alert lies at most three commits beside it. Every other
alert group is false. A slower loop also executes more lines, which are counted without any noise: what those tell
is a column of its own.
"""

import argparse
import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

import retrospeed
from packaging_repository import git, make_repository
from planted_history import SUITE, History, histories, plant, settings, turns_of_a_loop
from retrospeed import asv_config
from retrospeed.gate.alternate import take_pair
from retrospeed.gate.effects import paired_values
from retrospeed.gate.worker_pair import BOTH, Job, Side
from retrospeed.gate.worker_process import SHELL
from retrospeed.watch import ratio_file
from retrospeed.watch.alert import Alert
from retrospeed.watch.analysis import Analysis
from retrospeed.watch.command import watched
from retrospeed.watch.ratio_file import PairedValues, RatioFile

MACHINE, ENVIRONMENT = "scratch", "existing"
PAIRS, NEAR = 5, 3
TIMES = ("suite.time_parse", "suite.time_match")
OTHERS = ("suite.track_lines_parse", "suite.track_lines_match", "suite.track_match_loss", "suite.peakmem_parse")
WORKER = """
import resource, sys
sys.path[:0] = sys.argv[1:3]
import suite
suite.peakmem_parse()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(peak, flush=True)
for line in sys.stdin:
    function = getattr(suite, line.strip())
    print(function(), flush=True)
"""


class Result(msgspec.Struct):
    """What was said of a history."""

    history: History
    found: int
    missed: int
    wrong: int
    false: int
    counted: int
    """Of the planted changes of time, those that the counts of executed lines tell at their commit."""
    alerts: list[str]
    bisect: str
    seconds: float


class Worker:
    """A process that runs benchmarks of one checkout when it is told to."""

    def __init__(self, checkout: Path, suite: Path) -> None:
        # Started by a shell: else the peak of this study's own memory would count as the worker's.
        command = [*SHELL, sys.executable, "-c", WORKER, str(checkout), str(suite)]
        variables = {**os.environ, "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self.peak = float(self._out.readline())

    def run(self, name: str) -> float:
        """The number that the benchmark tells."""
        self._in.write(name + "\n")
        self._in.flush()
        return float(self._out.readline())

    def end(self) -> None:
        """Let it go."""
        self._in.close()
        self._process.wait()
        self._out.close()


def measure(first: Path, commit: Path, suite: Path) -> dict[str, tuple[list[float], list[float]]]:
    """For each benchmark the values of the first commit and of this one, a pair of processes each."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in OTHERS}
    for _ in range(PAIRS):
        for side, checkout in enumerate((first, commit)):
            worker = Worker(checkout, suite)
            for name in OTHERS:
                is_memory = name == "suite.peakmem_parse"
                found[name][side].append(worker.peak if is_memory else worker.run(name.removeprefix("suite.")))
            worker.end()
    sides = {
        name: Side(name, Path(sys.executable), {**os.environ, "PYTHONPATH": str(checkout)}, suite)
        for name, checkout in zip(BOTH, (first, commit), strict=True)
    }
    for name in TIMES:
        pairs, rhythm = [], None
        for number in range(PAIRS):
            pair, rhythm = take_pair(sides, Job(dict.fromkeys(BOTH, name), "time", 60.0), number + 1, rhythm)
            pairs.append(pair)
        found[name] = paired_values(pairs, timed=True)
    return found


def store(results: Path, commit: str, first: str, date: int, found: dict[str, tuple[list[float], list[float]]]) -> None:
    """Write asv's file of a commit, and the ratios of its times."""
    folder = results / MACHINE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "machine.json").write_text(json.dumps({"machine": MACHINE, "version": 1}))
    content = {
        "version": 2,
        "commit_hash": commit,
        "env_name": ENVIRONMENT,
        "date": date * 1000,
        "params": {"machine": MACHINE},
        "result_columns": ["result", "params", "version"],
        "results": {name: [[statistics.median(values[1])], [], "1"] for name, values in found.items()},
    }
    (folder / f"{commit[:8]}-{ENVIRONMENT}.json").write_text(json.dumps(content))
    pairs = [
        PairedValues(benchmark=name, params=[], version="1", reference=found[name][0], commit=found[name][1])
        for name in TIMES
    ]
    ratio_file.write(
        RatioFile(machine=MACHINE, commit=commit, reference=first, environment=ENVIRONMENT, series=pairs), results
    )


def describe(results: Path) -> None:
    """Write what asv knows of the benchmarks."""
    units = {"time": "seconds", "peakmem": "bytes", "track_lines": "lines", "track_match": "loss"}
    types = {"time": "time", "peakmem": "peakmemory", "track_lines": "track", "track_match": "track"}
    described: dict[str, Any] = {"version": 2}
    for name in (*TIMES, *OTHERS):
        kind = next(kind for kind in units if name.startswith(f"suite.{kind}"))
        described[name] = {"name": name, "unit": units[kind], "type": types[kind], "version": "1", "params": []}
        described[name] |= {"param_names": [], "deterministic": kind.startswith("track")}
        described[name]["layer"] = "match" if "match" in name else "parse"
    results.mkdir(parents=True, exist_ok=True)
    (results / "benchmarks.json").write_text(json.dumps(described))


def judged(history: History, analysis: Analysis, commits: list[str]) -> Counter[str]:
    """Found, missed, wrong and false."""
    counts: Counter[str] = Counter()
    # The branch begins after the first commit of main.
    shift = [commit.hash for commit in analysis.archive.order.commits].index(commits[0])
    by_count = frozenset(name for name in history.series if "lines" in name)
    wanted = range(1 if history.kind == "gradual" else len(history.places))
    for alert in analysis.alerts:
        counts["false"] += not any(_answer(history, alert, number, shift, history.series) for number in wanted)
    for number in wanted:
        answers = {_answer(history, a, number, shift, history.series - by_count) for a in analysis.alerts}
        counts["found" if "found" in answers else "wrong" if "wrong" in answers else "missed"] += 1
        counts["counted"] += "found" in {_answer(history, a, number, shift, by_count) for a in analysis.alerts}
    return counts


def _answer(history: History, alert: Alert, number: int, shift: int, names: frozenset[str]) -> str:
    """What an alert says of one planted place: "found", "wrong" (beside it), or "" (nothing)."""
    best = ""
    for one in alert.changes:
        rises = one.change.after > one.change.before
        up = (history.size > 0) == (number == 0 or history.kind == "gradual")
        if one.change.series.name not in names or rises != up:
            continue
        good, bad = alert.good - shift, alert.bad - shift
        if history.kind == "gradual":
            first, last = history.places
            best = best or ("found" if number == 0 and good <= last and bad >= first else "")
            best = best or ("wrong" if good <= last + NEAR and bad >= first - NEAR else "")
        elif good < history.places[number] <= bad:
            best = "found"
        elif good - NEAR < history.places[number] <= bad + NEAR:
            best = best or "wrong"
    return best


def bisected(folder: Path, history: History, commits: list[str]) -> str:
    """What `bisect` says of the planted change: right, wrong, between, none; empty where it would not be asked."""
    if len(history.places) > 1:
        return ""
    bench = min(history.series - {"suite.track_lines_parse", "suite.track_lines_match"}, default="suite.time_parse")
    file = folder / ".asv" / f"{history.name}.json"
    file.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "retrospeed", "bisect", f"{commits[0]}..{commits[-1]}", bench]
    variables = {**os.environ, "PYTHONPATH": str(Path(retrospeed.__file__).parents[1])}
    done = subprocess.run([*command, "--json", str(file)], cwd=folder, capture_output=True, text=True, env=variables)
    if not file.exists():
        return f"failed: {done.stderr[-200:]}"
    said = json.loads(file.read_text())
    if not history.places:
        return "right" if said["answer"] == "none" else "wrong"
    if said["answer"] not in ("culprit", "one of"):
        return str(said["answer"])
    named = {commits.index(commit) for commit in said["candidates"]}
    allowed = {history.places[0], *history.unbuildable}
    return "right" if history.places[0] in named and named <= allowed else "wrong"


def run(folder: Path, history: History, turns: dict[str, float]) -> Result:
    """Make, measure and judge one history."""
    started = time.monotonic()
    repository, trees = folder / "repository", folder / "trees"
    commits = plant(repository, history, turns)
    results = repository / f"results-{history.name}"
    shutil.rmtree(results, ignore_errors=True)
    describe(results)
    config = settings(repository, results.name)
    shutil.rmtree(trees, ignore_errors=True)
    trees.mkdir()
    checkouts = {}
    for place, commit in enumerate(commits):
        checkouts[place] = trees / str(place)
        checkouts[place].mkdir()
        archive = subprocess.run(["git", "-C", str(repository), "archive", commit], check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", str(checkouts[place])], input=archive.stdout, check=True)
        # As an installation has it: what a process compiles by itself moves its memory.
        compileall.compile_dir(checkouts[place], quiet=1)
    for place, commit in enumerate(commits):
        # As a backend that cannot be installed would leave it: without any result.
        if place not in history.unbuildable:
            found = measure(checkouts[0], checkouts[place], repository / "benchmarks")
            store(results, commit, commits[0], 1_700_000_000 + 86_400 * place, found)
    analysis = watched(asv_config.load(config))
    counts = judged(history, analysis, commits)
    alerts = [
        f"{alert.good}..{alert.bad} " + ", ".join(f"{c.change.series.name} {c.change.ratio:.3f}" for c in alert.changes)
        for alert in analysis.alerts
    ]
    said = bisected(repository, history, commits)
    figures = (counts["found"], counts["missed"], counts["wrong"], counts["false"], counts["counted"])
    return Result(history, *figures, alerts, said, time.monotonic() - started)


def show(results: list[Result]) -> None:
    """Print the table."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        size = f" {result.history.size:+.0%}" if result.history.size and result.history.kind != "quality" else ""
        groups.setdefault(result.history.kind + size, []).append(result)
    print("| planted | histories | commits | found | missed | wrong commit | false groups | in counts | bisect |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for kind, group in groups.items():
        totals = [sum(getattr(r, what) for r in group) for what in ("found", "missed", "wrong", "false", "counted")]
        said = Counter(result.bisect for result in group if result.bisect)
        bisects = ", ".join(f"{count} {answer}" for answer, count in said.items()) or "not asked"
        cells = [kind, len(group), sum(r.history.commits for r in group), *totals, bisects]
        print("| " + " | ".join(map(str, cells)) + " |")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--longest", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=60.0)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    file, repository = given.folder / "results.json", given.folder / "repository"
    results = msgspec.json.decode(file.read_bytes(), type=list[Result]) if file.exists() else []
    if not results:
        make_repository(repository, SUITE)
    done = {result.history.name for result in results}
    turns, deadline = turns_of_a_loop(), time.monotonic() + 60 * given.minutes
    for history in histories(given.rounds, 20, given.longest):
        if history.name not in done and time.monotonic() < deadline:
            results.append(run(given.folder, history, turns))
            file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
            last = results[-1]
            print(f"{history.name} {history.kind} {history.size:+.0%} at {history.places}:", file=sys.stderr)
            print(f"  {last.alerts}, bisect {last.bisect or 'not asked'}, {last.seconds:.0f} s", file=sys.stderr)
    git(repository, "checkout", "--quiet", "main")
    show(results)


if __name__ == "__main__":
    main()
