"""The command, run as a user runs it, on doctored results: what it prints and with which status it ends."""

import json
import re
import shlex

import jsonschema
import pytest
from typer.testing import CliRunner

from retrospeed.cli import app
from retrospeed.report import json_form
from tests.retrospeed.doctored import Given, timing

NAN = float("nan")


def run(*arguments):
    return CliRunner().invoke(app, ["compare", *arguments])


def compared(suite, base, head, *arguments):
    """Measure `base` and `head` at two commits and compare them; returns the result and the verdict as data."""
    suite.measured(suite.commits[0], base)
    suite.measured(suite.commits[1], head)
    done = run("HEAD~2", "HEAD~1", "--no-asv-table", "--json", "verdict.json", *arguments)
    verdict = json.loads((suite.root / "verdict.json").read_text()) if done.exit_code != 2 else None
    return done, verdict


def classes(verdict):
    return {entry["benchmark"]: entry["class"] for entry in verdict["comparisons"]}


CASES = {
    "regression": (timing(0.010), timing(0.014, seed=1), "severe", 1),
    "small regression": (timing(0.010, noise=0.01), timing(0.0112, noise=0.01, seed=1), "warning", 0),
    "improvement": (timing(0.010), timing(0.007, seed=1), "improved", 0),
    "noise": (timing(0.010), timing(0.0101, seed=1), "unchanged", 0),
    "much noise": (timing(0.010, noise=0.4), timing(0.012, noise=0.4, seed=1), "inconclusive", 4),
    "below the floor": (timing(0.0001), timing(0.00015, seed=1), "unchanged", 0),
    "failed in head": (timing(0.010), Given([None]), "failed", 1),
    "failed in both": (Given([None]), Given([None]), "unmeasured", 4),
    "mended": (Given([None]), timing(0.010), "fixed", 4),
    "skipped in head": (timing(0.010), Given([NAN]), "vanished", 4),
    "skipped in base": (Given([NAN]), timing(0.010), "new", 4),
    "another version": (timing(0.010), timing(0.030, version="2"), "incomparable", 4),
    "from zero": (Given([[0.0] * 10]), timing(0.010), "severe", 1),
    "at zero": (Given([[0.0] * 10]), Given([[0.0] * 10]), "unchanged", 0),
}


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_its_class_and_its_exit_status(suite, case):
    base, head, expected, status = CASES[case]
    done, verdict = compared(suite, {"search.time_query": base}, {"search.time_query": head})
    assert classes(verdict) == {"search.time_query": expected}
    assert "search.time_query" in done.stdout
    assert (done.exit_code, verdict["exit_code"]) == (status, status)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("case", "fail_on", "status"),
    [
        ("regression", "warning", 1),
        ("regression", "never", 0),
        ("small regression", "warning", 3),
        ("small regression", "never", 0),
        ("another version", "warning", 4),
        ("another version", "never", 0),
        ("noise", "warning", 0),
    ],
)
def test_the_level_that_fails_can_be_chosen(suite, case, fail_on, status):
    base, head, _, _ = CASES[case]
    done, _ = compared(suite, {"search.time_query": base}, {"search.time_query": head}, "--fail-on", fail_on)
    assert done.exit_code == status


def test_severe_outranks_inconclusive_and_inconclusive_outranks_a_warning(suite):
    base = {"a.time_x": CASES["regression"][0], "b.time_x": timing(1.0), "c.time_x": CASES["small regression"][0]}
    head = {"a.time_x": CASES["regression"][1], "c.time_x": CASES["small regression"][1]}
    assert compared(suite, base, head)[0].exit_code == 1
    assert compared(suite, base, head, "--exclude", "^a", "--fail-on", "warning")[0].exit_code == 4
    assert compared(suite, base, head, "--bench", "^c", "--fail-on", "warning")[0].exit_code == 3


def test_what_vanished_and_what_is_new_are_listed_and_only_the_first_fails(suite):
    both = {"a.time_x": timing(1.0)}
    done, verdict = compared(suite, both | {"a.time_gone": timing(1.0)}, both)
    assert (classes(verdict)["a.time_gone"], done.exit_code) == ("vanished", 4)
    assert "vanished: a.time_gone, measured at BASE, not measured at HEAD" in done.stdout
    done, verdict = compared(suite, both, both | {"a.time_added": timing(1.0)})
    assert (classes(verdict)["a.time_added"], done.exit_code) == ("new", 0)
    assert "new: a.time_added, not measured at BASE, measured at HEAD" in done.stdout


