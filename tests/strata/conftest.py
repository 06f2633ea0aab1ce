"""The real embedding model, loaded once a session."""

import pytest

from strata.embed.minilm import MiniLm


@pytest.fixture(scope="session")
def minilm() -> MiniLm:
    return MiniLm()
