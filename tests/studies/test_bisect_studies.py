"""The studies of the bisection: they run, and tell right answers from wrong ones."""

import importlib
import random
import statistics
import subprocess
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest
from studies.bisect_simulation import NOISES, Row, is_right, line, simulate

from retrospeed.bisect.confirmation import Estimate
from retrospeed.bisect.posterior import Posterior
from retrospeed.bisect.search import Answer, Kind

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bisect_histories(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "studies"))
    return importlib.import_module("bisect_histories")


@pytest.mark.parametrize(
    ("kind", "low", "high", "culprit", "unbuildable", "right"),
    [
        (Kind.CULPRIT, 4, 5, 5, set(), True),
        (Kind.CULPRIT, 5, 6, 5, set(), False),
        (Kind.GROUP, 4, 6, 5, {5}, True),
        (Kind.GROUP, 4, 6, 6, {5}, True),
        (Kind.GROUP, 4, 6, 5, set(), False),
        (Kind.BETWEEN, 4, 5, 5, set(), False),
        (Kind.NONE, 0, 9, 5, set(), False),
        (Kind.NONE, 0, 9, 0, set(), True),
        (Kind.CULPRIT, 4, 5, 0, set(), False),
    ],
)
def test_only_the_whole_truth_is_right(kind, low, high, culprit, unbuildable, right) -> None:
    nothing = Estimate(0.0, 0.0, 0.0, 6)
    unused: Posterior = None  # type: ignore[assignment]
    assert is_right(Answer(kind, low, high, 0.99, nothing, nothing, unused), culprit, unbuildable) is right


@pytest.mark.parametrize("noise", sorted(NOISES))
def test_noise_is_in_robust_standard_deviations(noise) -> None:
    sizes = [abs(x) for seed in range(60) for x in islice(NOISES[noise](random.Random(seed)), 150)]
    assert 1.4826 * statistics.median(sizes) == pytest.approx(1.0, rel=0.2)


def test_a_row_of_the_table_adds_up() -> None:
    outcomes = [simulate(Row("row", 6.0, commits=16), seed) for seed in range(4)]
    cells = [cell.strip() for cell in line(Row("row", 6.0), outcomes).strip("|").split("|")]
    assert cells[:2] == ["row", "4"]
    assert sum(float(cell.rstrip("%")) for cell in cells[2:6]) == pytest.approx(100)


def test_a_planted_history_is_what_it_says(tmp_path: Path, bisect_histories: ModuleType) -> None:
    history = bisect_histories.History("history-x", 6, 4, -0.5, False, (2,), (3,))
    repositories = importlib.import_module("packaging_repository")
    repositories.make_repository(tmp_path / "repository", bisect_histories.SUITE)
    bisect_histories.plant(tmp_path / "repository", history, 1000.0)

    def source(place: int) -> str:
        revision = f"history-x~{6 - place}:packaging/requirements.py"
        command = ["git", "-C", str(tmp_path / "repository"), "show", revision]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    planted = [bisect_histories.PLANT.format(rounds=1000) in source(place) for place in range(7)]
    assert planted == [True, True, True, True, False, False, False]
    git = ["git", "-C", str(tmp_path / "repository"), "log", "--format=", "--name-only"]
    command = [*git, "history-x~4^!", "history-x~3^!"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert set(names) == {"README.md", "pyproject.toml"}
    # Slow or not, both parse.
    program = "from packaging.requirements import Requirement; Requirement('a>=1')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path / "repository", check=True)


def test_the_histories_of_the_study_cover_what_they_should(bisect_histories: ModuleType) -> None:
    made = bisect_histories.histories(20)
    assert all(20 <= history.commits <= 60 for history in made)
    assert all(history.culprit not in history.unbuildable + history.docs_only for history in made)
    assert all(history.unbuildable and history.docs_only for history in made)
    assert {abs(history.step) for history in made} >= {0.0, 0.05, 0.1, 0.2, 0.5, 1.0}
    assert any(history.memory for history in made) and any(history.step < 0 for history in made)
    assert made == bisect_histories.histories(20)
