import json

import jsonschema
import pytest
from typer.testing import CliRunner

from retrospeed import baseline_file
from retrospeed.cli import app
from tests.retrospeed.doctored import ENVIRONMENT, MACHINE, Given, timing

NAN = float("nan")


def run(*arguments):
    return CliRunner().invoke(app, ["baseline", *arguments])


@pytest.fixture
def written(suite):
    """A suite whose first commit is measured and is the baseline."""
    tiers = [["'small'", "'medium'"]]
    suite.describe(
        search__time_query={"layer": "bm25", "metric": "p50", "mode": "warm", "param_names": ["tier"], "params": tiers},
        search__track_loss={"layer": "bm25", "metric": "quality", "type": "track", "unit": "loss"},
    )
    (suite.root / "benchmarks").mkdir()
    suite.measured(suite.commits[0], results(0.010, 0.1))
    (suite.root / "results" / MACHINE / f"{ENVIRONMENT}.freeze.txt").write_text(
        "# packages\nnumpy==2.4.6\nscipy==1.17\n"
    )
    done = run("write")
    assert done.exit_code == 0, done.stderr
    return suite


def results(median, loss):
    params = [["'small'", "'medium'"]]
    small, medium = timing(median).values[0], timing(median * 3, seed=2).values[0]
    return {"search.time_query": Given([small, medium], params=params), "search.track_loss": Given([loss])}


def path_of(suite):
    return suite.root / "benchmarks" / "baseline.json"


def test_the_file_says_what_was_measured_where_and_with_what(written):
    content = json.loads(path_of(written).read_text())
    jsonschema.validate(content, baseline_file.json_schema())
    assert content["schema"] == 1
    assert content["commit"] == written.commits[0]
    assert content["machine"] == {"machine": MACHINE, "cpu": "a processor", "ram": "8 GB"}
    assert content["packages"] == ["numpy==2.4.6", "scipy==1.17"]
    assert content["requirements"] == {"numpy": "2.4.6"}
    assert content["thresholds"]["default"]["severe"]["relative"] == 0.2
    rows = [(m["benchmark"], m.get("tier"), m.get("mode"), round(m["value"], 9)) for m in content["metrics"]]
    assert rows == [
        ("search.time_query", "medium", "warm", 0.03),
        ("search.time_query", "small", "warm", 0.01),
        ("search.track_loss", None, None, 0.1),
    ]


def test_results_pass_the_baseline_they_made(written):
    done = run("check")
    assert done.exit_code == 0, done.stdout
    assert "3 unchanged" in done.stdout


@pytest.mark.parametrize(
    ("median", "loss", "options", "status"),
    [
        (0.0101, 0.101, [], 0),
        (0.014, 0.1, [], 1),
        (0.010, 0.13, [], 1),
        (0.010, 0.11, ["--fail-on", "warning"], 3),
        (0.014, 0.1, ["--fail-on", "never"], 0),
        (0.014, 0.1, ["--bench", "loss"], 0),
    ],
)
def test_the_newest_results_are_judged(written, median, loss, options, status):
    written.measured(written.commits[2], results(median, loss))
    assert run("check", *options).exit_code == status
    assert run("check", "HEAD~2", *options).exit_code == 0


def test_a_benchmark_that_vanished_is_inconclusive(written):
    written.measured(written.commits[1], {"search.track_loss": Given([0.1])})
    done = run("check")
    assert done.exit_code == 4
    assert "vanished: search.time_query('small')" in done.stdout


def test_the_thresholds_of_the_baseline_hold_until_others_are_named(written):
    written.measured(written.commits[1], results(0.014, 0.1))
    lax = written.thresholds("schema = 1\n[metric.p50]\nsevere = { relative = 2.0 }\n")
    assert run("check").exit_code == 1
    assert run("check", "--thresholds", str(lax)).exit_code == 0
    assert run("write", "HEAD~2").exit_code == 0
    assert run("check").exit_code == 0


def test_another_version_of_a_benchmark_is_incomparable(written):
    given = results(0.010, 0.1)
    given["search.track_loss"].version = "2"
    written.measured(written.commits[1], given)
    assert run("check").exit_code == 4


def test_what_failed_when_the_baseline_was_written_does_not_begin_to_fail(written):
    written.measured(written.commits[1], results(0.010, 0.1) | {"search.time_broken": Given([None])})
    assert run("write").exit_code == 0
    done = run("check")
    assert (done.exit_code, "unmeasured: search.time_broken" in done.stdout) == (0, True)
    assert ["search.time_broken", "failed"] in [line.split() for line in run("show").stdout.splitlines()]


def test_show_prints_a_table_or_the_file(written):
    shown = run("show")
    assert shown.exit_code == 0
    assert [line.split() for line in shown.stdout.splitlines()[1:4]] == [
        ["bm25", "p50", "medium", "warm", "search.time_query('medium')", "30.0", "ms"],
        ["bm25", "p50", "small", "warm", "search.time_query('small')", "10.0", "ms"],
        ["bm25", "quality", "search.track_loss", "0.100"],
    ]
    assert run("show", "--json").stdout == path_of(written).read_text()


def one_sentence(done, told):
    assert done.exit_code == 2
    assert done.stderr.startswith("retrospeed: ") and done.stderr.count("\n") == 1
    assert told in done.stderr


def test_a_baseline_of_another_machine_judges_nothing(written):
    folder = written.root / "results" / MACHINE
    for path in folder.iterdir():
        path.unlink()
    written.measured(written.commits[1], results(0.010, 0.1), machine="another")
    one_sentence(run("check"), "was written on machine bench-1 and cannot judge results of another")


@pytest.mark.parametrize("verb", ["check", "show"])
def test_a_baseline_that_cannot_be_used_is_named(written, verb):
    path = path_of(written)
    whole = path.read_text()
    path.write_text(whole[:500])
    one_sentence(run(verb), "baseline.json is not a complete baseline")
    path.write_text(whole.replace('"schema": 1', '"schema": 2', 1))
    one_sentence(run(verb), "has schema 2, this program reads schema 1")
    path.write_text(whole.replace('"relative": 0.2', '"relativ": 0.2', 1))
    one_sentence(run(verb), "baseline.json")
    path.unlink()
    one_sentence(run(verb), "no baseline at")


def test_writing_needs_values_of_one_environment(suite):
    (suite.root / "benchmarks").mkdir()
    one_sentence(run("write"), "There are no results")
    suite.measured(suite.commits[0], {"a.time_x": Given([None]), "a.time_y": Given([NAN])})
    one_sentence(run("write"), "nothing to write")
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)}, environment="py3.12")
    one_sentence(run("write"), "choose one with --env: py3.12, virtualenv-py3.11")
    assert run("write", "--env", "py3.12").exit_code == 0
    one_sentence(run("write", "HEAD~9"), "names neither a commit")
    assert [path.name for path in (suite.root / "benchmarks").iterdir()] == ["baseline.json"]


def test_without_the_folder_nothing_is_written(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    one_sentence(run("write"), "cannot be written")