def test_parameters_are_matched_by_value_and_not_by_position(suite):
    suite.describe(search__time_query={"param_names": ["tier"], "layer": "bm25", "metric": "p50"})
    slow, fast = [0.1 + x / 1000 for x in range(10)], [0.01 + x / 10000 for x in range(10)]
    base = Given([fast, slow], params=[["'small'", "'large'"]])
    head = Given([slow, fast, fast], params=[["'large'", "'small'", "'tiny'"]])
    _, verdict = compared(suite, {"search.time_query": base}, {"search.time_query": head})
    assert [(entry["params"]["tier"], entry["class"]) for entry in verdict["comparisons"]] == [
        ("tiny", "new"),
        ("large", "unchanged"),
        ("small", "unchanged"),
    ]


def test_a_loss_is_judged_by_its_difference(suite):
    suite.describe(q__track_loss={"type": "track", "unit": "loss", "metric": "quality", "layer": "bm25"})
    done, verdict = compared(suite, {"q.track_loss": Given([0.010])}, {"q.track_loss": Given([0.013])})
    assert (done.exit_code, classes(verdict)["q.track_loss"]) == (0, "unchanged")
    done, verdict = compared(suite, {"q.track_loss": Given([0.300])}, {"q.track_loss": Given([0.325])})
    assert (done.exit_code, verdict["comparisons"][0]["why"]) == (1, "0.0250 worse, beyond 0.02")


def test_higher_can_be_better(suite):
    suite.describe(q__track_rate={"type": "track", "unit": "queries", "direction": "higher"})
    done, verdict = compared(suite, {"q.track_rate": timing(100)}, {"q.track_rate": timing(60, seed=1)})
    assert (done.exit_code, verdict["comparisons"][0]["why"]) == (1, "40 % lower, beyond 20 %")
    done, verdict = compared(suite, {"q.track_rate": timing(60)}, {"q.track_rate": timing(100, seed=1)})
    assert (done.exit_code, classes(verdict)["q.track_rate"]) == (0, "improved")


def test_environments_are_compared_by_name_and_the_rest_is_listed(suite):
    for commit, environment, value in [(0, "py3.11", 1.0), (0, "py3.12", 1.0), (1, "py3.12", 2.0), (1, "py3.13", 9.0)]:
        suite.measured(suite.commits[commit], {"a.time_x": timing(value, seed=commit)}, environment=environment)
    done = run("HEAD~2", "HEAD~1", "--no-asv-table")
    assert done.exit_code == 1
    assert "environment py3.11 (only at BASE)" in done.stdout
    assert "environment py3.13 (only at HEAD)" in done.stdout
    assert "1 severe" in done.stdout
    assert run("HEAD~2", "HEAD~1", "--no-asv-table", "--env", "py3.11").exit_code == 4
    unknown = run("HEAD~2", "HEAD~1", "--no-asv-table", "--env", "py2")
    assert (unknown.exit_code, "there are of py3.11, py3.12, py3.13" in unknown.stderr) == (2, True)


def test_two_machines_are_never_compared_with_each_other(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)}, machine="one")
    suite.measured(suite.commits[1], {"a.time_x": timing(1.0)}, machine="two")
    done = run("HEAD~2", "HEAD~1")
    assert (done.exit_code, "choose one with --machine: one, two" in done.stderr) == (2, True)
    done = run("HEAD~2", "HEAD~1", "--machine", "one")
    assert done.exit_code == 2
    assert re.search(
        r"HEAD~1 \(\w{8}\) was not measured on one: run `asv run 'HEAD~1\^!'`; measured: \w{8}\.", done.stderr
    )
    done = run("HEAD~2", "HEAD~1", "--machine", "three")
    assert (done.exit_code, "no results of machine three; there are of one, two" in done.stderr) == (2, True)


