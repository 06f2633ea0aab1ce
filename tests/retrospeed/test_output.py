"""What people, programs and GitHub read, whole: one comparison that has a series in every class, in every form."""

import pytest
from typer.testing import CliRunner

from retrospeed.cli import app
from tests.retrospeed import golden
from tests.retrospeed.doctored import Given, timing
from tests.retrospeed.test_show import labelled

NAN = float("nan")


@pytest.fixture
def everything(suite):
    tiers = [["'small'", "'medium'"]]
    suite.describe(
        search__time_query={"layer": "bm25", "metric": "p50", "params": tiers, "param_names": ["tier"]},
        search__track_recall={"layer": "bm25", "metric": "quality", "type": "track", "unit": "loss"},
        search__peakmem_query={"layer": "bm25", "metric": "peak_memory", "type": "peakmemory", "unit": "bytes"},
        search__track_p99={"layer": "bm25", "metric": "p99", "type": "track"},
        build__time_build={"layer": "bm25", "metric": "build"},
    )
    quick, slow = timing(0.002).values[0], timing(0.0028, seed=1).values[0]
    suite.measured(
        suite.commits[0],
        {
            "search.time_query": Given([quick, quick], params=tiers),
            "search.track_recall": Given([0.100]),
            "search.peakmem_query": Given([100e6]),
            "search.track_p99": Given([0.010]),
            "build.time_build": timing(1.0),
            "build.time_catch_up": timing(0.5),
            "build.time_merge": timing(0.5),
            "build.time_mended": Given([None]),
            "build.time_new": Given([NAN]),
            "build.time_never": Given([None]),
            "build.time_rewritten": timing(0.5),
        },
    )
    suite.measured(
        suite.commits[1],
        {
            "search.time_query": Given([quick, slow], params=tiers),
            "search.track_recall": Given([0.111]),
            "search.peakmem_query": Given([131e6]),
            "search.track_p99": Given([0.020]),
            "build.time_build": timing(0.7, seed=3),
            "build.time_merge": Given([None]),
            "build.time_mended": timing(0.5),
            "build.time_new": timing(0.5),
            "build.time_never": Given([None]),
            "build.time_rewritten": timing(0.5, version="2"),
        },
    )
    suite.measured(suite.commits[1], {"search.time_query": timing(1.0)}, environment="virtualenv-py3.12")
    return suite


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_compare(everything):
    done = run("compare", "HEAD~2", "HEAD~1", "--env", "virtualenv-py3.11")
    golden.check("compare.txt", done.stdout)


def test_compare_with_asvs_table_annotations_and_another_environment(everything):
    done = run("compare", "HEAD~2", "HEAD~1", "--github", "--fail-on", "warning")
    golden.check("compare-github.txt", done.stdout)


def test_compare_as_markdown(everything):
    run("compare", "HEAD~2", "HEAD~1", "--no-asv-table", "--markdown", "verdict.md")
    golden.check("compare.md", (everything.root / "verdict.md").read_text())


def test_show(suite):
    labelled(suite)
    golden.check("show.txt", run("show", "--all").stdout)


@pytest.mark.parametrize("verb", [["compare"], ["show"], ["baseline"], ["baseline", "write"], ["baseline", "check"]])
def test_every_verb_has_help(verb):
    done = run(*verb, "--help")
    assert done.exit_code == 0
    assert "Usage: retrospeed " + " ".join(verb) in " ".join(done.stdout.split())
