from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.retrospeed.scratch_project import PYPROJECT, Repository, Suite

VALUES = (1, 1, 4, 4)


class History:
    """One repository for all tests: `main` has four commits, `broken` one that does not build, and so on."""

    def __init__(self, path: Path) -> None:
        self.repository = Repository(path)
        self.main = [
            self.repository.commit(value, second_module="only_first" if index == 0 else f"second{index}")
            for index, value in enumerate(VALUES)
        ]
        self.repository.git("checkout", "--quiet", "-b", "broken")
        self.broken = self.repository.commit(5, pyproject=PYPROJECT.format(dependencies='"not a requirement!"'))
        self.repository.git("checkout", "--quiet", "-b", "demanding", "main")
        self.demanding = self.repository.commit(6, pyproject=PYPROJECT.format(dependencies='"hatchling>=9999"'))
        self.repository.git("checkout", "--quiet", "main")


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return History(tmp_path_factory.mktemp("layered") / "repository")


@pytest.fixture(scope="session")
def env_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all tests keep their environments, so that the dependencies are installed once."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def suite(tmp_path: Path, history: History, env_dir: Path) -> Callable[..., Suite]:
    """Make a suite over the common history from the text of its benchmarks and its own settings."""

    def make(benchmarks: str, **config: Any) -> Suite:
        folder = tmp_path / f"suite{len(list(tmp_path.iterdir()))}"
        return Suite(folder, history.repository, env_dir, benchmarks, **config)

    return make
