"""The layered environments as asv uses them: what is built when, what fails alone, and every command that asv has."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.retrospeed.environments.conftest import VALUES, History
from tests.retrospeed.scratch_project import MACHINE, Suite

MakeSuite = Callable[..., Suite]

VALUE = """
def track_value():
    import toy
    return toy.VALUE
"""


def test_dependencies_are_installed_once_and_rounds_reinstall_nothing(suite: MakeSuite, history: History) -> None:
    # Another build command, so that every commit is built here; and a cache of one, which alternation must not heed.
    command = ["KEY=once python -m hatchling build -t wheel -d {build_cache_dir}"]
    project = suite(VALUE + "track_value.rounds = 3\n", build_command=command, build_cache_size=1)
    project.asv("setup", returns=1)
    (shared,) = project.shared_environments()
    made = (shared / "asv-shared.json").read_bytes()
    output = project.asv("run", "--verbose", "--interleave-rounds", f"{history.main[0]}..{history.main[3]}")
    assert "round 3/3" in output
    assert output.count("hatchling build -t wheel") == 3
    assert output.count("Successfully installed toy-1.0") == 3
    assert "requirements.txt" not in output
    assert project.shared_environments() == [shared]
    assert (shared / "asv-shared.json").read_bytes() == made
    assert [project.result(commit, "track_value") for commit in history.main[1:]] == list(VALUES[1:])
    assert len(project.commit_environments()) == 1


def test_the_longest_unused_commits_are_evicted_and_made_again(suite: MakeSuite, history: History) -> None:
    project = suite(VALUE, build_cache_size=2)
    project.asv("run", "main")
    kept = [path.name.partition("-")[2] for path in project.commit_environments()]
    # asv runs the newest commit first, so the oldest two were used last.
    assert sorted(kept) == sorted(commit[:10] for commit in history.main[:2])
    project.asv("run", f"{history.main[3]}^!")
    assert project.result(history.main[3], "track_value") == VALUES[3]
    assert len(project.commit_environments()) == 2


def test_a_commit_that_does_not_build_fails_alone(suite: MakeSuite, history: History) -> None:
    project = suite(VALUE)
    output = project.asv("run", f"{history.main[2]}..{history.broken}", returns=2)
    assert "not a requirement!" in output
    assert project.result(history.main[3], "track_value") == VALUES[3]
    assert project.result(history.broken, "track_value") is None
    assert not list(project.env_dir.glob(f"*-{history.broken[:10]}"))


def test_a_build_that_leaves_no_wheel_fails_alone(suite: MakeSuite, history: History) -> None:
    project = suite(VALUE, build_command=["python -c pass"])
    output = project.asv("run", f"{history.main[3]}^!", returns=1)
    assert "build_command left no wheel" in output
    assert not list(project.env_dir.glob(f"*-{history.main[3][:10]}"))


def test_a_dependency_missing_from_the_matrix_is_named(suite: MakeSuite, history: History) -> None:
    project = suite(VALUE)
    output = project.asv("run", f"{history.demanding}^!")
    assert "hatchling>=9999" in output
    assert project.result(history.demanding, "track_value") == 6


def test_commands_of_the_configuration_act_on_the_commit_alone(suite: MakeSuite, history: History) -> None:
    commit = history.main[0]
    project = suite(
        VALUE + "def track_extra():\n    import extra\n    return extra.VALUE\n",
        build_command=[
            'python -c "import pathlib, sysconfig; '
            "pathlib.Path(sysconfig.get_path('purelib'), 'extra.py').write_text('VALUE = 7')\"",
            "python -m hatchling build -t wheel -d {build_cache_dir}",
        ],
        install_command=[
            "in-dir={env_dir} pip install --no-deps {wheel_file}",
            "python -c \"open('{env_dir}/set', 'w')\"",
        ],
    )
    project.asv("run", f"{commit}^!")
    assert project.result(commit, "track_value") == VALUES[0]
    assert project.result(commit, "track_extra") == 7
    (made,) = (path for path in project.commit_environments() if path.name.endswith(commit[:10]))
    assert (made / "set").exists()
    (shared,) = project.shared_environments()
    assert not list(shared.glob("lib/*/site-packages/toy*"))
    assert not list(shared.glob("lib/*/site-packages/extra*"))


def test_a_changed_configuration_makes_a_commit_anew(suite: MakeSuite, history: History) -> None:
    commit = history.main[1]
    suite(VALUE).asv("run", f"{commit}^!")
    project = suite(VALUE, build_command=["OTHER=1 python -m hatchling build -t wheel -d {build_cache_dir}"])
    assert "hatchling build" in project.asv("run", "--verbose", f"{commit}^!")
    assert "hatchling build" not in project.asv("run", "--verbose", f"{commit}^!")


def test_a_kill_while_a_commit_is_installed_leaves_nothing_in_use(suite: MakeSuite, history: History) -> None:
    commit = history.main[2]
    project = suite(VALUE, install_command=["python -m pip install --no-deps {wheel_file}", "python -c pass"])
    slow = suite(
        VALUE,
        install_command=["python -m pip install --no-deps {wheel_file}", 'python -c "import time; time.sleep(60)"'],
    )
    process = slow.start("run", f"{commit}^!")
    deadline = time.monotonic() + 60
    while not (started := list(slow.env_dir.glob(f"*-{commit[:10]}/lib/*/site-packages/toy"))):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (unfinished,) = started
    (unfinished / "__init__.py").write_text("VALUE = 1000\n")
    for again in (slow, project):
        assert not [path for path in again.commit_environments() if path.name.endswith(commit[:10])]
    project.asv("run", f"{commit}^!")
    assert project.result(commit, "track_value") == VALUES[2]


def test_a_changed_file_of_the_shared_environment_ends_the_run(suite: MakeSuite, history: History) -> None:
    project = suite(
        """
