"""The command on real repositories: it names the planted commit, says "none", resumes, and leaves nothing behind."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.retrospeed.bisect.scratch_history import Change, ScratchHistory
from tests.retrospeed.gate.test_behaviour import processes_with
from tests.retrospeed.gate.test_interruption import marked

CULPRIT = 9
SLOWER = 600


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> ScratchHistory:
    """Twenty commits; the ninth doubles the work, and a later one the size. Some do not build, some are idle."""
    changes = [
        Change(
            units=SLOWER if place >= CULPRIT else 300,
            size=2000 if place >= 15 else 1000,
            builds=place not in (10, 13),
            docs_only=place in (4, 8),
        )
        for place in range(1, 21)
    ]
    return ScratchHistory(tmp_path_factory.mktemp("slower") / "suite", changes)


def test_the_planted_commit_is_named(slower: ScratchHistory) -> None:
    code, output, found = slower.bisect("bench.time_score")
    assert code == 1
    assert found["answer"] == "culprit" and found["candidates"] == [slower.hashes[CULPRIT]]
    assert found["parent"] == slower.hashes[CULPRIT - 1]
    assert found["classification"] == "severe"
    assert 1.7 < found["change"]["ratio"] < 2.3
    assert found["change"]["ratio_low"] < found["change"]["ratio"] < found["change"]["ratio_high"]
    assert found["probability"] >= 0.97
    assert f"{slower.hashes[CULPRIT][:8]} made bench.time_score" in output and "change 9" in output
    assert f"retrospeed gate {slower.hashes[CULPRIT - 1][:12]} {slower.hashes[CULPRIT][:12]}" in output
    weights = [commit.get("weight") for commit in found["commits"]]
    assert weights[0] is None and 0 < weights[4] < weights[5] / 10


def test_the_end_of_one_search_is_the_answer_of_the_next(slower: ScratchHistory) -> None:
    _, _, first = slower.bisect("bench.time_score", "--direction", "any")
    code, output, again = slower.bisect("bench.time_score")
    assert (code, again["candidates"], again["pairs"]) == (1, first["candidates"], first["pairs"])
    assert "pairs were measured before and are used" in output


def test_numbers_that_a_benchmark_tells_need_one_pair_a_commit(slower: ScratchHistory) -> None:
    code, output, found = slower.bisect("track_product(2)", "--fail-on", "never")
    assert (code, found["candidates"]) == (0, [slower.hashes[15]])
    assert found["change"] == found["change"] | {"ratio": 2.0, "ratio_low": 2.0, "ratio_high": 2.0}
    assert found["pairs"] <= 12 and "exactly, every time" in output


def test_to_the_better_is_no_failure_and_not_what_was_asked(tmp_path: Path) -> None:
    suite = ScratchHistory(tmp_path / "suite", [Change(size=1000 if place < 4 else 500) for place in range(1, 7)])
    code, output, found = suite.bisect("bench.track_size")
    assert (code, found["classification"], found["candidates"]) == (0, "improved", [suite.hashes[4]])
    code, output, found = suite.bisect("bench.track_size", "--direction", "worse")
    assert (code, found["answer"], found["candidates"]) == (0, "none", [])
    assert "No commit in this range made bench.track_size worse" in output


def test_nothing_changed(tmp_path: Path) -> None:
    suite = ScratchHistory(tmp_path / "suite", [Change() for _ in range(6)])
    code, output, found = suite.bisect("bench.time_score")
    assert (code, found["answer"], found["candidates"]) == (0, "none", [])
    assert "No commit in this range changed bench.time_score by more than" in output
    code, output, found = suite.bisect("bench.track_size")
    assert code == 0 and "it is the same at" in output


def test_commits_that_do_not_build_are_named_with_their_neighbour(tmp_path: Path) -> None:
    changes = [Change(size=1000 if place < 3 else 1500, builds=place not in (3, 4)) for place in range(1, 8)]
    suite = ScratchHistory(tmp_path / "suite", changes)
    code, output, found = suite.bisect("bench.track_size")
    assert (code, found["answer"], found["candidates"]) == (4, "one of", suite.hashes[3:6])
    assert f"{suite.hashes[3][:8]} could not be measured" in output
    assert found["commits"][3]["unmeasurable"]


def test_an_end_that_does_not_build_is_an_error(tmp_path: Path) -> None:
    suite = ScratchHistory(tmp_path / "suite", [Change(), Change(builds=False)])
    code, output, found = suite.bisect("bench.track_size")
    assert (code, found) == (2, None)
    assert "Both ends of the range have to be measured" in output and suite.hashes[-1][:8] in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["HEAD", "bench.time_score"], "is not a range"),
        (["HEAD..HEAD", "bench.time_score"], "holds no commit"),
        (["nonsense..HEAD", "bench.time_score"], "nonsense names no commit"),
        (["HEAD..HEAD~3", "bench.time_score"], "is not an ancestor of"),
        (["HEAD~3..HEAD", "track_"], "matches 3 series"),
        (["HEAD~3..HEAD", "no_such"], "No benchmark of the suite matches"),
        (["HEAD~3..HEAD", "("], "is not a regular expression"),
    ],
)
def test_what_cannot_be_understood_is_said_in_one_sentence(slower: ScratchHistory, arguments, said) -> None:
    with slower.start(*arguments) as process:
        output, _ = process.communicate()
    assert process.returncode == 2, output
    assert said in output and "Traceback" not in output


SLEEP = f"86397.{os.getpid()}"
SLOW = f"""
import subprocess

import work


def track_size():
    subprocess.Popen(["sleep", "{SLEEP}"], start_new_session=True)
    return work.SIZE
"""


def test_an_interrupted_search_goes_on_and_a_torn_file_is_skipped(tmp_path: Path) -> None:
    changes = [Change(size=1000 if place < 30 else 1500) for place in range(1, 41)]
    suite = ScratchHistory(tmp_path / "suite", changes, SLOW)
    root = suite.folder / ".asv" / "retrospeed" / "bisect"
    with suite.start(f"{suite.hashes[0]}..HEAD", "bench.track_size") as process:
        deadline = time.monotonic() + 60
        while len(list(root.glob("*/pair-*.json"))) < 4:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    assert "the same command goes on from here" in output and "Traceback" not in output
    assert processes_with(SLEEP) == []
    assert [folder for folder in marked() if "bisect-" in folder] == []
    kept = sorted(root.glob("*/pair-*.json"))
    assert [json.loads(path.read_text())["pair"]["base"] for path in kept[:2]] == [[1000.0], [1000.0]]
    kept[1].write_bytes(kept[1].read_bytes()[:50])
    code, output, found = suite.bisect("bench.track_size")
    assert (code, found["candidates"]) == (1, [suite.hashes[30]])
    assert f"{len(kept) - 1} pairs were measured before" in output
    assert f"{kept[1]} was skipped" in output
    _, output, fresh = suite.bisect("bench.track_size", "--fresh")
    assert fresh["candidates"] == found["candidates"] and "measured before" not in output


def test_asv_without_an_answer_is_no_hindrance(tmp_path: Path) -> None:
    changes = [Change(size=1000 if place < 5 else 1500) for place in range(1, 9)]
    suite = ScratchHistory(tmp_path / "suite", changes)
    code, output, found = suite.bisect("bench.track_size", "--first-guess", "asv")
    assert (code, found["candidates"]) == (1, [suite.hashes[5]])
    # asv's environment of type "existing" has no commits of its own: it cannot answer, and that is said.
    assert "no first guess, going on without one" in output
    assert found["first_guess"] == ""
