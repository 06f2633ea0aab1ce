from pathlib import Path

import pytest

from tests.retrospeed.nightly.forge_server import ForgeServer
from tests.retrospeed.nightly.history import Project


@pytest.fixture
def forge():
    """A forge that keeps the issues it is given."""
    with ForgeServer() as server:
        yield server


@pytest.fixture(scope="session")
def env_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all nights keep their environments, so that the dependencies are installed once."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def project(tmp_path: Path, env_dir: Path) -> Project:
    """A project with one commit."""
    return Project(tmp_path, env_dir)
