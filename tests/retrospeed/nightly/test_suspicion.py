"""Suspects come from the history where it is long enough, and from the newest results where it is not."""

from retrospeed import asv_config
from retrospeed.nightly import suspicion
from retrospeed.nightly.suspicion import Suspect
from retrospeed.pairing import Selection
from tests.retrospeed.doctored import Given, make_suite, timing


def test_a_step_in_the_history_is_a_suspect_with_the_commits_around_it(tmp_path, monkeypatch):
    suite = make_suite(tmp_path, commits=24)
    monkeypatch.chdir(tmp_path)
    suite.describe(search__time_query={}, search__time_other={}, search__time_equal={})
    for number, commit in enumerate(suite.commits):
        slower = 1.5 if number >= 14 else 1.0
        levels = {"search.time_query": 0.010 * slower, "search.time_other": 0.020 * slower, "search.time_equal": 0.030}
        benchmarks = {
            name: timing(level * (1 + 0.01 * ((number * 7 + shift) % 5 - 2)), seed=number)
            for shift, (name, level) in enumerate(levels.items())
        }
        suite.measured(commit, benchmarks)
    (tmp_path / "results" / "bench-1" / "00000000-half.json").write_text('{"version": 2,')
    found = suspicion.by_history(asv_config.load(None), "bench-1", Selection(), None, None)
    (suspect,) = found.suspects
    assert (suspect.good, suspect.bad) == (suite.commits[13], suite.commits[14])
    assert {*suspect.names} == {"search.time_query", "search.time_other"}
    assert suspect.severe
    assert found.failing == ()
    (skipped,) = found.skipped
    assert "00000000-half.json is not complete JSON" in skipped
    later = suspicion.by_history(asv_config.load(None), "bench-1", Selection(), None, suite.commits[14])
    assert later.suspects == ()


def test_the_newest_results_are_compared_with_the_last_that_have_values(suite):
    first, unbuildable, last = suite.commits
    suite.describe(a__time_x={}, a__time_y={}, a__time_z={})
    suite.measured(first, {"a.time_x": timing(1.0), "a.time_y": timing(1.0), "a.time_z": timing(1.0)})
    broken = {name: Given([None]) for name in ("a.time_x", "a.time_y", "a.time_z")}
    suite.measured(unbuildable, broken)
    suite.measured(last, {"a.time_x": timing(2.0, seed=1), "a.time_y": timing(1.0, seed=2), "a.time_z": Given([None])})
    config = asv_config.load(None)
    found = suspicion.by_comparison(config, "bench-1", suite.commits, Selection(), None)
    (suspect,) = found.suspects
    assert suspect == Suspect(("a.time_x",), first, last)
    assert len(found.failing) == 1
    assert found.failing[0].startswith(f"a.time_z at {last[:8]}: failed")
    nothing = suspicion.by_comparison(config, "bench-1", [last], Selection(), None)
    assert (nothing.suspects, nothing.how) == ((), "no two commits to compare")


def test_a_large_difference_of_too_few_samples_is_a_suspect_not_a_verdict(suite):
    first, second, _ = suite.commits
    suite.describe(a__time_x={}, a__time_y={})
    few = {"count": 4, "noise": 0.5}
    suite.measured(first, {"a.time_x": timing(1.0, **few), "a.time_y": timing(1.0, **few)})
    suite.measured(second, {"a.time_x": timing(2.0, seed=3, **few), "a.time_y": timing(1.1, seed=3, **few)})
    found = suspicion.by_comparison(asv_config.load(None), "bench-1", suite.commits[:2], Selection(), None)
    assert [one.names for one in found.suspects] == [("a.time_x",)]
    assert any(line.startswith("a.time_y") for line in found.unsure)


def test_a_benchmark_that_vanished_can_no_longer_be_compared(suite):
    first, second, _ = suite.commits
    suite.describe(a__time_x={}, a__time_y={})
    suite.measured(first, {"a.time_x": timing(1.0), "a.time_y": timing(1.0)})
    suite.measured(second, {"a.time_x": timing(1.0)})
    found = suspicion.by_comparison(asv_config.load(None), "bench-1", suite.commits[:2], Selection(), None)
    assert [line.partition(",")[0] for line in found.gone] == [f"a.time_y at {second[:8]}: vanished"]
    assert found.failing == ()


def test_what_both_looks_see_between_the_same_commits_is_one_suspect():
    found = suspicion.merged(
        [Suspect(("x", "y"), "a", "b", False), Suspect(("z",), "b", "c", False), Suspect(("y", "z"), "a", "b", True)]
    )
    assert found == [Suspect(("x", "y", "z"), "a", "b", True), Suspect(("z",), "b", "c", False)]
