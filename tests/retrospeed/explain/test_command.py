"""The command from end to end, and everything that it refuses."""

import json
import re

import jsonschema
import pytest
from typer.testing import CliRunner

from retrospeed.cli import app
from retrospeed.explain import json_form
from tests.retrospeed.explain.planted import PARENT
from tests.retrospeed.explain.test_profiles import NORMALISE, RANK


def explain(planted, *arguments):
    return CliRunner().invoke(app, ["explain", "--config", str(planted.folder / "asv.conf.json"), *arguments])


def test_every_form_tells_the_same(planted, tmp_path):
    planted.replaced((RANK, NORMALISE))
    files = {name: tmp_path / f"out.{name}" for name in ("issue", "html", "json")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    done = explain(planted, "HEAD", "search.time_search", "--profile-rounds", "3", *options)
    assert done.exit_code == 0, done.output
    cause = re.search(r"Likely cause: (.*)", done.stdout)[1]
    assert "`work.normalise` (work/__init__.py:6), new in the commit" in cause

    told = json.loads(files["json"].read_text())
    jsonschema.validate(told, json_form.json_schema())
    assert told["cause"] == cause
    assert told["accounts"]
    assert told["functions"][0] == "work.normalise"
    assert (told["base"]["commit"], told["head"]["commit"]) == (planted.base, planted.head)
    assert told["measured"]["class"] == "severe"
    low, high = told["measured"]["ratio"][1:]
    assert 1 < low <= told["measured"]["ratio"][0] <= high

    issue = files["issue"].read_text()
    assert issue.startswith("# search.time_search: ")
    assert cause in issue
    assert f"retrospeed explain {planted.head[:8]} search.time_search" in issue
    assert "| severity | severe" in issue
    assert "+def normalise(score):" in issue

    page = files["html"].read_text()
    assert "+def normalise(score):" in page
    assert not re.search(r'(src|href)="', page), "the page must stand by itself"
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert ["work.normalise", "work/__init__.py:6"] in data["functions"]
    assert not re.search(r"@[A-Z]+@", page)


def test_a_number_that_is_neither_time_nor_memory_is_not_explained(planted):
    planted.replaced((RANK, NORMALISE))
    done = explain(planted, "HEAD", "search.track_loss")
    assert done.exit_code == 4
    assert "cannot explain" in done.stdout


@pytest.mark.parametrize(
    ("bench", "said"),
    [
        ("search.time_serch", "near it: search.time_search"),
        ("WithParameters", "near it: search.WithParameters.time_search('small'), search.WithParameters"),
        ("search.WithParameters.time_search", "name one: search.WithParameters.time_search('small')"),
    ],
)
def test_a_benchmark_that_is_not_named_exactly_lists_what_comes_near(planted, bench, said):
    planted.replaced((RANK, NORMALISE))
    done = explain(planted, "HEAD", bench)
    assert done.exit_code == 2
    assert said in done.stderr


def test_commits_that_have_no_one_parent(planted):
    planted.git("checkout", "--quiet", "-b", "side")
    planted.commit(PARENT + "\n\nSIDE = 1\n")
    planted.git("checkout", "--quiet", "main")
    (planted.folder / "other.txt").write_text("x", encoding="utf-8")
    planted.git("add", "-A")
    planted.git("commit", "--quiet", "--message", "other")
    planted.git("merge", "--quiet", "--no-edit", "side")
    merged = explain(planted, "HEAD", "search.time_search")
    assert merged.exit_code == 2
    assert "is a merge of 2 commits" in merged.stderr
    assert "--against" in merged.stderr
    first = planted.git("rev-list", "--max-parents=0", "HEAD")
    root = explain(planted, first, "search.time_search")
    assert root.exit_code == 2
    assert "is the first commit" in root.stderr
    unknown = explain(planted, "nothing", "search.time_search")
    assert (unknown.exit_code, "has no commit nothing" in unknown.stderr) == (2, True)


def test_a_commit_that_does_not_work_or_build(planted):
    planted.plant("raise ImportError('half a commit')\n")
    broken = explain(planted, "HEAD", "search.time_search")
    assert broken.exit_code == 2
    assert "half a commit" in broken.stderr
    text = "[build-system]\nrequires = []\nbuild-backend = 'none'\n"
    (planted.folder / "pyproject.toml").write_text(text, encoding="utf-8")
    planted.plant(PARENT)
    unbuilt = explain(planted, "HEAD", "search.time_search")
    assert unbuilt.exit_code == 2
    assert "does not build or install" in unbuilt.stderr
