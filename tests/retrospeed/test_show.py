import json

import pytest
from typer.testing import CliRunner

from retrospeed.cli import app
from retrospeed.layer_table import told_apart
from tests.retrospeed.doctored import Given, Suite, timing

NAN = float("nan")


def run(*arguments):
    return CliRunner().invoke(app, ["show", *arguments])


def labelled(suite: Suite) -> None:
    """Results of a suite that says what its benchmarks measure: two layers, two tiers, cold and warm."""
    tiers = {"params": [["'small'", "'medium'"]], "param_names": ["tier"]}
    kinds = {
        "p50": ("seconds", "warm", [0.0011, 0.0032]),
        "p99": ("seconds", "warm", [0.0041, 0.012]),
        "throughput": ("seconds", "cold", [0.08, 0.1]),
        "build": ("seconds", "cold", [0.08, 1.0]),
        "peak_memory": ("bytes", "", [120 * 2**20, 0.5 * 2**30]),
        "index_bytes": ("bytes", "", [300 * 2**10, 3 * 2**20]),
        "cpu": ("seconds", "warm", [0.001, 0.003]),
    }
    described, given = {}, {}
    for metric, (unit, mode, values) in kinds.items():
        attributes = {"layer": "bm25", "metric": metric, "unit": unit, "mode": mode, "label": f"some {metric}"}
        described[f"bm25__track_{metric}"] = attributes | tiers
        given[f"bm25.track_{metric}"] = Given(values, params=tiers["params"])
    cold = {"layer": "bm25", "metric": "p50", "mode": "cold", "label": "first search of a new process"}
    described["bm25__timeraw_first"] = cold | tiers
    given["bm25.timeraw_first"] = Given([0.31, NAN], params=tiers["params"])
    for name, label, losses in [
        ("recall", "1 - recall@10 on planted facts", [0.07, 0.09]),
        ("ndcg", "1 - nDCG@10 on planted facts", [0.2, 0.25]),
    ]:
        described[f"bm25__track_{name}"] = {
            "layer": "bm25",
            "metric": "quality",
            "unit": "loss",
            "label": label,
        } | tiers
        given[f"bm25.track_{name}"] = Given(losses, params=tiers["params"])
    described["ingest__time_append"] = {"layer": "ingest", "metric": "p50", "mode": "warm"}
    given["ingest.time_append"] = Given([None])
    suite.describe(**described)
    suite.measured(suite.commits[1], given)


def test_a_row_a_layer_cold_beside_warm_and_tiers_together(suite):
    labelled(suite)
    done = run()
    assert done.exit_code == 0, done.stderr
    title, over, headings, *rows = done.stdout.splitlines()
    assert title == f"{suite.commits[1][:8]} on bench-1, virtualenv-py3.11"
    assert over.split() == ["p50", "throughput", "build"]
    assert " ".join(headings.split()) == "layer tier p50 cold p99 cold cold peak memory index size quality"
    assert [" ".join(row.split()) for row in rows[:5]] == [
        "bm25 small 1.10 ms 310 ms 4.10 ms 12,500/s 80.0 ms 120 MiB 300 KiB nDCG@10 0.800",
        "recall@10 0.930",
        "medium 3.20 ms 12.0 ms 10,000/s 1.00 s 512 MiB 3.00 MiB nDCG@10 0.750",
        "recall@10 0.910",
        "ingest failed",
    ]
    assert rows[5:] == ["Also measured, shown with --all: cpu.", "Skipped, 1 series: bm25.timeraw_first('medium')."]
    assert "cpu" in run("--all").stdout.splitlines()[2]


def test_a_narrow_terminal_gets_several_tables_and_loses_nothing(suite, monkeypatch):
    labelled(suite)
    wide = run().stdout
    monkeypatch.setenv("COLUMNS", "70")
    narrow = run().stdout
    assert max(len(line) for line in narrow.splitlines()[:-2]) <= 70 < max(len(line) for line in wide.splitlines())
    assert sorted(set(narrow.split())) == sorted(set(wide.split()))
    assert [line.split()[:1] for line in narrow.splitlines() if "tier" in line] == [["layer"]] * 2


