"""Histories with known changes in known commits, of the `packaging` library as it is installed here.

A branch a history: 20 to 60 commits, one layer parses requirements, the other matches versions. Planted are loops that
turn so often, answers that are wrong, and memory that is kept; some commits do not build, some touch only the
documentation, the others append a line or more to a module drawn at random.
"""

import json
import random
import timeit
from pathlib import Path

import msgspec
import packaging
from packaging.requirements import Requirement

from packaging_repository import commit_all, git, write_innocent_change

TEXT = 'name[extra]>=1.2.3,<9; python_version > "3.8"'
SUITE = f"""
import sys

TEXT = {TEXT!r}
VERSIONS = [f"{{n % 11}}.{{n % 7}}.{{n}}" for n in range(60)]


def lines(function):
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(None)
    return count


def time_parse():
    from packaging.requirements import Requirement
    for _ in range(50):
        Requirement(TEXT)


def time_match():
    from packaging.specifiers import SpecifierSet
    versions = SpecifierSet(">=1.2.3,<9")
    for version in VERSIONS:
        versions.contains(version)


def track_lines_parse():
    time_parse()
    return lines(time_parse)


def track_lines_match():
    time_match()
    return lines(time_match)


def track_match_loss():
    from packaging.specifiers import SpecifierSet
    versions = SpecifierSet(">=1.2.3,<9")
    truth = [(1, 2, 3) <= tuple(map(int, version.split("."))) < (9,) for version in VERSIONS]
    return sum(versions.contains(v) != right for v, right in zip(VERSIONS, truth)) / len(VERSIONS)


def peakmem_parse():
    time_parse()


time_parse.layer = track_lines_parse.layer = peakmem_parse.layer = "parse"
time_match.layer = track_lines_match.layer = track_match_loss.layer = "match"
track_lines_parse.unit = track_lines_match.unit = "lines"
track_match_loss.unit = "loss"
track_lines_parse.deterministic = track_lines_match.deterministic = track_match_loss.deterministic = True
for function in (time_parse, time_match, track_lines_parse, track_lines_match, track_match_loss, peakmem_parse):
    function.version = "1"
"""
PARSE = """

from itertools import repeat

_MEMORY = bytearray(b"x") * {memory}
_init = Requirement.__init__


def _planted(self, requirement_string):
    for _ in repeat(None, {parse}):
        pass
    _init(self, requirement_string)


Requirement.__init__ = _planted
"""
MATCH = """

from itertools import repeat

_contains = SpecifierSet.contains


def _planted(self, item, prereleases=None, installed=None):
    for _ in repeat(None, {match}):
        pass
    if {wrong} and str(item).endswith("7"):
        return False
    return _contains(self, item, prereleases, installed)


SpecifierSet.contains = _planted
"""
MEMORY_BEFORE = 20_000_000
PARSING = frozenset({"suite.time_parse", "suite.track_lines_parse"})
MATCHING = frozenset({"suite.time_match", "suite.track_lines_match"})


class History(msgspec.Struct, frozen=True):
    """What is planted in a branch."""

    name: str
    kind: str
    commits: int
    size: float
    """Relative change of a time, or of the memory kept."""
    places: tuple[int, ...]
    """Commits that change something: one, or the one that undoes it too, or first and last of a gradual change."""
    series: frozenset[str]
    unbuildable: tuple[int, ...]
    docs_only: tuple[int, ...]

    def part(self, place: int) -> float:
        """How much of the size is there at a commit."""
        if not self.places or place < self.places[0]:
            return 0.0
        if self.kind == "gradual":
            return min(1.0, (place - self.places[0] + 1) / (self.places[1] - self.places[0] + 1))
        return float(len(self.places) == 1 or place < self.places[1])


