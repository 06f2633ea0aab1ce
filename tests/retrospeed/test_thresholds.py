from pathlib import Path

import pytest

from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ThresholdsError
from retrospeed.thresholds import Limits, built_in, load

QUERY = Benchmark(name="bm25.time_query", unit="seconds", layer="bm25", metric="p50")
RECALL = Benchmark(name="bm25.track_recall", unit="loss", layer="bm25", metric="quality")


@pytest.mark.parametrize(
    ("benchmark", "limits"),
    [
        (QUERY, Limits(0.05, 1e-4, 0.2, 1e-4, None)),
        (RECALL, Limits(0.0, 0.005, 0.0, 0.02, 0.0)),
        (Benchmark(name="x", unit="seconds", metric="build"), Limits(0.05, 0.02, 0.2, 0.02, None)),
        (Benchmark(name="x", unit="bytes"), Limits(0.05, 2**20, 0.2, 2**20, 0.02)),
        (Benchmark(name="x", unit="bytes", metric="index_bytes"), Limits(0.05, 2**20, 0.2, 2**20, 0.0)),
        (Benchmark(name="x", unit="seconds", deterministic=True), Limits(0.05, 1e-6, 0.2, 1e-6, 0.0)),
        (Benchmark(name="x"), Limits(0.05, 0.0, 0.2, 0.0, None)),
    ],
)
def test_built_in_limits(benchmark, limits):
    assert built_in().rules.limits(benchmark) == limits


def from_text(suite, text):
    suite.thresholds("schema = 1\n" + text)
    return load(None, suite.root / "benchmarks").rules


def test_without_a_file_the_built_in_rules_hold(suite):
    assert load(None, suite.root / "benchmarks") == built_in()


def test_the_more_specific_rule_wins_field_by_field(suite):
    rules = from_text(
        suite,
        """
        [default]
        warning = { relative = 0.07 }
        [layer.bm25]
        warning = { relative = 0.10 }
        [layer.bm25.metric.p50]
        severe = { absolute = 0.5 }
        [[benchmark]]
        match = 'time_query\\(.*large'
        severe = { relative = 0.9 }
        """,
    )
    assert rules.limits(QUERY, "bm25.time_query('small')") == Limits(0.10, 1e-4, 0.2, 0.5, None)
    assert rules.limits(QUERY, "bm25.time_query('large')") == Limits(0.10, 1e-4, 0.9, 0.5, None)
    assert rules.limits(Benchmark(name="vector.time_query", unit="seconds", layer="vector")).warning_relative == 0.07


def test_a_layer_made_more_tolerant_still_judges_losses_by_their_difference(suite):
    rules = from_text(suite, "[layer.bm25]\nwarning = { relative = 0.15 }\n")
    assert rules.limits(RECALL) == built_in().rules.limits(RECALL)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[default]\nwarnings = { relative = 0.1 }", "unknown field `warnings`"),
        ("[default]\nwarning = { ratio = 0.1 }", "unknown field `ratio`"),
        ("[default]\nwarning = { relative = '5 %' }", "got `str`"),
        ("[default]\nwarning = { relative = -0.1 }", "zero or more"),
        ("[unit.seconds]\nsevere = { absolute = inf }", "zero or more"),
        ("[default]\nwarning = { absolute = 1.0 }", "no unit"),
        ("[layer.bm25]\nwarning = { absolute = 1.0 }", "no unit"),
        ("[[benchmark]]\nmatch = '('", "not a regular expression"),
        ("[default\n", "cannot be used"),
    ],
)
def test_a_rule_that_would_judge_nothing_is_refused(suite, text, told):
    with pytest.raises(ThresholdsError, match=told) as raised:
        from_text(suite, text)
    assert "thresholds.toml" in str(raised.value)


def test_a_newer_schema_is_refused(suite):
    suite.thresholds("schema = 2\n")
    with pytest.raises(ThresholdsError, match="schema 2"):
        load(None, suite.root / "benchmarks")


def test_severe_below_warning_is_refused(suite):
    rules = from_text(suite, "[layer.bm25]\nsevere = { relative = 0.01 }\n")
    with pytest.raises(ThresholdsError, match=r"bm25\.time_query"):
        rules.limits(QUERY)


def test_a_file_asked_for_must_be_there(suite):
    with pytest.raises(ThresholdsError, match=r"no thresholds file at .*gone\.toml"):
        load(suite.root / "gone.toml", suite.root / "benchmarks")


def test_the_thresholds_of_this_projects_own_suite_can_be_used():
    rules = load(None, Path(__file__).parents[2] / "benchmarks")
    assert rules.source == "thresholds.toml"
    read = Benchmark(name="toc.track_read", unit="seconds", layer="toc", metric="p50")
    assert rules.rules.limits(read) == Limits(0.05, 2e-5, 0.2, 2e-5, None)
    tail = Benchmark(name="bm25.track_p99", unit="seconds", layer="bm25", metric="p99")
    assert rules.rules.limits(tail) == Limits(0.10, 1e-4, 0.2, 1e-4, None)
