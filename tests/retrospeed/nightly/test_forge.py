"""Issues are filed once, and a forge that refuses is named."""

import pytest

from retrospeed.nightly.forge import Forge, ForgeError
from tests.retrospeed.nightly.forge_server import REPOSITORY


def test_an_issue_is_filed_once(forge):
    found = Forge.from_environment(forge.variables)
    assert found is not None
    first = found.file("slower", "body", "bench a..b")
    assert first == f"{forge.url}/{REPOSITORY}/issues/1"
    assert found.file("slower", "body", "bench a..b") == first
    assert found.file("other", "body", "other a..b") != first
    assert [issue["title"] for issue in forge.issues] == ["slower", "other"]
    assert forge.issues[0]["body"].startswith("body\n")


def test_an_issue_is_found_behind_many_others(forge):
    found = Forge.from_environment(forge.variables)
    assert found is not None
    first = found.file("slower", "body", "key")
    forge.issues += [{"title": "other", "body": None, "html_url": ""} for _ in range(230)]
    assert found.file("slower", "body", "key") == first
    assert len(forge.issues) == 231


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_without_token_or_repository_there_is_no_forge(forge, missing):
    assert Forge.from_environment({**forge.variables, missing: ""}) is None


def test_a_refusal_says_who_refused_what(forge):
    forge.refuses = 403
    found = Forge.from_environment(forge.variables)
    assert found is not None
    with pytest.raises(ForgeError, match=r"answered 403 Forbidden for owner/project"):
        found.file("slower", "body", "key")
    wrong = Forge.from_environment({**forge.variables, "GITHUB_TOKEN": "wrong"})
    assert wrong is not None
    with pytest.raises(ForgeError, match="401"):
        wrong.file("slower", "body", "key")
    away = Forge.from_environment({**forge.variables, "GITHUB_API_URL": "http://127.0.0.1:9"})
    assert away is not None
    with pytest.raises(ForgeError, match="could not be asked"):
        away.file("slower", "body", "key")
