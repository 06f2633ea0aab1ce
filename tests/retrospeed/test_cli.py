"""How the program ends: nothing but a severe verdict may exit 1."""

import os
import subprocess
import sys

import pytest

from retrospeed import cli, machine
from retrospeed.result_store import ResultStore
from tests.retrospeed.doctored import timing


def command(*arguments, cwd):
    run = [sys.executable, "-m", "retrospeed", *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(run, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_the_module_runs_and_its_status_reaches_the_shell(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    suite.measured(suite.commits[1], {"a.time_x": timing(2.0, seed=1)})
    assert command("compare", "HEAD~2", "HEAD~1", "--no-asv-table", cwd=suite.root).returncode == 1
    assert command("compare", "HEAD~1", "HEAD~2", "--no-asv-table", cwd=suite.root).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare"],
        ["compare", "a", "b", "--fail-on", "sometimes"],
        ["compare", "a", "b"],
        ["nonsense"],
        ["baseline", "x"],
    ],
)
def test_bad_usage_exits_2_without_a_traceback(tmp_path, arguments):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(("raised", "status"), [(ZeroDivisionError, 2), (KeyboardInterrupt, 130)])
def test_a_defect_or_an_interrupt_is_not_taken_for_a_verdict(suite, monkeypatch, capsys, raised, status):
    def broken(*_):
        raise raised

    monkeypatch.setattr(machine, "choose", broken)
    monkeypatch.setattr(sys, "argv", ["retrospeed", "show"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == status


def test_results_of_this_host_are_preferred(suite, monkeypatch):
    monkeypatch.setenv("HOME", str(suite.root))
    for name in ("one", "two"):
        suite.measured(suite.commits[0], {"a.time_x": timing(1.0)}, machine=name)
    store = ResultStore(suite.root / "results")
    monkeypatch.setattr(machine.Machine, "hardcoded_machine_name", "two")
    assert machine.choose(store) == "two"
    assert machine.choose(store, "one") == "one"


def test_the_name_that_asv_gave_this_host_is_used(suite, monkeypatch):
    monkeypatch.setenv("HOME", str(suite.root))
    for name in ("one", "two"):
        suite.measured(suite.commits[0], {"a.time_x": timing(1.0)}, machine=name)
    (suite.root / ".asv-machine.json").write_text('{"one": {"machine": "one"}, "version": 1}')
    assert machine.choose(ResultStore(suite.root / "results")) == "one"


def test_a_host_without_results_takes_the_only_machine_there_is(suite, monkeypatch):
    monkeypatch.setenv("HOME", str(suite.root))
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)}, machine="one")
    assert machine.choose(ResultStore(suite.root / "results")) == "one"


def test_a_command_starts_without_what_it_may_not_need(tmp_path):
    tell = "import sys; import retrospeed.cli; print({'scipy.stats', 'distributed', 'torch'} & sys.modules.keys())"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", tell], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
