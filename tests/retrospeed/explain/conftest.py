import pytest

from retrospeed.explain import profiles
from tests.retrospeed.explain.planted import Planted


@pytest.fixture
def planted(tmp_path, monkeypatch) -> Planted:
    """A repository to plant differences in; profiles of it are short."""
    monkeypatch.setattr(profiles, "ROUND_SECONDS", 0.25)
    return Planted(tmp_path / "scratch")
