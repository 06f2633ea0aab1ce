"""A small git repository with an asv suite, and asv run on it as a user would run it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[2] / "src"
MACHINE = "scratch"

PYPROJECT = """\
[build-system]
requires = ["hatchling==1.33.0"]
build-backend = "hatchling.build"

[project]
name = "toy"
version = "1.0"
dependencies = [{dependencies}]

[project.scripts]
toy = "toy:main"

[tool.hatch.build.targets.wheel]
packages = ["toy"]
"""

CONFIG = {
    "version": 1,
    "project": "toy",
    "branches": ["main"],
    "dvcs": "git",
    "pythons": [f"{sys.version_info.major}.{sys.version_info.minor}"],
    "environment_type": "layered",
    "plugins": [".retrospeed.layered"],
    "matrix": {
        "req": {
            "pip+build": ["1.6.1"],
            "pip+asv_runner": ["0.3.2"],
            "pip+pympler": ["1.1"],
            "hatchling": ["1.33.0"],
        }
    },
    "build_command": ["python -m hatchling build -t wheel -d {build_cache_dir}"],
    "build_cache_size": 20,
}


class Repository:
    """A git repository whose package `toy` has two modules; every commit has the same version number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Scratch", "-c", "user.email=scratch@example.org"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=self.path, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, value: int, second_module: str = "second", pyproject: str | None = None) -> str:
        """Commit a package with `toy.VALUE = value`; returns the full hash."""
        package = self.path / "toy"
        shutil.rmtree(package, ignore_errors=True)
        package.mkdir()
        main = f"def main():\n    print({value})\n"
        (package / "__init__.py").write_text(f"VALUE = {value}\n\n\n{main}")
        (package / f"{second_module}.py").write_text("NAME = __name__\n")
        (self.path / "pyproject.toml").write_text(PYPROJECT.format(dependencies="") if pyproject is None else pyproject)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"value {value}")
        return self.git("rev-parse", "HEAD")


class Suite:
    """A folder with a suite and its results; repository and environments may be shared with other suites."""

    def __init__(self, folder: Path, repository: Repository, env_dir: Path, benchmarks: str, **config: Any) -> None:
        self.folder = folder
        self.env_dir = env_dir
        self.results = folder / "results"
        (folder / "benchmarks").mkdir(parents=True)
        (folder / "benchmarks" / "__init__.py").touch()
        (folder / "benchmarks" / "suite.py").write_text(benchmarks)
        self.config = folder / "asv.conf.json"
        settings = {**CONFIG, "repo": str(repository.path), "env_dir": str(env_dir), **config}
        self.config.write_text(json.dumps(settings))
        home = folder / "home"
        home.mkdir()
        machine = {"machine": MACHINE, "os": "", "arch": "", "cpu": "", "num_cpu": "", "ram": ""}
        (home / ".asv-machine.json").write_text(json.dumps({MACHINE: machine, "version": 1}))
        # Another home for asv's machine file only: pip keeps its settings and its cache.
        user = Path.home()
        self.variables = {
            **os.environ,
            "HOME": str(home),
            "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", str(user / ".config")),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(user / ".cache")),
            "PYTHONPATH": str(SOURCE),
        }

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "asv", *arguments]
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, cwd=self.folder, env=self.variables, text=True, **pipe)  # type: ignore[call-overload,no-any-return]

    def asv(self, *arguments: str, returns: int = 0) -> str:
        """Run an asv command; returns its output."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == returns, output
        return output

    def result(self, commit: str, benchmark: str, env_marker: str = "") -> Any:
        """The recorded value of a benchmark without parameters, None if it failed."""
        (path,) = [path for path in (self.results / MACHINE).glob(f"{commit[:8]}-*.json") if env_marker in path.name]
        recorded = json.loads(path.read_text())
        row = dict(zip(recorded["result_columns"], recorded["results"][f"suite.{benchmark}"], strict=False))
        return None if row["result"] is None else row["result"][0]

    def shared_environments(self) -> list[Path]:
        return sorted(path.parent for path in self.env_dir.glob("*/asv-shared.json"))

    def commit_environments(self) -> list[Path]:
        """The finished virtualenvs of commits, the shared environments left out."""
        return sorted(path.parent for path in self.env_dir.glob("*/commit.json"))
