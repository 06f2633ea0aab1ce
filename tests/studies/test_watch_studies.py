"""The studies of the history: they run, and tell what was planted from what was not."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from retrospeed.thresholds import built_in
from retrospeed.watch.analysis import Rule

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.fixture(autouse=True)
def _beside_each_other(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDIES))


def test_a_measured_history_is_judged_by_what_was_planted_in_it(tmp_path, monkeypatch):
    histories, planted = (importlib.import_module(name) for name in ("watch_histories", "planted_history"))
    repositories = importlib.import_module("packaging_repository")
    monkeypatch.setattr(histories, "PAIRS", 1)
    monkeypatch.setattr(histories, "bisected", lambda *_: "")
    loss = frozenset({"suite.track_match_loss"})
    history = planted.History("history-small", "quality", 14, 0.1, (9,), loss, unbuildable=(5, 8), docs_only=(3, 6))
    repositories.make_repository(tmp_path / "repository", planted.SUITE)
    result = histories.run(tmp_path, history, {"parse": 1.0, "match": 1.0})
    assert (result.found, result.missed, result.wrong) == (1, 0, 0)
    results = tmp_path / "repository" / "results-history-small" / "scratch"
    assert len([path for path in results.glob("*.json") if path.name != "machine.json"]) == 12
    counts = {}
    for path in results.glob("*-existing.json"):
        told = json.loads(path.read_text())["results"]
        counts.setdefault(told["suite.track_lines_match"][0][0], []).append(told["suite.track_match_loss"][0][0])
    assert all(len(set(losses)) == 1 for losses in counts.values())


def test_planted_histories_hold_what_they_say():
    planted = importlib.import_module("planted_history")
    made = planted.histories(2, 20, 60)
    assert {history.kind for history in made} == {kind for kind, _, _ in planted.KINDS}
    for history in made:
        assert 20 <= history.commits <= 60
        assert not {*history.places} & {*history.unbuildable, *history.docs_only}
        assert history.part(0) == 0.0
        end = history.part(history.commits - 1)
        assert end == (0.0 if history.kind in ("nothing", "undone") else 1.0)
    undone = next(history for history in made if history.kind == "undone")
    assert [undone.part(place) for place in undone.places] == [1.0, 0.0]


def test_a_large_archive_is_read_whole(tmp_path):
    scale = importlib.import_module("watch_scale")
    written = scale.write(tmp_path / "archive", 40, 9)
    seconds, memory, code = scale.judged(tmp_path / "archive", "shared")
    told = json.loads((tmp_path / "archive" / "shared.json").read_text())
    assert code in (0, 1, 4)
    assert seconds > 0 and 20 < memory < 2000
    assert told["points"] == written["shared"][0]


def test_the_detector_study_finds_what_is_plain_and_only_that():
    detector = importlib.import_module("watch_detector")
    rng = np.random.default_rng(2)
    quiet = [detector.noise(rng, 40, 0.01, "AR(1) 0.5") for _ in range(6)]
    assert detector.changes(quiet, built_in(), Rule.STEPS) == []
    quiet[2][25:] += 0.3
    assert [(change.series.name, change.likeliest) for change in detector.changes(quiet, built_in(), Rule.STEPS)] == [
        ("drawn.time_2", (24, 25))
    ]


def test_no_test_beats_the_bound(capsys, monkeypatch):
    bound = importlib.import_module("step_bound")
    monkeypatch.setattr(sys, "argv", ["step_bound", "--trials", "1500"])
    bound.main()
    middle = next(line for line in capsys.readouterr().out.splitlines() if "middle third" in line)
    nothing_known, noise_known, best, safe = (float(cell.strip().rstrip("%")) for cell in middle.split("│")[2:6])
    assert 90 < nothing_known < noise_known
    assert nothing_known - 3 < best
    assert safe < best
