"""Quantiles of blocks, repeated measurements, and losses against values worked out by hand."""

import math
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.quality import losses
from benchmarks.workloads.workload import Query

from benchmarks import blocks

ROOT = Path(__file__).resolve().parents[2]


def test_ten_blocks_with_each_quantile() -> None:
    called = []
    measured = blocks.measure(called.append, list(range(1000)), calls=100)
    assert [len(measured[name]) for name in ("p50", "p90", "p95", "p99", "cpu")] == [10] * 5
    assert all(p50 <= p90 <= p99 for p50, p90, p99 in zip(*(measured[n] for n in ("p50", "p90", "p99")), strict=True))
    assert set(called) == set(range(1000))


def test_arguments_that_can_be_used_once_are_enough_for_warm_up_and_blocks() -> None:
    used: set[int] = set()

    def use(argument: int) -> None:
        assert argument not in used
        used.add(argument)

    blocks.measure(use, list(range(10 * 20 + 2 * blocks.WARM_UP)), calls=20)


def test_calls_measured_in_turns_have_their_blocks_one_after_the_other() -> None:
    called: list[str] = []
    asked = [(called.append, ["first"]), (called.append, ["second", "third"])]
    first, second = blocks.measure_in_turns(asked, calls=20)
    assert [len(measured[name]) for measured in (first, second) for name in ("p50", "cpu")] == [10] * 4
    warm_up, measured = called[: -2 * 10 * 20], called[-2 * 10 * 20 :]
    assert sorted(set(warm_up)) == ["first", "second", "third"]
    turns = [set(measured[place : place + 20]) for place in range(0, len(measured), 20)]
    assert turns == [{"first"}, {"second", "third"}] * 10


def test_what_is_measured_in_different_ways_takes_turns() -> None:
    done: list[str] = []
    call = blocks.Blocks(done.append, ["call"], calls=3)
    anew = blocks.Anew(lambda: "anew", done.append, units=2.0)
    done.clear()
    single, batch = blocks.take_in_turns([call, anew], most=4)
    assert done == [*["call"] * 3, "anew"] * 4
    assert [len(single["p50"]), len(batch["wall"])] == [4, 4]


def test_who_only_reads_what_was_measured_does_not_import_numpy() -> None:
    modules = [file.stem for file in sorted((ROOT / "benchmarks").glob("[a-z]*.py"))]
    assert "route" in modules
    code = f"import sys\nfrom benchmarks import {', '.join(modules)}\nprint('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_p99_is_left_out_where_a_block_has_too_few_calls() -> None:
    measured = blocks.measure(lambda _: None, [1, 2, 3], calls=20)
    assert measured["p99"] == []
    assert math.isnan(blocks.samples(measured["p99"]))  # type: ignore[arg-type]
    assert len(measured["p90"]) == 10


def test_slow_calls_get_smaller_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LONGEST", 0.1)
    calls = []

    def slow(argument: int) -> None:
        calls.append(argument)
        time.sleep(0.001)

    measured = blocks.measure(slow, list(range(50)))
    assert len(calls) == 2 * blocks.WARM_UP + blocks.BLOCKS * blocks.FEWEST_CALLS
    assert measured["p99"] == []


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to call"):
        blocks.measure(print, [])


def test_repeat_prepares_anew_and_divides() -> None:
    prepared = []

    def prepare() -> int:
        prepared.append(len(prepared))
        return prepared[-1]

    seen: list[int] = []
    once = blocks.measure_anew(prepare, lambda number: (seen.append(number), time.sleep(0.002)), times=3)
    assert seen == [0, 1, 2]
    assert len(once["cpu"]) == 3
    assert min(once["wall"]) >= 0.002
    per_thousand = blocks.measure_anew(lambda: None, lambda _: time.sleep(0.002), times=1, units=0.5)
    assert per_thousand["wall"][0] >= 0.004


