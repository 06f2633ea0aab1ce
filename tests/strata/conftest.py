"""The real embedding model, loaded once a session; a PostgreSQL server, if a test asked for it, ended with it."""

from collections.abc import Iterator

import pytest

from strata.embed.minilm import MiniLm
from tests.strata import postgres


@pytest.fixture(scope="session")
def minilm() -> MiniLm:
    return MiniLm()


@pytest.fixture(scope="session", autouse=True)
def _no_server_outlives_the_tests() -> Iterator[None]:
    yield
    postgres.remove()