def test_layers_stand_in_the_order_of_the_thresholds_file_others_after_them(suite):
    suite.describe(
        a__time_x={"layer": "first", "metric": "p50"},
        b__time_x={"layer": "second", "metric": "p50"},
        c__time_x={"layer": "unruled", "metric": "p50"},
    )
    suite.measured(suite.commits[0], {f"{module}.time_x": timing(1.0) for module in "abc"})
    suite.thresholds(
        "schema = 1\n[layer.second]\nwarning = { relative = 0.1 }\n[layer.first]\nwarning = { relative = 0.1 }\n"
    )
    assert [line.split()[0] for line in run().stdout.splitlines()[2:]] == ["second", "first", "unruled"]


def test_what_was_skipped_is_counted_by_tier_and_layer_and_named_on_demand(suite):
    tiers = {"params": [["'small'", "'large'"]], "param_names": ["tier"]}
    described, given = {}, {}
    for layer, values in [("toc", [1.0, NAN]), ("vector", [NAN, NAN])]:
        for number in range(4):
            described[f"{layer}__track_{number}"] = {"layer": layer, "metric": "p50"} | tiers
            given[f"{layer}.track_{number}"] = Given(values, params=tiers["params"])
    for number in range(6):
        described[f"toc__track_odd_{number}"] = {"layer": "toc", "metric": "p50"}
        given[f"toc.track_odd_{number}"] = Given([NAN])
    suite.describe(**described)
    suite.measured(suite.commits[0], given)
    assert run().stdout.splitlines()[-1] == (
        "Skipped, 18 series: all of tier large (8), all of layer vector (4), 6 others, named with --all."
    )
    named = run("--all").stdout.splitlines()[-1]
    assert named.startswith("Skipped: ") and named.count("track_") == 18


def test_the_json_form_has_the_stored_value_and_the_shown_one(suite):
    labelled(suite)
    content = json.loads(run("--json").stdout)
    assert (content["commit"], content["machine"]) == (suite.commits[1], "bench-1")
    found = {
        (s["benchmark"], s["params"].get("tier")): (s["outcome"], s["value"], s["shown"]) for s in content["series"]
    }
    assert found["bm25.track_throughput", "small"] == ("measured", 0.08, "12,500/s")
    assert found["bm25.track_recall", "medium"] == ("measured", 0.09, "0.910")
    assert found["bm25.timeraw_first", "medium"] == ("skipped", None, "skipped")
    assert found["ingest.time_append", None] == ("failed", None, "failed")


def test_a_suite_that_says_nothing_of_its_benchmarks_is_listed_by_module(suite):
    suite.describe(a__T__time_x={}, a__T__time_y={}, b__peakmem_z={"unit": "bytes"})
    suite.measured(
        suite.commits[0], {"a.T.time_x": timing(1.0), "a.T.time_y": timing(2.0), "b.peakmem_z": Given([2**20])}
    )
    assert [line.split() for line in run().stdout.splitlines()[2:]] == [
        ["a", "T.time_x", "1.00", "s"],
        ["T.time_y", "2.00", "s"],
        ["b", "peakmem_z", "1.00", "MiB"],
    ]


def test_the_newest_commit_is_shown_unless_another_is_named(suite):
    for commit in (suite.commits[2], suite.commits[0]):
        suite.measured(commit, {"a.time_x": timing(1.0)})
    assert run().stdout.startswith(suite.commits[2][:8])
    assert run("HEAD~2").stdout.startswith(suite.commits[0][:8])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["HEAD~1"], "was not measured on bench-1"),
        (["--env", "py2"], "no results of environment py2; there are of virtualenv-py3.11"),
        (["--bench", "zzz"], "is selected"),
        (["--machine", "mars"], "no results of machine mars"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(suite, arguments, told):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    done = run(*arguments)
    assert (done.exit_code, done.stderr.count("\n"), told in done.stderr) == (2, 1, True)


def test_an_unreadable_result_does_not_hide_the_others(suite):
    suite.measured(suite.commits[0], {"a.time_x": timing(1.0)})
    suite.measured(suite.commits[1], {"a.time_x": timing(1.0)}).write_text("{")
    assert run().stdout.startswith(suite.commits[0][:8])
    assert run("HEAD~1").exit_code == 2


@pytest.mark.parametrize(
    ("labels", "short"),
    [
        (["search small", "search large"], ["small", "large"]),
        (["recall of facts", "nDCG of facts"], ["recall", "nDCG"]),
        (["search", "search"], ["search", "search"]),
        (["a b", "a b c"], ["b", "b c"]),
        ([], []),
    ],
)
def test_labels_lose_the_words_they_share(labels, short):
    assert told_apart(labels) == short