import pathlib, asv_runner
def track_damage():
    path = pathlib.Path(asv_runner.__file__)
    path.write_text(path.read_text() + "# touched\\n")
    return 0
"""
    )
    project.asv("setup", returns=1)
    (shared,) = project.shared_environments()
    (victim,) = shared.glob("lib/*/site-packages/asv_runner/__init__.py")
    before, times = victim.read_bytes(), (victim.stat().st_atime_ns, victim.stat().st_mtime_ns)
    try:
        output = project.asv("run", f"{history.main[1]}..{history.main[3]}", returns=1)
    finally:
        victim.write_bytes(before)
        os.utime(victim, ns=times)
    assert "asv_runner/__init__.py" in output
    assert f"while {history.main[3][:8]} was measured" in output


def test_every_entry_of_the_matrix_is_measured_with_its_own_settings(suite: MakeSuite, history: History) -> None:
    matrix = {
        "req": json.loads(suite(VALUE).config.read_text())["matrix"]["req"],
        "env_nobuild": {"NUMBER": ["3", "4"]},
    }
    project = suite(
        """
import os
def track_number():
    return int(os.environ["NUMBER"])
def track_commit():
    return int(os.environ["ASV_COMMIT"][:8], 16)
""",
        matrix=matrix,
    )
    project.asv("run", "--parallel", "2", "--environment", "layered", f"{history.main[1]}..{history.main[3]}")
    for commit in history.main[2:]:
        for number in (3, 4):
            assert project.result(commit, "track_number", f"NUMBER{number}") == number
            assert project.result(commit, "track_commit", f"NUMBER{number}") == int(commit[:8], 16)
    assert len(project.shared_environments()) == 1


def test_the_installed_packages_are_listed_beside_the_results(suite: MakeSuite, history: History) -> None:
    project = suite(VALUE)
    project.asv("run", f"{history.main[3]}^!")
    (results,) = (project.results / MACHINE).glob(f"{history.main[3][:8]}-*.json")
    listing = results.with_name(results.stem.partition("-")[2] + ".freeze.txt")
    lines = listing.read_text().splitlines()
    assert "asv_runner==0.3.2" in lines
    assert "hatchling==1.33.0" in lines
    assert not [line for line in lines if line.startswith("toy")]
    assert "could not" not in project.asv("publish").lower()


@pytest.mark.parametrize("launch_method", ["spawn", "forkserver"])
def test_find_names_the_commit_that_grew(suite: MakeSuite, history: History, launch_method: str) -> None:
    project = suite(VALUE)
    output = project.asv("find", "--launch-method", launch_method, "main", "track_value")
    assert f"Greatest regression found: {history.main[2][:8]}" in output


def test_continuous_profile_and_check_work(suite: MakeSuite, history: History, tmp_path: Path) -> None:
    project = suite(VALUE + "\ndef time_nothing():\n    pass\ntime_nothing.repeat = 1\n")
    output = project.asv("continuous", "--bench", "track_value", history.main[1], history.main[2], returns=1)
    assert "PERFORMANCE DECREASED" in output
    python = f"layered:{json.loads(project.config.read_text())['pythons'][0]}"
    profile = tmp_path / "profile"
    arguments = ("--environment", python, "--output", str(profile), "suite.time_nothing", history.main[2])
    project.asv("profile", *arguments)
    assert profile.stat().st_size > 0
    assert "No problems found" in project.asv("check", "--environment", python)


def test_asv_own_virtualenv_type_keeps_working(suite: MakeSuite, history: History) -> None:
    project = suite(VALUE, environment_type="virtualenv")
    project.asv("run", f"{history.main[1]}..{history.main[3]}")
    assert [project.result(commit, "track_value") for commit in history.main[2:]] == list(VALUES[2:])
    (path,) = (project.results / MACHINE).glob(f"{history.main[3][:8]}-*.json")
    assert "-virtualenv-py" in path.name
