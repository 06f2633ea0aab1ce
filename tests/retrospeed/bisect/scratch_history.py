"""A repository of many small commits and an asv suite over it, made anew for a test."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

import retrospeed
from tests.retrospeed.bare_python import bare_python

SOURCE = """
UNITS = {units}
SIZE = {size}
WEIGHTS = {{f"term{{n}}": 1 / (1 + n) for n in range(100)}}


def score():
    total = 0.0
    for _ in range(UNITS):
        for term in WEIGHTS:
            total += WEIGHTS[term]
    return total
"""
BENCHMARKS = """
import work


def time_score():
    work.score()


def track_size():
    return work.SIZE


class Sized:
    params = [1, 2]
    param_names = ["times"]

    def track_product(self, times):
        return work.SIZE * times
"""
BROKEN = '[build-system]\nrequires = ["no-such-backend"]\nbuild-backend = "nothing"\n'
GIT = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Change(msgspec.Struct, frozen=True):
    """What a commit is like."""

    units: int = 300
    """Work that `work.score` does."""
    size: int = 1000
    """What `track_size` tells."""
    builds: bool = True
    docs_only: bool = False
    """Touches the documentation only; nothing else of it counts."""


class ScratchHistory:
    """A first commit as `Change()`, and one for each of `changes`. `hashes` holds them all, oldest first."""

    def __init__(self, folder: Path, changes: Sequence[Change], benchmarks: str = BENCHMARKS) -> None:
        self.folder = folder
        (folder / "work").mkdir(parents=True)
        (folder / "benchmarks").mkdir()
        (folder / "benchmarks" / "__init__.py").touch()
        (folder / "benchmarks" / "bench.py").write_text(benchmarks, encoding="utf-8")
        config = {
            "version": 1,
            "project": "work",
            "repo": ".",
            "branches": ["main"],
            "environment_type": "existing",
            "pythons": [bare_python()],
            "env_dir": ".asv/env",
            "results_dir": ".asv/results",
            "html_dir": ".asv/html",
        }
        (folder / "asv.conf.json").write_text(json.dumps(config), encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch", "main")
        (folder / ".gitignore").write_text(".asv\n__pycache__\nbenchmarks\nasv.conf.json\n", encoding="utf-8")
        self.hashes = [self.commit(Change(), 0)]
        for number, change in enumerate(changes, start=1):
            self.hashes.append(self.commit(change, number))

    def git(self, *arguments: str) -> str:
        """Run git here."""
        command = ["git", "-C", str(self.folder), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **GIT})
        return done.stdout.strip()

    def commit(self, change: Change, number: int) -> str:
        """Commit a change, as "change <number>"; returns the full hash."""
        if change.docs_only:
            (self.folder / "README.md").write_text(f"# Number {number}\n", encoding="utf-8")
        else:
            text = SOURCE.format(units=change.units, size=change.size) + f"\n# Change {number}.\n"
            (self.folder / "work" / "__init__.py").write_text(text, encoding="utf-8")
            pyproject = self.folder / "pyproject.toml"
            if change.builds:
                pyproject.unlink(missing_ok=True)
            else:
                pyproject.write_text(BROKEN, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "--quiet", "--message", f"change {number}")
        return self.git("rev-parse", "HEAD")

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `retrospeed bisect` here, its output and errors in one stream."""
        return subprocess.Popen(
            [sys.executable, "-m", "retrospeed", "bisect", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(Path(retrospeed.__file__).parents[1])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def bisect(self, *arguments: str) -> tuple[int, str, Any]:
        """Exit status, output and JSON of the whole range's bisection; None where no JSON was written."""
        file = self.folder / ".asv" / "bisect.json"
        file.unlink(missing_ok=True)
        with self.start(f"{self.hashes[0]}..HEAD", *arguments, "--json", str(file)) as process:
            output, _ = process.communicate()
        return process.returncode, output, json.loads(file.read_text()) if file.exists() else None
