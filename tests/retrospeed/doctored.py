"""Builds a small git repository with an asv suite and result files made to measure, as asv itself would write them."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from asv_runner.statistics import compute_stats

MACHINE = "bench-1"
ENVIRONMENT = "virtualenv-py3.11"
COLUMNS = [
    "result",
    "params",
    "version",
    "started_at",
    "duration",
    "stats_ci_99_a",
    "stats_ci_99_b",
    "stats_q_25",
    "stats_q_75",
    "stats_number",
    "stats_repeat",
    "samples",
    "profile",
]


@dataclass
class Given:
    """What one benchmark gave at one commit: a list for each combination of parameters, or what is in its place.

    Several numbers are samples; a single number is a value without spread; None failed; NaN was skipped.
    """

    values: Sequence[Sequence[float] | float | None]
    version: str = "1"
    params: list[list[str]] = field(default_factory=list)
    record_samples: bool = True

    def row(self) -> list[Any]:
        columns: dict[str, list[Any]] = {name: [None] * len(self.values) for name in COLUMNS}
        for index, value in enumerate(self.values):
            if isinstance(value, Sequence):
                median, stats = compute_stats(list(value), 1)
                columns["result"][index] = median
                for name, number in stats.items():
                    columns[f"stats_{name}"][index] = number
                columns["samples"][index] = list(value) if self.record_samples else None
            else:
                columns["result"][index] = value
        row: list[Any] = []
        for name in COLUMNS:
            given = columns[name]
            row.append(None if all(cell is None for cell in given) else given)
        row[1:5] = [self.params, self.version, 1_700_000_000_000, 1.0]
        while row and row[-1] is None:
            row.pop()
        return row


def timing(median: float, *, noise: float = 0.02, count: int = 10, seed: int = 0, **options: Any) -> Given:
    """Log-normal samples whose median is exactly `median`, so that tests can say what the table shows."""
    samples = np.exp(np.random.default_rng(seed).normal(0, noise, count))
    return Given([list(samples / np.median(samples) * median)], **options)


@dataclass
class Suite:
    """A repository in `root` with some commits, and results for those that were given any."""

    root: Path
    commits: list[str]

    def measured(
        self,
        commit: str,
        benchmarks: dict[str, Given],
        *,
        machine: str = MACHINE,
        environment: str = ENVIRONMENT,
    ) -> Path:
        """Write a result file and return its path."""
        folder = self.root / "results" / machine
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"machine": machine, "cpu": "a processor", "ram": "8 GB", "version": 1}
        (folder / "machine.json").write_text(json.dumps(facts))
        content = {
            "commit_hash": commit,
            "env_name": environment,
            "date": 1_700_000_000_000 + 1000 * (self.commits.index(commit) if commit in self.commits else 0),
            "params": {"machine": machine, "python": "3.11"},
            "python": "3.11",
            "requirements": {"numpy": "2.4.6"},
            "env_vars": {},
            "result_columns": COLUMNS,
            "results": {name: given.row() for name, given in benchmarks.items()},
            "durations": {},
            "version": 2,
        }
        path = folder / f"{commit[:8]}-{environment}.json"
        path.write_text(json.dumps(content))
        return path

    def describe(self, **benchmarks: dict[str, Any]) -> None:
        """Write benchmarks.json; names are written with ``__`` for the dots."""
        content: dict[str, Any] = {"version": 2}
        for underscored, attributes in benchmarks.items():
            name = underscored.replace("__", ".")
            content[name] = {
                "name": name,
                "code": "",
                "type": "time",
                "unit": "seconds",
                "version": "1",
                "params": [],
                "param_names": [],
                "timeout": 60,
            } | attributes
        (self.root / "results").mkdir(exist_ok=True)
        (self.root / "results" / "benchmarks.json").write_text(json.dumps(content))

    def thresholds(self, text: str) -> Path:
        """Write benchmarks/thresholds.toml."""
        path = self.root / "benchmarks" / "thresholds.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path


def make_suite(root: Path, commits: int = 3) -> Suite:
    """A repository at `root` with that many commits, oldest first, and an asv.conf.json."""
    git(root, "init", "--quiet", "--initial-branch=main")
    hashes = []
    for number in range(commits):
        date = f"2026-01-{number + 1:02d}T00:00:00Z"
        author = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        for role in ("AUTHOR", "COMMITTER"):
            author |= {f"GIT_{role}_NAME": "A Person", f"GIT_{role}_EMAIL": "person@example.org"}
        git(root, "commit", "--quiet", "--allow-empty", "--message", f"step {number}", **author)
        hashes.append(git(root, "rev-parse", "HEAD"))
    config = {"version": 1, "project": "doctored", "repo": ".", "branches": ["main"], "environment_type": "virtualenv"}
    (root / "asv.conf.json").write_text("// asv allows comments\n" + json.dumps(config))
    suite = Suite(root, hashes)
    suite.describe(search__time_query={"layer": "bm25", "metric": "p50"})
    return suite


def git(root: Path, *arguments: str, **environment: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(root)} | environment
    return subprocess.run(command, check=True, capture_output=True, text=True, env=variables).stdout.strip()


def combinations(params: list[list[str]]) -> int:
    return len(list(product(*params)))
