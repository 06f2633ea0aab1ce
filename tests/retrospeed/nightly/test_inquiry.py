"""Suspects are measured on real commits, laid to the commits that did it, and never looked into twice."""

from pathlib import Path

import pytest

from retrospeed import asv_config
from retrospeed.nightly import state
from retrospeed.nightly.inquiry import Inquiry, Means
from retrospeed.nightly.state import State
from retrospeed.nightly.suspicion import Suspect
from tests.retrospeed.bisect.scratch_history import Change, ScratchHistory
from tests.retrospeed.gate.scratch_suite import Silent

LARGER, SLOWER, UNBUILDABLE = 2, 3, 5
BENCHMARKS = """
import work


def track_size():
    return work.SIZE


def track_twice():
    return 2 * work.SIZE


def track_late():
    return 3 * work.SIZE


def track_units():
    return work.UNITS


def track_same():
    return 7
"""


class Quiet:
    """A watcher of bisections that tells nobody."""

    def preparing(self, commits):
        """Nothing."""

    def probing(self, commit, probe, step, measured):
        """Nothing."""

    def unmeasurable(self, commit, why):
        """Nothing."""

    def note(self, text):
        """Nothing."""


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Five commits: the second doubles the size, the third the work, the fifth does not build."""
    changes = [
        Change(
            size=2000 if place >= LARGER else 1000,
            units=600 if place >= SLOWER else 300,
            builds=place != UNBUILDABLE,
        )
        for place in range(1, 6)
    ]
    return ScratchHistory(tmp_path_factory.mktemp("inquiry") / "suite", changes, BENCHMARKS)


class Inquirer:
    """Has suspects looked into, with what earlier inquiries found."""

    def __init__(self, history: ScratchHistory, issues: Path) -> None:
        self.history = history
        self.state = State(machine="m")
        self.issues = issues
        self.told: list[str] = []

    def ask(self, good: int, bad: int, *names: str) -> Inquiry:
        suite = asv_config.load(self.history.folder / "asv.conf.json")
        means = Means(
            suite=suite,
            repository=self.history.folder,
            environment=None,
            thresholds_file=None,
            rounds=2,
            issue_dir=self.issues,
            watcher=Quiet(),
            progress=Silent(),
            tell=self.told.append,
        )
        self.told.clear()
        inquiry = Inquiry(self.state, means)
        hashes = self.history.hashes
        inquiry.look_into([Suspect(tuple(f"bench.track_{name}" for name in names), hashes[good], hashes[bad])])
        assert state.load(suite.root, "m") == self.state or not self.told
        return inquiry


def test_what_changed_together_is_told_apart_by_its_commits(history, tmp_path):
    inquirer = Inquirer(history, tmp_path)
    inquiry = inquirer.ask(0, 4, "same", "size", "twice", "units")
    assert inquiry.missing == []
    by_size, by_units = (inquirer.state.cases[key] for key in inquiry.keys)
    assert (by_size.benchmark, by_size.culprit) == ("bench.track_size", history.hashes[LARGER])
    assert list(by_size.also) == ["bench.track_twice"]
    assert by_size.also["bench.track_twice"].startswith("severe: 100 % ")
    assert by_size.cleared == ["bench.track_same"]
    assert (by_units.benchmark, by_units.culprit) == ("bench.track_units", history.hashes[SLOWER])
    assert by_units.also == {}
    assert sorted(path.name for path in tmp_path.glob("*.md")) == sorted(
        f"{history.hashes[place][:8]}-bench-track-{name}.md" for place, name in ((LARGER, "size"), (SLOWER, "units"))
    )
    text = Path(by_size.issue_file).read_text(encoding="utf-8")
    assert "- `bench.track_twice`: severe: 100 % " in text
    assert history.hashes[LARGER] in text

    # A later night sees the same from another side: nothing is measured, or told as something new.
    again = inquirer.ask(1, 4, "same", "twice", "size")
    assert (again.keys, inquirer.told) == ([inquiry.keys[0]], [])

    # Another benchmark leads to the same commit, of which people know.
    joined = inquirer.ask(1, 2, "late")
    assert joined.keys == [inquiry.keys[0]]
    assert "bench.track_late" in by_size.also
    assert len(inquirer.state.cases) == 2
    assert len([*tmp_path.glob("*.md")]) == 2


def test_what_is_not_there_any_more_is_a_closed_case(history, tmp_path):
    inquirer = Inquirer(history, tmp_path)
    (key,) = inquirer.ask(3, 4, "units", "same").keys
    case = inquirer.state.cases[key]
    assert case.classification == "unchanged"
    assert "and 1 more looked worse" in case.headline
    assert inquirer.ask(3, 4, "same").keys == [key]
    assert inquirer.told == []
    assert not [*tmp_path.iterdir()]


def test_what_cannot_be_measured_is_said_once(history, tmp_path):
    inquirer = Inquirer(history, tmp_path)
    inquiry = inquirer.ask(4, UNBUILDABLE, "size")
    (line,) = inquiry.missing
    assert "bench.track_size" in line
    assert history.hashes[UNBUILDABLE][:8] in line
    (case,) = inquirer.state.cases.values()
    assert case.classification == "inconclusive"
    again = inquirer.ask(4, UNBUILDABLE, "size")
    assert (again.missing, again.keys, inquirer.told) == ([], inquiry.keys, [])
