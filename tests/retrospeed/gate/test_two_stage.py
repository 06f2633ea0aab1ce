"""The rules by themselves, on numbers whose truth is known."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm, wilcoxon

from retrospeed.benchmarks_file import Benchmark
from retrospeed.gate import signed_rank, suite_error
from retrospeed.gate.judge_series import CLEARED_AFTER, DEAR_SECONDS, FEW_PAIRS, plan_for
from retrospeed.gate.record import SeriesRecord, SideState
from retrospeed.gate.samples import Pair
from retrospeed.gate.suite_error import Support
from retrospeed.gate.two_stage import Bounds, Decision, Outcome, Plan, decide, pairs_wanted, supports
from retrospeed.measurement import Outcome as Measured
from retrospeed.measurement import SeriesKey

BOUNDS = Bounds(warning=math.log1p(0.01), severe=math.log1p(0.05), screen=math.log1p(0.01))
PLAN = Plan(series=100)
DEAR = PLAN.frugal(FEW_PAIRS, CLEARED_AFTER)
NOISE = 0.015


def gate(change: float, noise: float, seed: int, bounds: Bounds = BOUNDS, plan: Plan = PLAN) -> Decision:
    """One gate over normal effects."""
    chance = random.Random(seed)
    first: list[float] = []
    second: list[float] = []
    while (wanted := pairs_wanted(first, second, plan, bounds))[0]:
        more, stage = wanted
        (first if stage == 1 else second).extend(chance.gauss(change, noise) for _ in range(more))
    return decide(first, second, plan, bounds)


@pytest.mark.parametrize(
    ("change", "noise", "outcome"),
    [
        (0.0, 0.002, Outcome.UNCHANGED),
        (0.03, 0.005, Outcome.WARNING),
        (0.10, 0.015, Outcome.SEVERE),
        (-0.05, 0.01, Outcome.IMPROVED),
        (0.0, 0.4, Outcome.INCONCLUSIVE),
    ],
)
def test_plain_cases(change: float, noise: float, outcome: Outcome) -> None:
    assert [gate(change, noise, seed).outcome for seed in range(10)] == [outcome] * 10


def test_false_alarms_are_as_rare_as_the_levels_say() -> None:
    # A warning threshold of zero, so that only the p-values stand in the way; a suite of one, where they are loosest.
    bounds = Bounds(warning=0.0, severe=1.0, screen=0.0)
    plan = Plan(series=1, looks=(20,), early_looks=None)
    chance, suspects, alarms, runs = random.Random(1), 0, 0, 2000
    for _ in range(runs):
        first = [chance.gauss(0, NOISE) for _ in range(plan.stage_1_pairs)]
        if pairs_wanted(first, [], plan, bounds)[0]:
            suspects += 1
            second = [chance.gauss(0, NOISE) for _ in range(20)]
            alarms += decide(first, second, plan, bounds).outcome is Outcome.WARNING
    # Both tails of stage 1 lead on; one tail of stage 2 alarms.
    assert suspects / runs < 2 * suite_error.STAGE_1_LEVEL + 3 * math.sqrt(0.1 / runs)
    assert alarms <= 2


def test_eight_pairs_that_agree_are_suspicion_enough() -> None:
    agree = [0.02, 0.03, 0.025, 0.04, 0.011, 0.02, 0.03, 0.035]
    fewest = PLAN.early_pairs
    assert pairs_wanted(agree, [], PLAN, BOUNDS) == (fewest, 2)
    assert pairs_wanted([-effect for effect in agree], [], PLAN, BOUNDS) == (fewest, 2)
    assert pairs_wanted([*agree[:7], -0.001], [], PLAN, BOUNDS) == (PLAN.stage_1_pairs - 8, 1)
    assert pairs_wanted(agree[:7], [], PLAN, BOUNDS) == (1, 1)
    assert pairs_wanted([0.2, 0.2001, 0.2002], [], DEAR, BOUNDS) == (1, 1)


@pytest.mark.parametrize("plan", [PLAN, DEAR], ids=["usual", "dear"])
def test_stage_1_supports_a_false_alarm_no_more_often_than_its_level_says(plan: Plan) -> None:
    bounds = Bounds(warning=0.0, severe=100.0, screen=0.0)
    chance, runs = random.Random(2), 4000
    supported = dict.fromkeys(Support, 0)
    for _ in range(runs):
        first: list[float] = []
        while (wanted := pairs_wanted(first, [], plan, bounds))[1] == 1 and wanted[0]:
            first += [chance.gauss(0, NOISE) for _ in range(wanted[0])]
        worse, better = supports(first, plan)
        supported[worse] += 1
        assert worse is Support.NONE or better is Support.NONE
    sure, suspect = supported[Support.SURE], supported[Support.SURE] + supported[Support.SUSPECT]
    for found, support in ((sure, Support.SURE), (suspect, Support.SUSPECT)):
        assert 0 < found / runs < support.value + 3 * math.sqrt(support.value / runs)


def test_a_short_stage_1_is_never_sure() -> None:
    short = PLAN.frugal(6, (3, 4))
    # Four that agree so well are significant by Student's t at any level.
    assert supports([0.2, 0.2001, 0.2002, 0.2001], short) == (Support.SUSPECT, Support.NONE)
    assert Support.SURE not in short.degrees and Support.SURE in PLAN.degrees


def test_power_at_three_percent() -> None:
    outcomes = [gate(math.log1p(0.03), NOISE, seed).outcome for seed in range(100)]
    assert sum(outcome is Outcome.WARNING for outcome in outcomes) >= 95


def test_an_improvement_that_is_not_sure_yet_gets_more_pairs_as_a_slowdown_does() -> None:
    better = [gate(-0.05, 0.04, seed) for seed in range(200)]
    found = [decision.pairs for decision in better if decision.outcome is Outcome.IMPROVED]
    assert len(found) >= 0.9 * len(better) and max(found) > PLAN.looks[0]


def test_a_clean_benchmark_costs_one_stage_and_no_estimate_comes_from_stage_1_of_a_suspect() -> None:
    decision = gate(0.0, 0.002, 3)
    assert (decision.pairs, decision.stage) == (PLAN.clear_after[0], 1)
    assert gate(0.0, 0.015, 3).pairs in (*PLAN.stage_1_steps(), PLAN.early_pairs)
    changed = decide([0.5] * 10, [0.03] * 20, PLAN, BOUNDS)
    assert changed.estimate == pytest.approx(0.03) and changed.stage == 2


def test_something_better_is_suspected_only_where_it_could_be_called_improved() -> None:
    told = Bounds(warning=math.log1p(0.05), severe=math.log1p(0.20), screen=math.log1p(0.025))
    near, beyond = [0.035, 0.036, 0.037, 0.038] * 2, [0.065, 0.066, 0.067, 0.068] * 2
    assert pairs_wanted(near, [], PLAN, told)[0] > 0
    assert pairs_wanted([-effect for effect in near], [], PLAN, told) == (0, 1)
    assert decide([-effect for effect in near], [], PLAN, told).outcome is Outcome.UNCHANGED
    assert pairs_wanted([-effect for effect in beyond], [], PLAN, told)[0] > 0


def test_three_pairs_clear_what_scatters_little_and_nothing_that_is_better_by_chance() -> None:
    told = Bounds(warning=math.log1p(0.05), severe=math.log1p(0.20), screen=math.log1p(0.025))
    assert pairs_wanted([0.04, -0.05, 0.03], [], DEAR, told) == (0, 1)
    assert pairs_wanted([-0.35, -0.2, -0.05], [], DEAR, told) == (1, 1)
    assert pairs_wanted([0.04, 0.12, 0.03], [], DEAR, told) == (1, 1)


def test_stage_2_ends_early_where_its_first_pairs_clear_the_suspect() -> None:
    suspect, clean = [0.02] * 11 + [0.021], [0.001, -0.001, 0.002, -0.002, 0.0005, 0.0]
    assert pairs_wanted(suspect, clean[:4], PLAN, BOUNDS) == (2, 2)
    assert pairs_wanted(suspect, clean, PLAN, BOUNDS) == (0, 2)
    assert decide(suspect, clean, PLAN, BOUNDS).outcome is Outcome.UNCHANGED
    changed = [effect + 0.02 for effect in clean]
    assert pairs_wanted(suspect, changed, PLAN, BOUNDS) == (PLAN.fewest_significant(Support.SURE) - len(changed), 2)
    assert decide(suspect, changed, PLAN, BOUNDS).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("suspect", "support"),
    [([0.02] * 11 + [0.021], Support.SURE), ([0.03] * 6 + [-0.02] + [0.025] * 3 + [-0.03] * 2, Support.SUSPECT)],
)
def test_stage_2_ends_as_soon_as_it_can_be_significant_if_it_is(suspect: list[float], support: Support) -> None:
    fewest = PLAN.fewest_significant(support)
    assert supports(suspect, PLAN)[0] is support
    assert 0.5**fewest < PLAN.level(support) < 0.5 ** (fewest - 1)
    changed = [0.10 + 0.001 * number for number in range(fewest)]
    assert pairs_wanted(suspect, changed, PLAN, BOUNDS) == (0, 2)
    assert decide(suspect, changed, PLAN, BOUNDS).outcome is Outcome.SEVERE
    assert decide(suspect, changed[:-1], PLAN, BOUNDS).outcome is Outcome.INCONCLUSIVE
    # Nothing is called unchanged by so few.
    doubtful = [0.02, -0.015] * (fewest // 2) + [0.0] * (fewest % 2)
    steps = PLAN.stage_2_steps(support)
    assert pairs_wanted(suspect, doubtful, PLAN, BOUNDS) == (steps[steps.index(fewest) + 1] - fewest, 2)


def test_a_clear_change_takes_no_more_than_can_be_significant() -> None:
    clear = [gate(0.10, 0.01, seed) for seed in range(20)]
    fewest = PLAN.fewest_significant(Support.SURE)
    assert {(decision.outcome, decision.pairs) for decision in clear} == {(Outcome.SEVERE, fewest)}


def test_of_dear_pairs_there_are_few_whatever_they_show() -> None:
    (stage_2,) = DEAR.looks
    assert stage_2 < PLAN.looks[0]
    hopeless = [gate(0.0, 0.4, seed, plan=DEAR) for seed in range(20)]
    assert {decision.outcome for decision in hopeless} == {Outcome.INCONCLUSIVE}
    assert [gate(0.15, 0.02, seed, plan=DEAR).outcome for seed in range(20)] == [Outcome.SEVERE] * 20
    # One look at the level that stage 1 supports is within reach of that many pairs, all worse, and of no fewer.
    assert 0.5**stage_2 < DEAR.level(Support.SUSPECT) < 0.5 ** (stage_2 - 1)
    assert PLAN.at_most(2, (2,), (3,)).frugal(FEW_PAIRS, CLEARED_AFTER).stage_1_steps() == (2,)


def planned(timed: bool, samples: int, seconds: float = 0.1) -> Plan:
    """The plan for a benchmark whose first pair has so many samples a side."""
    pair = Pair(hash_seed=1, base=(1.0,) * samples, head=(1.0,) * samples, seconds=seconds)
    key, state = SeriesKey(benchmark="suite.asked", params=()), SideState(outcome=Measured.MEASURED)
    asked = SeriesRecord(
        key=key, benchmark=Benchmark(name="suite.asked"), base=state, head=state, timed=timed, first=[pair]
    )
    return plan_for(asked, PLAN)


def test_timings_of_processes_of_their_own_are_judged_like_numbers_that_are_told() -> None:
    assert planned(timed=True, samples=5) == PLAN
    assert planned(timed=True, samples=2) == planned(timed=False, samples=1) == planned(timed=False, samples=5)
    assert planned(timed=True, samples=2).stage_1_steps() == (*CLEARED_AFTER, FEW_PAIRS)
    assert planned(timed=True, samples=2, seconds=2 * DEAR_SECONDS) == DEAR


def test_dear_pairs_are_not_spent_on_a_second_stage_that_could_call_nothing_changed() -> None:
    noisy = [0.5, -0.5, 0.4, -0.4, 0.3, -0.3, 0.2, -0.2, 0.1, -0.1]
    assert supports(noisy, DEAR) == (Support.NONE, Support.NONE)
    assert pairs_wanted(noisy, [], DEAR, BOUNDS) == (0, 1)
    assert decide(noisy, [], DEAR, BOUNDS).outcome is Outcome.INCONCLUSIVE
    # Were there a second stage, the largest change imaginable would not be one.
    assert decide(noisy, [10.0] * DEAR.looks[-1], DEAR, BOUNDS).outcome is Outcome.INCONCLUSIVE
    # Where pairs are cheap, it could be.
    assert pairs_wanted([*noisy, 0.05, -0.05], [], PLAN, BOUNDS) == (PLAN.early_pairs, 2)
    # Nor is there a reason for one where the first rules a severe change out.
    fair = [effect / 10 for effect in noisy]
    assert signed_rank.interval(fair)[1] > BOUNDS.clear
    assert pairs_wanted(fair, [], DEAR, BOUNDS) == (0, 1)
    assert decide(fair, [], DEAR, BOUNDS).outcome is Outcome.UNCHANGED
    assert decide(fair[:9], [], DEAR, BOUNDS).outcome is Outcome.INCONCLUSIVE
    worse = [abs(effect) for effect in noisy]
    assert pairs_wanted(worse, [], DEAR, BOUNDS) == (DEAR.early_pairs, 2)


def test_a_plan_for_dear_pairs_alarms_no_more_often_than_its_level_says() -> None:
    outcomes = [gate(0.0, 0.05, seed, plan=DEAR).outcome for seed in range(1200)]
    assert outcomes.count(Outcome.UNCHANGED) > 0
    wrong = sum(outcome in (Outcome.WARNING, Outcome.SEVERE, Outcome.IMPROVED) for outcome in outcomes)
    assert wrong <= binom.ppf(0.999, len(outcomes), 2 * suite_error.BENCHMARK_LEVEL)


@pytest.mark.parametrize("count", [0, 3, 9])
def test_too_few_pairs_are_inconclusive(count: int) -> None:
    assert decide([0.0] * count, [], PLAN, BOUNDS).outcome is Outcome.INCONCLUSIVE
    assert decide([0.1] * 10, [0.1] * count, PLAN, BOUNDS).outcome is not Outcome.UNCHANGED


@pytest.mark.parametrize("series", [1, 50, 100, 1000])
@pytest.mark.parametrize("stage_1_pairs", [6, 12])
def test_the_chance_of_any_alarm_in_a_run_is_bounded(series: int, stage_1_pairs: int) -> None:
    plan = Plan(series=series, stage_1_pairs=stage_1_pairs)
    bound = sum(support.value * plan.level(support) for support in plan.degrees) * plan.looks_at_most
    assert bound <= 1e-4 + 1e-12
    assert series * bound <= suite_error.RUN_LEVEL + 1e-12


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=30), st.floats(-3, 3))
def test_shifting_the_effects_shifts_estimate_and_interval(effects: list[float], shift: float) -> None:
    low, high = signed_rank.interval(effects)
    moved = [effect + shift for effect in effects]
    assert low <= signed_rank.pseudo_median(effects) <= high
    assert signed_rank.pseudo_median(moved) == pytest.approx(signed_rank.pseudo_median(effects) + shift, abs=1e-9)
    assert signed_rank.interval(moved) == pytest.approx((low + shift, high + shift), abs=1e-9)


@pytest.mark.parametrize("count", [6, 10, 20, 40])
def test_interval_is_the_set_of_values_the_test_does_not_reject(count: int) -> None:
    effects = np.random.default_rng(count).normal(0.3, 1, count)
    low, high = signed_rank.interval(list(effects))
    for inside, value in ((False, low - 1e-6), (True, low + 1e-6), (True, high - 1e-6), (False, high + 1e-6)):
        assert (wilcoxon(effects - value, method="exact").pvalue > 0.05) == inside


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    hits = 0
    for _ in range(1000):
        low, high = signed_rank.interval(list(generator.standard_t(3, 20)))
        hits += low <= 0 <= high
    assert hits / 1000 > 0.95 - 3 * norm.pdf(0) * math.sqrt(0.05 / 1000)


def test_of_very_few_pairs_student_tells_and_of_two_nobody() -> None:
    low, high = signed_rank.interval([0.1, 0.2, 0.3])
    assert (low, high) == pytest.approx((0.2 - 4.303 * 0.1 / math.sqrt(3), 0.2 + 4.303 * 0.1 / math.sqrt(3)), abs=1e-3)
    assert signed_rank.interval([0.1, 0.2]) == (-math.inf, math.inf)
    assert signed_rank.interval([0.1, 0.1, 0.1]) == (0.1, 0.1)


@pytest.mark.parametrize(
    ("effects", "more"),
    [([0.001, -0.002, 0.003], False), ([0.03, 0.031, 0.029], True), ([0.05, -0.06, 0.01], True)],
)
def test_three_dear_pairs_clear_only_what_is_far_from_severe(effects: list[float], more: bool) -> None:
    assert pairs_wanted(effects, [], DEAR, BOUNDS) == (int(more), 1)
    assert (decide(effects, [], DEAR, BOUNDS).outcome is Outcome.UNCHANGED) != more
    # The next pairs may clear it still.
    quiet = [0.001, -0.001, 0.0, 0.0]
    assert pairs_wanted(quiet, [], DEAR, BOUNDS) == (0, 1)
