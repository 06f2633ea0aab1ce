"""What needs no asv run: the state, the plan, the files."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from asv import util

from retrospeed import asv_config
from retrospeed.cli import app
from retrospeed.errors import ResultsError, RetrospeedError
from retrospeed.exit_codes import ExitCode, FailOn
from retrospeed.marked_process import MARK
from retrospeed.nightly import measuring, new_commits, report, state, whole_asv
from retrospeed.nightly.only_one import mark, only_one
from retrospeed.nightly.report import Night
from retrospeed.nightly.state import CaseRecord, CommitRecord, Outcome, State
from tests.retrospeed.doctored import timing

MACHINE = "bench-1"


def test_the_state_survives_and_a_damaged_one_is_named(tmp_path):
    kept = State(machine="m", commits=[CommitRecord(commit="a" * 40, modules=["x"])])
    kept.cases["k"] = CaseRecord(benchmark="b", good="g", bad="h", classification="severe", headline="worse")
    state.save(kept, tmp_path)
    assert state.load(tmp_path, "m") == kept
    assert state.load(tmp_path, "other") == State(machine="other")
    path = state.path_of(tmp_path, "m")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ResultsError, match=r"m\.json is not the state of a night"):
        state.load(tmp_path, "m")


def test_what_is_new_follows_what_was_measured_last(suite):
    config = asv_config.load(None)
    oldest, middle, newest = suite.commits
    tip = new_commits.tip(config, suite.root)
    assert tip == newest
    kept = State(machine=MACHINE)
    assert not new_commits.plan(kept, config, suite.root, tip, None)
    assert [one.commit for one in kept.commits] == [newest]

    suite.measured(oldest, {"a.time_x": timing(1.0)}, machine=MACHINE)
    kept = State(machine=MACHINE)
    assert new_commits.plan(kept, config, suite.root, tip, None)
    assert [one.commit for one in kept.commits] == [middle, newest]

    # A night that was broken off: the first commit is done, the second has only some of its results.
    suite.measured(middle, {"a.time_x": timing(1.0)}, machine=MACHINE)
    kept.commits[0].outcome = Outcome.MEASURED
    suite.measured(newest, {"a.time_x": timing(1.0)}, machine=MACHINE)
    assert new_commits.plan(kept, config, suite.root, tip, None)
    assert [(one.commit, one.outcome) for one in kept.commits] == [(middle, "measured"), (newest, "pending")]
    # One that has ended.
    kept = State(machine=MACHINE)
    assert new_commits.plan(kept, config, suite.root, tip, None)
    assert kept.commits == []

    kept = State(machine=MACHINE)
    assert new_commits.plan(kept, config, suite.root, tip, oldest)
    assert [one.commit for one in kept.commits] == [middle, newest]
    with pytest.raises(RetrospeedError, match="--since"):
        new_commits.plan(kept, config, suite.root, tip, "nothing")


def test_the_suite_is_measured_module_by_module_and_then_what_is_left(suite):
    folder = suite.root / "benchmarks"
    (folder / "deep").mkdir(parents=True)
    for name in ("__init__", "helper", "deep/__init__"):
        (folder / f"{name}.py").write_text("X = 1\n")
    (folder / "search.py").write_text("def time_a():\n    pass\n")
    (folder / "deep" / "index.py").write_text("class A:\n    def track_b(self):\n        return 1\n")
    assert measuring.chunks(asv_config.load(None)) == [r"^deep\.index\.", r"^search\.", "."]


def test_a_file_of_asvs_is_replaced_whole(tmp_path):
    path = tmp_path / "results.json"
    whole_asv.write_json(str(path), {"a": 1}, 2)
    assert json.loads(path.read_text()) == {"a": 1, "version": 2}
    with pytest.raises(TypeError):
        whole_asv.write_json(str(path), {"a": object()}, 2)
    assert json.loads(path.read_text()) == {"a": 1, "version": 2}
    assert [one.name for one in tmp_path.iterdir()] == ["results.json"]
    assert util.load_json(str(path), 2) == {"a": 1}


def case(classification, **more):
    headline = f"b is {classification}"
    return CaseRecord(benchmark="b", good="g", bad="h", classification=classification, headline=headline, **more)


@pytest.mark.parametrize(
    ("night", "status"),
    [
        (Night("m", first=True, commits=[CommitRecord(commit="a" * 40, outcome=Outcome.MEASURED)]), ExitCode.OK),
        (Night("m"), ExitCode.OK),
        (Night("m", cases=[case("severe")]), ExitCode.SEVERE),
        (Night("m", failing=["b fails"]), ExitCode.SEVERE),
        (Night("m", cases=[case("warning")]), ExitCode.OK),
        (Night("m", cases=[case("unchanged")]), ExitCode.OK),
        (Night("m", cases=[case("inconclusive")]), ExitCode.INCONCLUSIVE),
        (Night("m", cases=[case("severe", accepted=True)]), ExitCode.OK),
        (Night("m", gone=["b vanished"]), ExitCode.INCONCLUSIVE),
        (Night("m", unjudged=True), ExitCode.INCONCLUSIVE),
        (Night("m", commits=[CommitRecord(commit="a" * 40, outcome=Outcome.UNMEASURABLE)]), ExitCode.INCONCLUSIVE),
    ],
)
def test_the_status_is_that_of_the_worst_thing_found(night, status):
    assert night.exit_code(FailOn.SEVERE) is status
    assert night.exit_code(FailOn.NEVER) is ExitCode.OK
    for found in night.cases:
        assert found.headline in report.markdown(night)


def test_a_warning_fails_only_where_it_was_asked_to():
    assert Night("m", cases=[case("warning")]).exit_code(FailOn.WARNING) is ExitCode.WARNING


def test_a_night_does_not_begin_beside_another(tmp_path):
    with only_one(tmp_path), pytest.raises(RetrospeedError, match="Another night"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


def test_what_a_killed_night_left_running_is_ended_by_the_next(tmp_path):
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    left, foreign = (
        subprocess.Popen(command, env={**os.environ, MARK: mark(folder)}) for folder in (tmp_path, tmp_path / "other")
    )
    try:
        with only_one(tmp_path):
            assert left.wait(timeout=30) == -signal.SIGKILL
            assert foreign.poll() is None
    finally:
        for process in (left, foreign):
            process.kill()
            process.wait()


def test_files_half_written_by_a_killed_night_are_removed(suite):
    path = suite.measured(suite.commits[0], {"a.time_x": timing(1.0)}, machine=MACHINE)
    ratios = path.parent / "ratios"
    ratios.mkdir()
    halves = [path.with_name(f"{path.name}.partial"), ratios / ".00000000-env.ratios.partial"]
    for half in halves:
        half.write_text("{")
    measuring.remove_partial_files(asv_config.load(None), MACHINE)
    assert path.is_file()
    assert not any(half.exists() for half in halves)


def test_the_workflow_runs_the_verb_with_options_that_it_has():
    workflow = (Path(__file__).parents[3] / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    commands = re.findall(r"\S*/retrospeed (.*)", workflow.replace("\\\n", " "))
    (command,) = commands
    verb, *arguments = shlex.split(command)
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    given = group.commands[verb].make_context(verb, arguments).params
    assert verb == "nightly"
    assert {name for name, value in given.items() if isinstance(value, Path)} == {
        "issue_dir",
        "json_file",
        "markdown_file",
    }
