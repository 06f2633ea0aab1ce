"""The judgement on effects: its operating figures, and what must hold for every input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrospeed.benchmarks_file import Benchmark
from retrospeed.comparison import Class
from retrospeed.effect import estimate
from retrospeed.judge import classify, judge_pair
from retrospeed.measurement import Measurement, SeriesKey
from retrospeed.pairing import Pair
from retrospeed.thresholds import Limits, built_in
from tests.retrospeed.doctored import compute_stats

LIMITS = Limits(0.05, 1e-4, 0.2, 1e-4, None)
RANKS = {Class.IMPROVED: 0, Class.UNCHANGED: 1, Class.INCONCLUSIVE: 2, Class.WARNING: 3, Class.SEVERE: 4}

sample_lists = st.lists(st.floats(0.001, 10), min_size=6, max_size=14)


def measured(samples, keep=True):
    median, stats = compute_stats(list(samples), 1)
    interval = (stats["ci_99_a"], stats["ci_99_b"])
    kept = tuple(samples) if keep else None
    return Measurement(value=median, interval=interval, repeat=len(samples), samples=kept)


def judged(base, head, keep=True, limits=LIMITS, lower_is_better=True):
    effect = estimate(measured(base, keep), measured(head, keep), limits.single_value_noise)
    return classify(effect, limits, lower_is_better=lower_is_better)


def noisy(rng, median, noise, count):
    """Log-normal noise with one slow outlier in twenty, as timings have."""
    samples = median * np.exp(rng.normal(0, noise, count))
    return (samples * np.where(rng.random(count) < 0.05, 1.5, 1.0)).tolist()


@pytest.mark.parametrize("noise", [0.005, 0.02, 0.05, 0.15])
def test_the_same_code_is_severe_in_less_than_one_comparison_of_a_hundred(noise):
    rng = np.random.default_rng(1)
    classes = [judged(noisy(rng, 0.01, noise, 10), noisy(rng, 0.01, noise, 10)) for _ in range(1000)]
    assert classes.count(Class.SEVERE) < 10
    assert classes.count(Class.SEVERE) + classes.count(Class.WARNING) < 20


@pytest.mark.parametrize("noise", [0.005, 0.02, 0.04])
def test_a_slowdown_of_30_percent_with_10_samples_is_severe_in_more_than_95_of_a_hundred(noise):
    rng = np.random.default_rng(2)
    sides = [np.exp(rng.normal(0, noise, (1000, 10))) * median for median in (0.010, 0.013)]
    classes = [judged(base.tolist(), head.tolist()) for base, head in zip(*sides, strict=True)]
    assert classes.count(Class.SEVERE) > 950


def test_with_outliers_a_slowdown_of_30_percent_is_severe_or_said_to_be_unclear():
    rng = np.random.default_rng(2)
    classes = [judged(noisy(rng, 0.01, 0.02, 10), noisy(rng, 0.013, 0.02, 10)) for _ in range(1000)]
    assert classes.count(Class.SEVERE) > 880
    assert classes.count(Class.UNCHANGED) == 0


def test_a_slowdown_that_noise_hides_is_never_called_unchanged():
    rng = np.random.default_rng(3)
    classes = [judged(noisy(rng, 0.01, 0.25, 10), noisy(rng, 0.013, 0.25, 10)) for _ in range(500)]
    assert classes.count(Class.UNCHANGED) < 25
    assert classes.count(Class.INCONCLUSIVE) > 250


@given(sample_lists, st.booleans())
def test_a_measurement_is_never_worse_than_itself(samples, keep):
    assert judged(samples, samples, keep) in (Class.UNCHANGED, Class.INCONCLUSIVE)


@given(sample_lists, sample_lists, st.booleans())
def test_what_got_worse_one_way_got_better_the_other(base, head, keep):
    there, back = judged(base, head, keep), judged(head, base, keep)
    assert (there in (Class.WARNING, Class.SEVERE)) == (back is Class.IMPROVED)
    assert (there is Class.IMPROVED) == (back in (Class.WARNING, Class.SEVERE))


@given(sample_lists, sample_lists, st.booleans())
def test_direction_only_swaps_the_ends(base, head, keep):
    up, down = judged(base, head, keep, lower_is_better=False), judged(head, base, keep)
    if down in (Class.WARNING, Class.SEVERE, Class.IMPROVED):
        assert up is down


@settings(max_examples=200)
@given(sample_lists, sample_lists, st.floats(1.0, 3.0), st.booleans())
def test_a_greater_slowdown_is_never_judged_milder(base, head, factor, keep):
    before, after = judged(base, head, keep), judged(base, [x * factor for x in head], keep)
    assert RANKS[after] >= RANKS[before]


@given(sample_lists, sample_lists, st.floats(0.0, 5.0))
def test_a_higher_floor_is_never_judged_harsher(base, head, floor):
    raised = Limits(0.05, 1e-4 + floor, 0.2, 1e-4 + floor, None)
    assert RANKS[judged(base, head, limits=raised)] <= max(RANKS[judged(base, head)], RANKS[Class.UNCHANGED])


def pair_of(base, head):
    return Pair(SeriesKey("a.b"), "env", base, head, "1", "1")


@pytest.mark.parametrize(
    ("benchmark", "base", "head", "expected"),
    [
        # A loss is judged by its difference alone, whatever the ratio.
        (Benchmark(name="a", unit="loss"), 0.010, 0.014, Class.UNCHANGED),
        (Benchmark(name="a", unit="loss"), 0.400, 0.410, Class.WARNING),
        (Benchmark(name="a", unit="loss"), 0.400, 0.430, Class.SEVERE),
        (Benchmark(name="a", unit="loss"), 0.000, 0.030, Class.SEVERE),
        (Benchmark(name="a", unit="loss"), 0.430, 0.400, Class.IMPROVED),
        # A size is deterministic; a peak has an allowance of 2 %.
        (Benchmark(name="a", unit="bytes", metric="index_bytes"), 100e6, 106e6, Class.WARNING),
        (Benchmark(name="a", unit="bytes", metric="peak_memory"), 100e6, 106e6, Class.UNCHANGED),
        (Benchmark(name="a", unit="bytes", metric="peak_memory"), 100e6, 110e6, Class.WARNING),
        (Benchmark(name="a", unit="bytes", metric="peak_memory"), 100e6, 130e6, Class.SEVERE),
        (Benchmark(name="a", unit="bytes"), 10_000, 900_000, Class.UNCHANGED),
        # One time a side has no spread: never severe, and a large change is not passed over.
        (Benchmark(name="a", unit="seconds", metric="p99"), 0.010, 0.0102, Class.UNCHANGED),
        (Benchmark(name="a", unit="seconds", metric="p99"), 0.010, 0.030, Class.INCONCLUSIVE),
        (Benchmark(name="a", unit="seconds", metric="p99"), 0.030, 0.010, Class.UNCHANGED),
        # Unless the suite says that it is deterministic.
        (Benchmark(name="a", unit="count", deterministic=True), 100, 130, Class.SEVERE),
        (Benchmark(name="a", unit="events/s", deterministic=True), 100, 70, Class.SEVERE),
        (Benchmark(name="a", unit="events/s", deterministic=True), 100, 130, Class.IMPROVED),
        # From zero there is no ratio: the floor alone decides.
        (Benchmark(name="a", unit="bytes", metric="index_bytes"), 0.0, 2e6, Class.SEVERE),
        (Benchmark(name="a", unit="bytes", metric="index_bytes"), 0.0, 1e6, Class.UNCHANGED),
        (Benchmark(name="a", unit="bytes", metric="index_bytes"), 0.0, 0.0, Class.UNCHANGED),
        (Benchmark(name="a", unit="bytes", metric="index_bytes"), 2e6, 0.0, Class.IMPROVED),
        (Benchmark(name="a", unit="events/s", deterministic=True), 100, 0.0, Class.SEVERE),
    ],
)
def test_single_values(benchmark, base, head, expected):
    pair = pair_of(Measurement(value=base), Measurement(value=head))
    assert judge_pair(pair, benchmark, built_in().rules).classification is expected


def test_samples_that_start_at_zero():
    grown = judged([0.0] * 10, [x / 1000 for x in range(5, 15)])
    assert grown is Class.SEVERE
    assert judged([0.0] * 10, [0.0] * 10) is Class.UNCHANGED


def test_five_samples_a_side_are_tested_by_the_intervals_that_asv_stored():
    base = [1.0, 1.001, 1.002, 1.003, 1.004]
    assert judged(base, [x * 1.01 for x in base]) is Class.UNCHANGED
    assert judged(base, [x * 2 for x in base]) is Class.SEVERE
    assert judged([0.9, 1.0, 1.1, 1.0, 1.2], [1.3, 1.5, 1.2, 1.6, 1.9]) is Class.INCONCLUSIVE


def test_two_samples_a_side_without_the_samples_say_nothing():
    assert judged([1.0, 1.3], [1.0, 1.3], keep=False) is Class.INCONCLUSIVE


def test_the_bound_counts_and_not_the_point():
    rng = np.random.default_rng(4)
    base = np.exp(rng.normal(0, 0.06, 10))
    head = np.exp(rng.normal(0, 0.06, 10))
    head *= 1.22 * np.median(base) / np.median(head)
    effect = estimate(measured(base.tolist()), measured(head.tolist()), None)
    assert effect.significant
    assert effect.ratio > 1.2 > effect.ratio_low > 1.05
    assert classify(effect, LIMITS) is Class.WARNING


@given(sample_lists, sample_lists)
def test_the_interval_holds_the_ratio_and_the_difference_that_the_table_shows(base, head):
    effect = estimate(measured(base), measured(head), None)
    assert effect.ratio_low <= effect.ratio <= effect.ratio_high
    assert effect.difference_low <= effect.difference <= effect.difference_high
    assert not math.isnan(effect.ratio_low) and not math.isnan(effect.ratio_high)
