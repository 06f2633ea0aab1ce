import pytest

from tests.retrospeed.doctored import Suite, make_suite


@pytest.fixture
def suite(tmp_path, monkeypatch) -> Suite:
    """A repository with three commits and no results yet; the current folder is its root."""
    made = make_suite(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    return made
