"""A repository of two commits and an asv suite over them, made anew for a test."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import retrospeed
from retrospeed.gate import builds, limits
from retrospeed.gate.record import GateRecord
from retrospeed.gate.run import Request, run
from retrospeed.gate.two_stage import Plan
from retrospeed.pairing import Selection
from tests.retrospeed.bare_python import bare_python

SOURCE = """
SIDE = {side!r}
UNITS = {units}
WEIGHTS = {{f"term{{n}}": 1 / (1 + n) for n in range(100)}}


def score(units=UNITS):
    total = 0.0
    for _ in range(units):
        for term in WEIGHTS:
            total += WEIGHTS[term]
    return total
"""
GIT = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


class ScratchSuite:
    """`work.score` does `base_units` of work at the first commit and `head_units` at the second."""

    def __init__(self, folder: Path, benchmarks: dict[str, str], base_units: int = 300, head_units: int = 300) -> None:
        self.folder = folder
        (folder / "work").mkdir(parents=True)
        (folder / "benchmarks").mkdir()
        (folder / "benchmarks" / "__init__.py").touch()
        for name, text in benchmarks.items():
            (folder / "benchmarks" / f"{name}.py").write_text(text, encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch", "main")
        (folder / ".gitignore").write_text(".asv\n__pycache__\nbenchmarks\n", encoding="utf-8")
        self.base = self.commit(SOURCE.format(side="base", units=base_units))
        self.head = self.commit(SOURCE.format(side="head", units=head_units))
        self.configure()

    def configure(self, **settings: Any) -> None:
        """Write asv.conf.json, with these settings beside what every suite needs."""
        config: dict[str, Any] = {
            "version": 1,
            "project": "work",
            "repo": ".",
            "branches": ["main"],
            "environment_type": "existing",
            "env_dir": ".asv/env",
            "results_dir": ".asv/results",
            "html_dir": ".asv/html",
        }
        config |= settings
        if config["environment_type"] == "existing":
            config = {"pythons": [bare_python()]} | config
        (self.folder / "asv.conf.json").write_text(json.dumps(config), encoding="utf-8")

    def git(self, *arguments: str) -> str:
        """Run git here."""
        command = ["git", "-C", str(self.folder), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **GIT})
        return done.stdout.strip()

    def commit(self, source: str) -> str:
        """Commit the package with this source; returns the full hash."""
        (self.folder / "work" / "__init__.py").write_text(source, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "--quiet", "--message", "next")
        return self.git("rev-parse", "HEAD")

    def measure(
        self, bench: str | None = None, plan: Plan | None = None, built: dict[str, Any] | None = None, **more: Any
    ) -> GateRecord:
        """Run the gate's measuring part; `built` overrides what the build told."""
        ready = replace(builds.build(self.folder / "asv.conf.json", self.base, self.head), **(built or {}))
        rules = limits.load(None, self.folder / "benchmarks")
        more = {"self_test": False} | more
        request = Request(self.base, self.head, ready, rules, Selection.of(bench, None, None), plan or Plan(), **more)
        return run(request, Silent())

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the gate's command here, its output and errors in one stream."""
        return subprocess.Popen(
            [sys.executable, "-m", "retrospeed", "gate", *arguments],
            cwd=self.folder,
            # pytest-xdist sets COLUMNS in its workers.
            env={key: value for key, value in os.environ.items() if key != "COLUMNS"}
            | {"PYTHONPATH": str(Path(retrospeed.__file__).parents[1])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def gate(self, *arguments: str) -> tuple[int, str]:
        """Exit status and output of the gate's command."""
        with self.start(*arguments) as process:
            output, _ = process.communicate()
        return process.returncode, output


class Silent:
    """A progress that tells nobody."""

    def importing(self) -> None:
        """Nothing."""

    def begin(self, series: int) -> None:
        """Nothing."""

    def measuring(self, name: str, taken: int, asked: int) -> None:
        """Nothing."""

    def done(self) -> None:
        """Nothing."""
