"""Our marks against those of asv, run for real on doctored results and on a real archive."""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from asv.commands.compare import Compare
from asv.config import Config

from retrospeed.marks import INSIGNIFICANT, SAME, asv_mark
from retrospeed.pairing import Selection, pair
from retrospeed.result_store import ResultStore
from tests.retrospeed.doctored import MACHINE, Given, timing

FACTORS = [1.02, 1.1, 1.5]

# Ratio, noise and number of samples.
TIMINGS = [
    (1.0, 0.02, 10),
    (1.3, 0.02, 10),
    (1 / 1.3, 0.02, 10),
    (1.05, 0.3, 10),
    (1.3, 0.3, 10),
    (1.3, 0.02, 5),
    (1.3, 0.02, 6),
    (1.3, 0.001, 7),
    (1.3, 0.02, 30),
    (1.12, 0.05, 12),
    (1.08, 0.01, 12),
    (0.5, 0.2, 8),
]


def rows(table: str) -> dict[str, str]:
    """Marks by benchmark from asv's table, the tilde of its ratio column standing in for an empty mark."""
    marks = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 5 and cells[0] != "Change" and not cells[0].startswith("---"):
            mark, _, _, ratio, name = cells
            marks[name] = mark or (INSIGNIFICANT if ratio.startswith("~") else SAME)
    return marks


def ours(store: ResultStore, machine: str, base: str, head: str, factor: float) -> dict[str, str]:
    pairing = pair(store.load(machine, base), store.load(machine, head), Selection())
    environments = {p.environment for p in pairing.pairs} | {n.split()[0] for n in pairing.unpaired_environments}
    assert not pairing.unpaired_environments
    return {
        f"{p.key} [{machine}/{p.environment}]" if len(environments) > 1 else str(p.key): asv_mark(
            p.base, p.head, factor, same_version=p.same_version
        )
        for p in pairing.pairs
    }


@pytest.fixture
def measured(suite):
    nan = float("nan")
    params = [["'small'", "'large'"], ["1", "2"]]
    sides: list[dict[str, Given]] = [{}, {}]
    for number, (ratio, noise, count) in enumerate(TIMINGS):
        for kept in (True, False):
            name = f"t.time_{number}_{kept}"
            sides[0][name] = timing(1.0, noise=noise, count=count, seed=number, record_samples=kept)
            sides[1][name] = timing(ratio, noise=noise, count=count, seed=100 + number, record_samples=kept)
    before: list[float | None] = [1.0, None, nan, 0.0]
    for i, left in enumerate(before):
        for j, right in enumerate([*before, 1.3, 0.5]):
            sides[0][f"t.track_{i}{j}"] = Given([left])
            sides[1][f"t.track_{i}{j}"] = Given([right])
    sides[0]["t.versions"], sides[1]["t.versions"] = timing(1.0), timing(2.0, version="2")
    sides[0]["t.gone"], sides[1]["t.added"] = timing(1.0), timing(1.0)
    sides[0]["t.grid"] = Given([[1.0, 1.1] * 5, None, 2.0, nan], params=params)
    sides[1]["t.grid"] = Given([[2.0, 2.1] * 5, 1.0, 3.0, 1.0], params=params)
    sides[0]["t.ties"] = Given([[1.0] * 5 + [2.0] * 5])
    sides[1]["t.ties"] = Given([[2.0] * 8 + [3.0] * 2])
    for commit, side in zip(suite.commits, sides, strict=False):
        suite.measured(commit, side)
    return suite


@pytest.mark.parametrize("factor", FACTORS)
def test_marks_agree_with_the_asv_compare_command(measured, factor):
    base, head = measured.commits[:2]
    command = [sys.executable, "-m", "asv", "compare", base, head, "--factor", str(factor), "--machine", MACHINE]
    done = subprocess.run(command, cwd=measured.root, capture_output=True, text=True, check=True)
    theirs = rows(done.stdout)
    assert len(theirs) == 56
    assert ours(ResultStore(measured.root / "results"), MACHINE, base, head, factor) == theirs


def test_the_doctored_results_bring_out_every_mark(measured):
    base, head = measured.commits[:2]
    marks = ours(ResultStore(measured.root / "results"), MACHINE, base, head, 1.1)
    assert set(marks.values()) == set("+-!*x ~")


def test_marks_agree_with_asv_compare_on_a_real_archive():
    data = os.environ.get("RETROSPEED_DATA")
    if not data:
        pytest.skip("RETROSPEED_DATA is not set: the archive of real results is not at hand")
    folder = Path(data) / "asv-results" / "kedro" / "results"
    store, machine = ResultStore(folder), "github-actions"
    config = Config()
    config.results_dir = str(folder)
    history = store.history(machine).results
    pairs = [
        (old.commit, new.commit)
        for old, new in zip(history[:-7], history[7:], strict=True)
        if old.environment == new.environment and len(old.series) > 3
    ][::3]
    assert len(pairs) > 100
    seen = set()
    for number, (old, new) in enumerate(pairs):
        factor = FACTORS[number % len(FACTORS)]
        printed = io.StringIO()
        with redirect_stdout(printed):
            Compare.print_table(config, old, new, factor, split=False, machine=machine)
        theirs = rows(re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue()))
        assert ours(store, machine, old, new, factor) == theirs, (old, new, factor)
        seen |= set(theirs.values())
    assert seen >= set("+- ~")
