"""A small project with asv's own kind of environment, whose nights are run as a user would run them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.retrospeed.scratch_project import MACHINE, PYPROJECT, Repository, Suite

BENCHMARKS = """
import toy


def time_work():
    toy.work()


def track_size():
    if toy.BROKEN:
        raise ValueError("no size")
    return 5


time_work.number, time_work.repeat, time_work.warmup_time, time_work.rounds = 10, 8, 0, 1
"""
SOURCE = """
BROKEN = {broken}


def step(n):
    return sum(range(n))


def work():
    for n in range({units}):
        step(n)
"""


class Project:
    """A repository and its suite."""

    def __init__(self, folder: Path, env_dir: Path) -> None:
        self.repository = Repository(folder / "repository")
        self.first = self.commit("first", 100)
        self.suite = Suite(folder / "suite", self.repository, env_dir, BENCHMARKS)

    def commit(self, subject: str, units: int, *, broken: bool = False, dependencies: str = "") -> str:
        """Commit a package that does so much work; returns the full hash."""
        package = self.repository.path / "toy"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(SOURCE.format(units=units, broken=broken), encoding="utf-8")
        pyproject = PYPROJECT.format(dependencies=dependencies)
        (self.repository.path / "pyproject.toml").write_text(pyproject, encoding="utf-8")
        self.repository.git("add", "--all")
        self.repository.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.repository.git("rev-parse", "HEAD")

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a night, in a process group of its own."""
        command = [sys.executable, "-m", "retrospeed", "nightly", "--machine", MACHINE, *arguments]
        without = {name: value for name, value in self.suite.variables.items() if not name.startswith("GITHUB_")}
        return subprocess.Popen(
            command,
            cwd=self.suite.folder,
            env={**without, "OMP_NUM_THREADS": "1", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def night(self, *arguments: str, **variables: str) -> tuple[int, str, dict[str, Any]]:
        """Exit status, output, and what --json wrote."""
        file = self.suite.folder / "night.json"
        file.unlink(missing_ok=True)
        process = self.start("--json", str(file), *arguments, **variables)
        try:
            output, _ = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return process.returncode, output, json.loads(file.read_text()) if file.is_file() else {}

    @property
    def state_file(self) -> Path:
        """Where the night keeps what it has done."""
        return self.suite.folder / ".asv" / "retrospeed" / "nightly" / f"{MACHINE}.json"

    def measured_at(self, commit: str) -> dict[str, int]:
        """When each benchmark of a commit was begun, in milliseconds."""
        found = {}
        for path in (self.suite.results / MACHINE).glob(f"{commit[:8]}-*.json"):
            recorded = json.loads(path.read_text())
            column = recorded["result_columns"].index("started_at")
            for name, row in recorded["results"].items():
                found[name] = row[column] if len(row) > column else 0
        return found