def test_a_file_that_lies_with_the_wrong_machine_is_refused(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    path = suite.measured(suite.commits[1], {"a.time_x": timing(1.0)})
    path.write_text(path.read_text().replace('"machine": "bench-1"', '"machine": "elsewhere"'))
    done = run("HEAD~2", "HEAD~1")
    assert (done.exit_code, "comes from machine elsewhere, not bench-1" in done.stderr) == (2, True)


def one_sentence(done):
    return done.exit_code == 2 and done.stderr.startswith("retrospeed: ") and done.stderr.count("\n") == 1


def test_without_results_it_says_so(suite):
    done = run("HEAD~2", "HEAD~1")
    assert one_sentence(done) and "There are no results in" in done.stderr


def test_without_a_configuration_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("HEAD~2", "HEAD~1")
    assert one_sentence(done) and "no asv.conf.json" in done.stderr


def test_a_broken_configuration_is_named(suite):
    (suite.root / "asv.conf.json").write_text("{ repo ")
    done = run("HEAD~2", "HEAD~1")
    assert one_sentence(done) and "asv.conf.json" in done.stderr


def test_truncated_results_are_named(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    path = suite.measured(suite.commits[1], {"a.time_x": timing(1.0)})
    path.write_bytes(path.read_bytes()[:200])
    done = run("HEAD~2", "HEAD~1")
    assert one_sentence(done) and f"{path.name} is not complete JSON" in done.stderr


def test_revisions_are_what_git_takes_or_a_prefix_of_a_measured_commit(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    suite.measured(suite.commits[2], {"a.time_x": timing(1.0)})
    gone = "abcdef0123456789abcdef0123456789abcdef01"
    suite.measured(gone, {"a.time_x": timing(1.0)})
    for revision in ("HEAD", "main", suite.commits[2], suite.commits[2][:7], gone, gone[:8], gone[:5]):
        assert run("HEAD~2", revision, "--no-asv-table").exit_code == 0, revision
    for revision in ("nowhere", "abc", "0000000", gone[:8] + "ff", "-x"):
        assert run("HEAD~2", "--no-asv-table", "--", revision).exit_code == 2, revision


def test_an_expression_that_selects_nothing_is_an_error(suite):
    done, _ = compared(suite, {"a.time_x": timing(1.0)}, {"a.time_x": timing(1.0)}, "--bench", "zzz")
    assert one_sentence(done) and "No benchmark is selected" in done.stderr
    done, _ = compared(suite, {"a.time_x": timing(1.0)}, {"a.time_x": timing(1.0)}, "--bench", "(")
    assert one_sentence(done) and "--bench is not a regular expression" in done.stderr


def test_thresholds_of_the_repository_are_used_and_named(suite):
    both = {"search.time_query": timing(0.010)}, {"search.time_query": timing(0.014, seed=1)}
    suite.thresholds("schema = 1\n[metric.p50]\nsevere = { relative = 0.5 }\n")
    done, _ = compared(suite, *both)
    assert done.exit_code == 0
    assert "Thresholds (thresholds.toml):" in done.stdout
    assert (
        "bm25 p50 in seconds (1 series): warning over 5 % and over 100 µs, severe over 50 % and over 100 µs"
        in done.stdout
    )
    suite.thresholds("schema = 1\n[metric.p50]\nsever = { relative = 0.5 }\n")
    done, _ = compared(suite, *both)
    assert one_sentence(done) and "unknown field `sever`" in done.stderr


def test_the_json_form_keeps_its_schema(suite):
    base = {"a.time_x": timing(0.010), "a.time_y": Given([0.0]), "a.time_z": timing(1.0)}
    head = {"a.time_x": timing(0.014, seed=1), "a.time_y": Given([1.0]), "a.time_n": timing(1.0)}
    _, verdict = compared(suite, base, head)
    jsonschema.validate(verdict, json_form.json_schema())
    entry = next(entry for entry in verdict["comparisons"] if entry["benchmark"] == "a.time_x")
    assert entry["effect"]["ratio"] == pytest.approx(1.4)
    assert 1.3 < entry["effect"]["ratio_low"] < 1.4 < entry["effect"]["ratio_high"] < 1.5
    assert entry["effect"]["p_value"] < 0.002
    assert entry["asv_mark"] == "+"


def test_a_file_that_cannot_be_written_is_named(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    done = run("HEAD~2", "HEAD~2", "--no-asv-table", "--json", "no/such/folder/v.json")
    assert one_sentence(done) and "no/such/folder/v.json cannot be written" in done.stderr
    done = run("HEAD~2", "HEAD~2", "--no-asv-table", "--markdown", "/dev/full")
    assert one_sentence(done) and "/dev/full cannot be written" in done.stderr


def test_an_older_file_is_replaced_whole_and_nothing_is_left_beside_it(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    (suite.root / "v.md").write_text("zzz" * 10_000)
    assert run("HEAD~2", "HEAD~2", "--no-asv-table", "--markdown", "v.md").exit_code == 0
    assert "zzz" not in (suite.root / "v.md").read_text()
    assert [path.name for path in suite.root.glob(".*.partial")] == []


def test_annotations_are_for_github_alone(suite, monkeypatch):
    sides = {"a.time_x": timing(0.010)}, {"a.time_x": timing(0.014, seed=1)}
    assert "::error" not in compared(suite, *sides)[0].stdout
    expected = "::error title=severe::a.time_x: 40 %25 higher, beyond 20 %25"
    assert expected in compared(suite, *sides, "--github")[0].stdout.splitlines()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert expected in compared(suite, *sides)[0].stdout.splitlines()


def test_asvs_own_table_comes_first(suite):
    suite.measured(suite.commits[0], {"search.time_query": timing(0.010)})
    suite.measured(suite.commits[1], {"search.time_query": timing(0.014, seed=1)})
    done = run("HEAD~2", "HEAD~1")
    assert done.exit_code == 1
    assert re.search(
        r"^\| \+ +\| 10\.0±.*ms +\| 14\.0±.*ms +\| +1\.40? +\| search\.time_query +\|$", done.stdout, re.MULTILINE
    )
    assert done.stdout.index("| Change") < done.stdout.index("verdict")


def test_previous_is_the_nearest_measured_ancestor(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(0.010)})
    suite.measured(suite.commits[2], {"a.time_x": timing(0.014, seed=1)})
    done = run("previous", "HEAD", "--no-asv-table")
    assert done.exit_code == 1
    assert suite.commits[0][:8] in done.output


def test_nothing_before_is_said_and_is_no_pass(suite):
    suite.measured(suite.commits[2], {"a.time_x": timing(0.010)})
    done = run("previous", "HEAD")
    assert "nothing to compare with yet" in done.output
    assert done.exit_code == 4
    assert run("previous", "HEAD", "--fail-on", "never").exit_code == 0


def advised(output):
    """Arguments of the command that is to confirm what was found; None if none is named."""
    command = re.search(r"in alternation: (retrospeed gate .*)", output)
    return command and shlex.split(command[1])[2:]


@pytest.mark.parametrize(("slower", "others"), [(2, 3), (9, 0)])
def test_slower_times_come_with_the_command_that_confirms_them(suite, slower, others):
    names = [f"search.Warm.time_{number}" for number in range(slower)]
    same = ["search.Warm.time_10", *(f"build.time_{number}" for number in range(others))]
    suite.describe(**{name.replace(".", "__"): {"unit": "seconds"} for name in names + same})
    base = {name: timing(0.010) for name in names + same}
    head = {name: timing(0.014, seed=1) for name in names} | {name: timing(0.0101, seed=1) for name in same}
    done, _ = compared(suite, base, head)
    first, second, option, pattern = advised(done.stdout)
    assert (first, second, option) == (suite.commits[0][:8], suite.commits[1][:8], "--bench")
    assert all(re.search(pattern, name) and re.search(pattern, f"{name}('small')") for name in names)
    # Few are named one by one, of many the module.
    assert bool(re.search(pattern, "search.Warm.time_10")) == (slower > 6)
    assert not any(re.search(pattern, name) for name in same if name.startswith("build."))


def test_what_is_not_slower_needs_no_confirmation(suite):
    done, _ = compared(suite, {"search.time_query": timing(0.010)}, {"search.time_query": timing(0.007, seed=1)})
    assert advised(done.stdout) is None
