"""Whole backfills: real workers, real asv, real commits."""

import json
import os
import signal
import sys
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from retrospeed import benchmarks_file
from retrospeed.cli import app
from retrospeed.result_store import ResultStore
from tests.retrospeed.backfill.conftest import Cluster, until
from tests.retrospeed.backfill.scratch_range import SUITE, ScratchRange

# Tells when it ran, on which machine and for which commit; holds while there is a file `hold`, once.
WATCHED = """
import os
import time
from pathlib import Path

import toy

FOLDER = Path({folder!r})


def track_turn():
    began = time.time()
    hold = FOLDER / "hold"
    if hold.exists() and hold.read_text() in ("", os.environ["ASV_COMMIT"]):
        (FOLDER / "held").write_text(f"{{os.getpid()}} {{os.environ['ASV_COMMIT']}}")
        while hold.exists():
            time.sleep(0.05)
    time.sleep(0.2)
    with (FOLDER / "turns").open("a") as turns:
        turns.write(f"{{os.environ['RETROSPEED_MACHINE']}} {{os.environ['ASV_COMMIT']}} {{began}} {{time.time()}}\\n")
    return toy.VALUE


track_turn.version = "1"
"""


class Turns:
    """What the watched benchmark told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.hold = folder / "hold"
        self.held = folder / "held"
        self.suite = WATCHED.format(folder=str(folder))

    def __call__(self) -> list[tuple[str, str, float, float]]:
        """Machine, commit, begin and end of each measurement."""
        file = self.folder / "turns"
        rows = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [(machine, commit, float(began), float(ended)) for machine, commit, began, ended in rows]

    def commits(self) -> list[str]:
        return sorted(commit for _, commit, _, _ in self())


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(tmp_path / "turns")


def planned(scratch: ScratchRange, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """State and reason of each commit, by --dry-run, on machine alpha."""
    monkeypatch.chdir(scratch.folder)
    monkeypatch.setenv("RETROSPEED_MACHINE", "alpha")
    done = CliRunner().invoke(app, ["backfill", "HEAD", "--dry-run", "--json", "plan.json"])
    assert done.exit_code == 0, done.output
    return [(row["state"], row["why"]) for row in json.loads(Path("plan.json").read_text())["commits"]]


def states(content: dict) -> dict[str, str]:
    return {row["commit"]: row["state"] for row in content["commits"]}


def test_two_machines_share_the_range_and_nothing_is_measured_twice(
    tmp_path: Path, cluster: Cluster, turns: Turns
) -> None:
    scratch = ScratchRange(tmp_path / "r", [1, 2, None, 4, None], turns.suite)
    good = [commit for number, commit in enumerate(scratch.hashes) if number not in (2, 4)]
    status, output, content = scratch.backfill("HEAD", "--scheduler", cluster.address)
    assert status == 4, output
    assert states(content) == {
        commit: "measured" if commit in good else "does not build" for commit in scratch.hashes
    }, output
    assert "this commit cannot be built" in output
    machines = {row["commit"]: row["machine"] for row in content["commits"]}
    assert set(machines.values()) == {"alpha", "beta"}
    for number, commit in enumerate(scratch.hashes, 1):
        if commit in good:
            assert scratch.value(machines[commit], commit, "track_turn") == [number]
    assert turns.commits() == sorted(good)
    # The two workers of alpha take turns.
    on_alpha = sorted((began, ended) for machine, _, began, ended in turns() if machine == "alpha")
    assert all(ended <= began for (_, ended), (began, _) in pairwise(on_alpha))
    # What is stored is what asv and the other verbs read.
    store = ResultStore(scratch.results)
    assert store.machines() == ["alpha", "beta"]
    assert not any(store.history(machine).unreadable for machine in store.machines())
    assert list(benchmarks_file.read(scratch.results)) == ["suite.track_turn"]

    stored = {path: path.read_bytes() for path in scratch.results.rglob("*") if path.is_file()}
    status, output, content = scratch.backfill("HEAD", "--scheduler", cluster.address)
    assert status == 4
    assert set(states(content).values()) == {"measured earlier", "nothing measured"}, output
    assert turns.commits() == sorted(good)
    assert {path: path.read_bytes() for path in scratch.results.rglob("*") if path.is_file()} == stored

    # A new benchmark is measured at the commits that were measured, the old one is not measured again.
    with (scratch.folder / "benchmarks" / "suite.py").open("a") as suite:
        suite.write("\n\ndef track_more():\n    return 7\n")
    new = scratch.hashes[3]
    status, output, content = scratch.backfill(f"{scratch.hashes[2]}..HEAD", "--scheduler", cluster.address)
    assert (status, states(content)) == (4, {new: "measured", scratch.hashes[4]: "does not build"}), output
    assert turns.commits() == sorted(good)
    assert scratch.value(machines[new], new, "track_more") == [7]
    assert scratch.value(machines[new], new, "track_turn") == [4]
    assert list(benchmarks_file.read(scratch.results)) == ["suite.track_more", "suite.track_turn"]


def test_a_worker_killed_half_way_loses_only_its_commit_which_is_done_again(
    tmp_path: Path, cluster: Cluster, turns: Turns
) -> None:
    scratch = ScratchRange(tmp_path / "r", [1, 2, 3, 4], turns.suite)
    victim = scratch.hashes[0]
    turns.hold.write_text(victim)
    with scratch.start("HEAD", "--scheduler", cluster.address, "--json", "done.json") as process:
        until(turns.held.exists, "the commit to be held")
        pid, commit = turns.held.read_text().split()
        assert commit == victim
        benchmark = psutil.Process(int(pid))
        lineage = [benchmark, *benchmark.parents()]
        run = next(one for one in lineage if "retrospeed.backfill.asv_process" in one.cmdline())
        os.kill(run.ppid(), signal.SIGKILL)
        # Nobody is left of it: what it began would disturb what is measured next.
        _, alive = psutil.wait_procs([benchmark, run], timeout=30)
        assert not alive
        turns.hold.unlink()
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "its worker on" in output
    assert turns.commits() == sorted(scratch.hashes)
    content = json.loads((scratch.folder / "done.json").read_text())
    assert set(states(content).values()) == {"measured"}
    for number, row in enumerate(content["commits"], 1):
        assert scratch.value(row["machine"], row["commit"], "track_turn") == [number]


def test_interrupted_it_keeps_what_came_in_and_goes_on_from_there(
    tmp_path: Path, cluster: Cluster, turns: Turns
) -> None:
    scratch = ScratchRange(tmp_path / "r", [1, 2, 3], turns.suite)
    # The newest is measured first, the middle one last.
    turns.hold.write_text(scratch.hashes[1])
    with scratch.start("HEAD", "--scheduler", cluster.address) as process:
        until(turns.held.exists, "the last commit to be held")
        until(lambda: len(scratch.measured("alpha") | scratch.measured("beta")) == 2, "the others to be stored")
        held = psutil.Process(int(turns.held.read_text().split()[0]))
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Interrupted: " in output
    assert "1 not reached" in output
    psutil.wait_procs([held], timeout=30)
    assert not held.is_running()
    turns.hold.unlink()

    # A file that is not whole, and one that belongs elsewhere, are named; their commits are left alone.
    (path,) = scratch.results.glob(f"*/{scratch.hashes[0][:8]}-*.json")
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    arguments = ("HEAD", "--scheduler", cluster.address, "--every-machine", "--bench", "turn")
    status, output, found = scratch.backfill(*arguments)
    assert status == 4
    rows = {(row["commit"], row["machine"]): row for row in found["commits"]}
    broken = rows.pop((scratch.hashes[0], path.parent.name))
    assert broken["state"] == "result unusable"
    assert str(path) in broken["why"]
    assert path.read_bytes() == content[:-20]
    assert {row["state"] for row in rows.values()} == {"measured", "measured earlier"}, output
    path.unlink()
    assert scratch.measured("alpha") | scratch.measured("beta") == {commit[:8] for commit in scratch.hashes}
    assert len(turns.commits()) == 2 + 4


def test_without_a_scheduler_the_machine_itself_measures_as_plain_asv_does(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = ScratchRange(tmp_path / "r", [1, 2])
    here = {"RETROSPEED_BACKFILL": str(shop), "RETROSPEED_MACHINE": "alpha"}
    assert planned(scratch, monkeypatch) == [("to be measured", "")] * 2
    assert not scratch.results.exists()
    status, output, _ = scratch.backfill("HEAD", "--bench", "hash_seed|'small'", **here)
    assert status == 0, output
    first, second = scratch.hashes
    # Dask fixes the hash seed of its workers.
    expected = [int(os.environ.get("PYTHONHASHSEED", "-1"))]
    assert scratch.value("alpha", first, "track_hash_seed") == expected
    assert str(scratch.value("alpha", second, "Sized.track_product")) == "[10, nan]"

    missing = [("to be measured", f"{count} series are missing") for count in (2, 2)]
    assert planned(scratch, monkeypatch) == missing
    status, output, _ = scratch.backfill("HEAD", **here)
    assert status == 0, output
    assert str(scratch.value("alpha", first, "Sized.track_product")) == "[5, nan]"
    assert scratch.value("alpha", second, "Sized.track_product") == [10, 10]
    # Which series do not apply is remembered.
    assert planned(scratch, monkeypatch) == [("measured earlier", "")] * 2


def test_ctrl_c_in_a_terminal_ends_the_local_cluster_too(tmp_path: Path, shop: Path, turns: Turns) -> None:
    scratch = ScratchRange(tmp_path / "r", [1], turns.suite)
    turns.hold.write_text("")
    with scratch.start("HEAD", RETROSPEED_BACKFILL=str(shop), RETROSPEED_MACHINE="alpha") as process:
        until(turns.held.exists, "the commit to be held")
        held = psutil.Process(int(turns.held.read_text().split()[0]))
        everything = [held, *psutil.Process(process.pid).children(recursive=True)]
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "1 not reached" in output
    assert "Traceback" not in output
    _, alive = psutil.wait_procs(everything, timeout=30)
    assert not alive


def test_a_scheduler_that_goes_ends_it_with_a_sentence_and_what_came_in_is_kept(
    tmp_path: Path, shop: Path, turns: Turns
) -> None:
    scratch = ScratchRange(tmp_path / "r", [1, 2], turns.suite)
    own = Cluster(tmp_path, shop)
    try:
        own.join("alpha")
        turns.hold.write_text(scratch.hashes[0])
        with scratch.start("HEAD", "--scheduler", own.address) as process:
            until(turns.held.exists, "the last commit to be held")
            until(lambda: scratch.measured("alpha"), "the first to be stored")
            held = psutil.Process(int(turns.held.read_text().split()[0]))
            own.scheduler.kill()
            output, _ = process.communicate(timeout=60)
        assert process.returncode == 2, output
        assert "scheduler has gone" in output
        assert "Traceback" not in output
        assert scratch.measured("alpha") == {scratch.hashes[1][:8]}
        psutil.wait_procs([held], timeout=60)
        assert not held.is_running()
    finally:
        own.close()
    status, output, _ = scratch.backfill("HEAD", "--scheduler", own.address)
    assert status == 2
    assert output.startswith(f"retrospeed: No Dask scheduler answers at {own.address}")


def refusal(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["backfill", *arguments])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("retrospeed: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_what_cannot_be_done_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = ScratchRange(tmp_path / "r", [1, 2], SUITE)
    monkeypatch.chdir(scratch.folder)
    assert "nonsense names no commits" in refusal("nonsense")
    assert "holds no commit" in refusal("HEAD..HEAD")
    assert "--bench is not a regular expression" in refusal("HEAD", "--bench", "(")
    config = scratch.folder / "asv.conf.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "environment_type": "existing"}))
    assert "builds no commits" in refusal("HEAD")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "pip install 'retrospeed[backfill]'" in refusal("HEAD")
