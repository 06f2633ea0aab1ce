"""A bisection in environments of type `layered`, which begins with asv's own answer."""

import json
import subprocess
import sys
from collections.abc import Callable

from tests.retrospeed.environments.conftest import History
from tests.retrospeed.scratch_project import Suite

BENCHMARK = """
import toy


def track_value():
    return toy.VALUE
"""


def test_asv_guesses_and_the_search_confirms(suite: Callable[..., Suite], history: History) -> None:
    project = suite(BENCHMARK)
    file = project.folder / "found.json"
    done = bisected(project, "main~2..main", "--first-guess", "asv", "--json", str(file))
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads(file.read_text())
    assert found["first_guess"] == history.main[2] and found["candidates"] == [history.main[2]]
    assert found["parent"] == history.main[1]
    assert f"asv find guesses {history.main[2][:8]}" in done.stderr
    # asv's own measurements on the way are not mixed into the results.
    assert not list(project.results.rglob(f"{history.main[2][:8]}-*.json"))
    assert found["environment"].startswith("layered")


def test_a_commit_that_does_not_build_can_be_no_end(suite: Callable[..., Suite], history: History) -> None:
    project = suite(BENCHMARK)
    done = bisected(project, f"main..{history.broken}")
    assert done.returncode == 2
    assert f"Commit {history.broken[:8]} does not build or install" in done.stderr
    assert "Traceback" not in done.stderr


def bisected(project: Suite, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "retrospeed", "bisect", arguments[0], "track_value", *arguments[1:]]
    return subprocess.run(
        command, cwd=project.folder, env=project.variables, capture_output=True, text=True, check=False
    )
