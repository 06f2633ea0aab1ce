"""A repository of small commits with an asv suite, and the command run on it as a user would."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[3] / "src"

# A backend of its own, in the commit, needs nothing installed.
BUILD_WHEEL = """
import sys
import zipfile
from pathlib import Path

info = "toy-1.0.dist-info"
files = {
    "toy.py": Path("toy.py").read_text(),
    f"{info}/METADATA": "Metadata-Version: 2.1\\nName: toy\\nVersion: 1.0\\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: toy\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
files[f"{info}/RECORD"] = "".join(f"{name},,\\n" for name in (*files, f"{info}/RECORD"))
with zipfile.ZipFile(Path(sys.argv[1], "toy-1.0-py3-none-any.whl"), "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
"""
BROKEN = "raise SystemExit('Error: this commit cannot be built')\n"

SUITE = """
import os

import toy


def track_value():
    return toy.VALUE


def track_hash_seed():
    return int(os.environ.get("PYTHONHASHSEED", "-1"))


class Sized:
    params = ["small", "large"]
    param_names = ["size"]

    def setup(self, size):
        if size == "large" and toy.VALUE < 2:
            raise NotImplementedError

    def track_product(self, size):
        return toy.VALUE * len(size)
"""

MATRIX = {"pip+build": ["1.6.1"], "pip+asv_runner": ["0.3.2"], "pip+pympler": ["1.1"]}
CONFIG = {
    "version": 1,
    "project": "toy",
    "repo": ".",
    "branches": ["main"],
    "dvcs": "git",
    "pythons": [f"{sys.version_info.major}.{sys.version_info.minor}"],
    "environment_type": "layered",
    "plugins": [".retrospeed.layered"],
    "matrix": {"req": MATRIX},
    "build_command": ["python build_wheel.py {build_cache_dir}"],
    "build_cache_size": 20,
    "benchmark_dir": "benchmarks",
    "env_dir": ".asv/env",
    "results_dir": "results",
    "html_dir": ".asv/html",
}
IDENTITY = ("-c", "user.name=Scratch", "-c", "user.email=scratch@example.org")


class ScratchRange:
    """One commit for each of `values`, which its package tells; None does not build. `hashes`, oldest first."""

    def __init__(self, folder: Path, values: Sequence[int | None], suite: str = SUITE) -> None:
        self.folder = folder
        self.results = folder / "results"
        (folder / "benchmarks").mkdir(parents=True)
        (folder / "benchmarks" / "__init__.py").touch()
        (folder / "benchmarks" / "suite.py").write_text(suite)
        (folder / "asv.conf.json").write_text(json.dumps(CONFIG))
        (folder / ".gitignore").write_text(".asv\n__pycache__\nresults\nbenchmarks\nasv.conf.json\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.hashes = [self._commit(value) for value in values]

    def git(self, *arguments: str) -> str:
        command = ["git", *IDENTITY, *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def _commit(self, value: int | None) -> str:
        (self.folder / "toy.py").write_text(f"VALUE = {value or 0}\n")
        (self.folder / "build_wheel.py").write_text(BROKEN if value is None else BUILD_WHEEL)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"value {value}")
        return self.git("rev-parse", "HEAD")

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start `retrospeed backfill` here, its output and errors in one stream."""
        return subprocess.Popen(
            [sys.executable, "-m", "retrospeed", "backfill", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A group of its own can be interrupted as a terminal would.
            start_new_session=True,
        )

    def backfill(self, *arguments: str, **variables: str) -> tuple[int, str, Any]:
        """Exit status, output, and the JSON written."""
        file = self.folder / ".asv" / "backfill.json"
        file.parent.mkdir(exist_ok=True)
        file.unlink(missing_ok=True)
        process = self.start(*arguments, "--json", str(file), **variables)
        output, _ = process.communicate(timeout=240)
        return process.returncode, output, json.loads(file.read_text()) if file.exists() else None

    def value(self, machine: str, commit: str, benchmark: str) -> Any:
        """The stored values of a benchmark."""
        (path,) = (self.results / machine).glob(f"{commit[:8]}-*.json")
        content = json.loads(path.read_text())
        return dict(zip(content["result_columns"], content["results"][f"suite.{benchmark}"], strict=False))["result"]

    def measured(self, machine: str) -> set[str]:
        """The commits that have results, by their first digits."""
        return {path.name.split("-")[0] for path in (self.results / machine).glob("*-*.json")}
