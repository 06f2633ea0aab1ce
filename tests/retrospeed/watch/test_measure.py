"""Ratios and confirmations, measured on real commits of a scratch repository."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from retrospeed import asv_config, benchmarks_file
from retrospeed.asv_config import Suite
from retrospeed.cli import app
from retrospeed.errors import RetrospeedError
from retrospeed.pairing import Selection
from retrospeed.watch import commit_order, ratio_file
from retrospeed.watch.measure import store_ratios
from tests.retrospeed import doctored
from tests.retrospeed.bisect.scratch_history import Change, ScratchHistory
from tests.retrospeed.gate.scratch_suite import Silent
from tests.retrospeed.watch.histories import stepped

SLOWER, LARGER, UNBUILDABLE = 10, 16, 22
COMMITS = 28
MACHINE = "bench-1"


class Counting(Silent):
    """Counts the runs."""

    def __init__(self) -> None:
        self.runs = 0

    def importing(self) -> None:
        """One more."""
        self.runs += 1


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> ScratchHistory:
    """A tenth commit that doubles the work, as the stored results say; and two more steps that only they know of."""
    changes = [
        Change(units=600 if place >= SLOWER else 300, builds=place != UNBUILDABLE) for place in range(1, COMMITS)
    ]
    made = ScratchHistory(tmp_path_factory.mktemp("measured") / "suite", changes)
    config = json.loads((made.folder / "asv.conf.json").read_text())
    (made.folder / "asv.conf.json").write_text(json.dumps(config | {"results_dir": "results"}))
    stored = doctored.Suite(made.folder, made.hashes)
    stored.describe(
        bench__time_score={"version": None},
        bench__track_size={"type": "track", "unit": "bytes", "version": None},
        bench__Sized__track_product={
            "type": "track",
            "unit": "unit",
            "version": None,
            "params": [["1", "2"]],
            "param_names": ["times"],
        },
    )
    score = stepped(COMMITS, SLOWER, 2.0)
    size = 1e8 * np.where(np.arange(COMMITS) >= LARGER, 1.5, 1.0)
    product = np.where(np.arange(COMMITS) >= UNBUILDABLE, 2000.0, 1000.0)
    for place, commit in enumerate(made.hashes):
        stored.measured(
            commit,
            {
                "bench.time_score": doctored.Given([float(score[place])]),
                "bench.track_size": doctored.Given([float(size[place])]),
                "bench.Sized.track_product": doctored.Given(
                    [float(product[place]), float(product[place])], params=[["1", "2"]]
                ),
            },
        )
    return made


@pytest.fixture
def suite(history: ScratchHistory) -> Suite:
    return asv_config.load(history.folder / "asv.conf.json")


def test_confirm_tells_what_is_there_from_what_is_not(history: ScratchHistory) -> None:
    file = history.folder / ".asv" / "watch.json"
    result = CliRunner().invoke(
        app, ["watch", "--config", str(history.folder / "asv.conf.json"), "--confirm", "--json", str(file)]
    )
    assert result.exit_code == 1, result.output
    told = {
        alert["commits"][-1]: alert["confirmation"]
        for alert in json.loads(file.read_text())["alerts"]
        if alert["severity"] == "severe"
    }
    assert told == {
        history.hashes[SLOWER]: "confirmed",
        history.hashes[LARGER]: "not reproduced",
        history.hashes[UNBUILDABLE]: "unconfirmed",
    }
    good, bad = history.hashes[UNBUILDABLE - 1], history.hashes[UNBUILDABLE]
    assert f"retrospeed: {good[:8]}..{bad[:8]} was not measured again: " in result.output


def test_ratios_are_measured_once_and_read_as_a_series(history: ScratchHistory, suite: Suite) -> None:
    reference, commit = history.hashes[0], history.hashes[SLOWER]
    counting = Counting()
    selection = Selection.of("time_score", None, None)
    paths = {store_ratios(suite, MACHINE, reference, commit, counting, selection=selection) for _ in range(2)}
    assert counting.runs == 1
    (path,) = paths
    (one,) = ratio_file.read(path).series
    assert one.ratio is not None and 1.6 < one.ratio < 2.4
    assert len(one.commit) == len(one.reference) >= 6

    order = commit_order.order(suite.repository, dict.fromkeys(history.hashes, 0))
    found, unreadable = ratio_file.load(suite.results_dir, MACHINE, order, benchmarks_file.read(suite.results_dir))
    assert unreadable == []
    assert [(one.name, one.positions.tolist(), one.is_ratio) for one in found] == [("bench.time_score", [10], True)]

    # One that was cut off is named by those who read it, and measured anew.
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    _, (sentence,) = ratio_file.load(suite.results_dir, MACHINE, order, benchmarks_file.read(suite.results_dir))
    assert str(path) in sentence
    store_ratios(suite, MACHINE, reference, commit, counting, selection=selection)
    assert counting.runs == 2
    assert ratio_file.read(path).reference == reference
    # Ratios to another reference are other ratios.
    store_ratios(suite, MACHINE, history.hashes[1], commit, counting, selection=selection)
    assert counting.runs == 3
    assert ratio_file.read(path).reference == history.hashes[1]


def test_a_commit_that_does_not_build_has_no_ratios(history: ScratchHistory, suite: Suite) -> None:
    bad = history.hashes[UNBUILDABLE]
    with pytest.raises(RetrospeedError, match=bad[:8]):
        store_ratios(suite, MACHINE, history.hashes[0], bad, Silent())
    folder: Path = suite.results_dir / MACHINE / ratio_file.FOLDER
    assert not list(folder.glob(f"{bad[:8]}*"))