def test_losses_of_a_ranking_worked_out_by_hand() -> None:
    queries = [Query(query_id="1", text="", relevant=("a",)), Query(query_id="2", text="", relevant=("b", "c"))]
    ranking = {"1": ["x", "a"], "2": ["b", "x", "y", "c"]}
    found = losses(queries, lambda query: ranking[query.query_id])
    assert found["recall"] == 0
    assert found["reciprocal_rank"] == pytest.approx(1 - (1 / 2 + 1) / 2)
    second = (1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert found["ndcg"] == pytest.approx(1 - (1 / math.log2(3) + second) / 2)


def test_only_ten_results_count() -> None:
    query = Query(query_id="1", text="", relevant=("a",))
    assert losses([query], lambda _: [*"0123456789", "a"])["recall"] == 1


@pytest.mark.parametrize("queries", [[], [Query(query_id="1", text="nobody judged it")]])
def test_unjudged_queries_cannot_give_a_loss(queries: list[Query]) -> None:
    with pytest.raises(ValueError, match="quality needs queries"):
        losses(queries, lambda _: [])


def said(code: str, gate: str) -> list[str]:
    """What a process under the gate, or not, prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"from benchmarks import blocks; print(*{code})"],
        cwd=ROOT,
        env={"PATH": "", "RETROSPEED_GATE": gate} if gate else {"PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


SLOW = "lambda _: blocks.time.sleep(0.01)"
"""At this pace four blocks of `FEWEST_CALLS` calls take the 0.8 s that are long enough."""


@pytest.mark.parametrize(("gate", "samples"), [("", 10), ("1", 4)])
def test_the_gate_which_repeats_processes_gets_fewer_samples_of_what_takes_long(gate: str, samples: int) -> None:
    assert said(f"map(len, blocks.measure({SLOW}, [1], 20).values())", gate) == [*[str(samples)] * 3, "0", str(samples)]
    assert (
        said("map(len, blocks.measure_anew(lambda: 1, lambda _: blocks.time.sleep(0.3)).values())", gate)
        == [str(samples)] * 2
    )


@pytest.mark.parametrize("code", ["measure(lambda _: None, [1])", "measure_anew(lambda: 1, lambda _: None)"])
def test_the_gate_goes_on_with_what_is_quick(code: str) -> None:
    (taken,) = set(said(f"map(len, blocks.{code}.values())", "1"))
    assert 10 < int(taken) <= 250
    assert set(said(f"map(len, blocks.{code}.values())", "")) == {"10"}


def test_blocks_of_quick_calls_have_more_of_them_in_the_gate() -> None:
    code = "(lambda called: (blocks.measure(called.append, [1], 3), [len(called)])[1])([])"
    (often,), (asked,) = said(code, "1"), said(code, "")
    assert int(often) >= 4 * 100
    assert int(asked) == 2 + 10 * 3


@pytest.mark.parametrize("gate", ["", "1"])
def test_nothing_is_repeated_more_often_than_asked(gate: str) -> None:
    assert said("map(len, blocks.measure(lambda _: None, [1], most=7).values())", gate) == ["7"] * 5
    assert said("map(len, blocks.measure_anew(lambda: 1, lambda _: None, times=6).values())", gate) == ["6", "6"]


def test_in_the_gate_the_blocks_have_the_calls_for_a_tail_together() -> None:
    code = f"map(len, blocks.measure({SLOW}, [1], blocks.DEAR_CALLS).values())"
    assert said(code, "1") == ["4", "4", "4", "1", "4"]
    assert said(code, "") == ["10"] * 5


@pytest.mark.parametrize("call", ["lambda _: None", "lambda _: blocks.time.sleep(0.001)", SLOW])
@pytest.mark.parametrize("gate", ["", "1"])
def test_whether_there_is_a_tail_does_not_depend_on_the_speed(gate: str, call: str) -> None:
    assert said(f"map(len, [blocks.measure({call}, [1], blocks.DEAR_CALLS // 5)['p99']])", gate) == ["0"]


def test_a_pass_is_shorter_in_the_gate_and_spread_over_everything() -> None:
    assert said("blocks.one_pass(range(250))", "1") == [str(place) for place in range(0, 250, 10)]
    assert said("blocks.one_pass(range(7))", "1") == [str(place) for place in range(7)]
    assert len(said("blocks.one_pass(range(250))", "")) == 250


def test_what_is_deterministic_is_left_out_of_further_copies_of_a_cache_alone() -> None:
    assert [said("[blocks.FIRST_COPY]", gate) for gate in ("", "1", "2")] == [["True"], ["True"], ["False"]]
