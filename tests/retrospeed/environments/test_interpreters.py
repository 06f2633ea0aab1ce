import subprocess
from collections.abc import Callable

import pytest

from retrospeed.interpreters import NoInterpreterError, interpreters
from tests.retrospeed.environments.conftest import VALUES, History
from tests.retrospeed.scratch_project import Suite

PROGRAM = """
import os, sys, tempfile, toy
print(toy.VALUE, os.environ["ASV_COMMIT"], os.environ["KEY"], sys.prefix, tempfile.gettempdir(), sep="\\n")
"""


def test_two_commits_run_side_by_side(suite: Callable[..., Suite], history: History) -> None:
    matrix = {
        "req": {"pip+build": ["1.6.1"], "pip+asv_runner": ["0.3.2"], "pip+pympler": ["1.1"], "hatchling": ["1.33.0"]}
    }
    project = suite("", matrix={**matrix, "env_nobuild": {"KEY": "set"}})
    base, head = interpreters(project.config, ["main~2", "main"])
    assert (base.commit, head.commit) == (history.main[1], history.main[3])
    assert base.environment == head.environment
    prefixes = set()
    for interpreter, value in ((base, VALUES[1]), (head, VALUES[3]), (base, VALUES[1])):
        command = [interpreter.python, "-c", PROGRAM]
        output = subprocess.run(command, env=interpreter.variables, check=True, capture_output=True, text=True).stdout
        found, commit, key, prefix, temporary = output.splitlines()
        assert (int(found), commit, key) == (value, interpreter.commit, "set")
        assert temporary.startswith(prefix)
        prefixes.add(prefix)
    assert len(prefixes) == 2


def test_the_plain_type_cannot_hold_two_commits(suite: Callable[..., Suite]) -> None:
    project = suite("", environment_type="virtualenv")
    with pytest.raises(NoInterpreterError, match='no environment of type "layered"'):
        interpreters(project.config, ["main"])


def test_one_of_several_environments_must_be_named(suite: Callable[..., Suite]) -> None:
    project = suite("", matrix={"env_nobuild": {"KEY": ["a", "b"]}})
    with pytest.raises(NoInterpreterError, match=r"KEYa, layered-.*KEYb"):
        interpreters(project.config, ["main"])


def test_a_commit_that_does_not_build_is_named(suite: Callable[..., Suite], history: History) -> None:
    project = suite("")
    with pytest.raises(NoInterpreterError, match=f"commit {history.broken} does not build"):
        interpreters(project.config, [history.broken])


def test_an_unknown_commit_is_named(suite: Callable[..., Suite]) -> None:
    project = suite("")
    with pytest.raises(NoInterpreterError, match="no-such-commit"):
        interpreters(project.config, ["no-such-commit"])