KINDS = (
    ("one layer", 0.03, PARSING),
    ("one layer", 0.05, MATCHING),
    ("one layer", 0.10, PARSING),
    ("one layer", 0.30, MATCHING),
    ("one layer", 1.00, PARSING),
    ("one layer", -0.10, MATCHING),
    ("one layer", -0.40, PARSING),
    ("two layers", 0.20, PARSING | MATCHING),
    ("undone", 0.30, PARSING),
    ("gradual", 0.50, MATCHING),
    ("quality", 0.10, frozenset({"suite.track_match_loss"})),
    ("memory", 1.00, frozenset({"suite.peakmem_parse"})),
    ("nothing", 0.0, frozenset[str]()),
)


def histories(rounds: int, shortest: int, longest: int) -> list[History]:
    """Each kind so many times, always the same."""
    made = []
    for number in range(rounds * len(KINDS)):
        kind, size, series = KINDS[number % len(KINDS)]
        chance = random.Random(f"planted {number}")
        commits = chance.randint(shortest, longest)
        place = chance.randint(5, commits - 5)
        places: tuple[int, ...] = (place,) if size else ()
        if kind == "undone":
            start = chance.randint(5, commits - 12)
            places = (start, start + 7)
        if kind == "gradual":
            places = (commits // 4, commits - commits // 4)
        changing = range(places[0], places[1] + 1) if kind == "gradual" else places
        others = [p for p in range(1, commits - 1) if p not in changing]
        broken = chance.sample(others, round(0.08 * commits))
        docs = chance.sample([p for p in others if p not in broken], round(0.2 * commits))
        made.append(
            History(f"history-{number:02}", kind, commits, size, places, series, tuple(sorted(broken)), tuple(docs))
        )
    return made


def plant(folder: Path, history: History, turns: dict[str, float]) -> list[str]:
    """Make the branch; its commits, oldest first. `turns` of a loop take as long as each layer's work."""
    chance = random.Random(history.name)
    git(folder, "checkout", "--quiet", "-B", history.name, "main")
    plain = {name: (folder / "packaging" / name).read_text() for name in ("requirements.py", "specifiers.py")}
    tails = dict.fromkeys(plain, "")
    commits = []
    for place in range(history.commits):
        if place:
            docs_only, broken = place in history.docs_only, place in history.unbuildable
            module, added = write_innocent_change(folder, place, chance, docs_only=docs_only, broken=broken)
            if module in tails:
                tails[module] += added
        here = _planted(history, place, turns)
        for name, text in (("requirements.py", PARSE), ("specifiers.py", MATCH)):
            (folder / "packaging" / name).write_text(plain[name] + text.format(**here) + tails[name])
        commits.append(commit_all(folder, place))
    return commits


def turns_of_a_loop() -> dict[str, float]:
    """How often an empty loop turns while a requirement is parsed, and while a version is matched."""
    turn = min(
        timeit.repeat("for _ in repeat(None, 1_000): pass", "from itertools import repeat", number=200, repeat=30)
    )
    turn /= 200_000
    versions = packaging.specifiers.SpecifierSet(">=1.2.3,<9")
    work = {"parse": lambda: Requirement(TEXT), "match": lambda: versions.contains("3.4.5")}
    return {name: min(timeit.repeat(do, number=200, repeat=30)) / 200 / turn for name, do in work.items()}


def _planted(history: History, place: int, turns: dict[str, float]) -> dict[str, int]:
    part, size = history.part(place), history.size
    # A step down is a step up that was there from the beginning, of such a size that its end has the asked ratio.
    cost = size * part if size > 0 else (1 / (1 + size) - 1) * (1 - part)
    timed = history.kind not in ("quality", "memory")
    return {
        "parse": round(turns["parse"] * cost) if timed and history.series >= PARSING else 0,
        "match": round(turns["match"] * cost) if timed and history.series >= MATCHING else 0,
        "wrong": int(history.kind == "quality" and part > 0),
        "memory": round(MEMORY_BEFORE * (1 + (size * part if history.kind == "memory" else 0))),
    }


def settings(folder: Path, results: str) -> Path:
    """Write the configuration with results of this name; its path."""
    path = folder / "asv.conf.json"
    content = {"version": 1, "project": "packaging", "repo": ".", "branches": ["HEAD"], "results_dir": results}
    path.write_text(json.dumps(content | {"environment_type": "existing", "env_dir": ".asv/env"}))
    return path
