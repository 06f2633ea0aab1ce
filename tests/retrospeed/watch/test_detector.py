import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrospeed.watch import findings, search, simple_rule
from retrospeed.watch.autocorrelation import further, lag_1, pooled
from retrospeed.watch.change import Kind
from retrospeed.watch.max_t import best_split, p_value, threshold
from retrospeed.watch.outliers import lone_outliers
from retrospeed.watch.segmentation import segment
from tests.retrospeed.watch.histories import LIMITS, series, stepped

QUICKLY = settings(max_examples=40)


@QUICKLY
@given(st.integers(12, 60), st.integers(0, 1000), st.floats(-5, 5), st.floats(0.1, 100))
def test_max_t_is_blind_to_level_and_scale(count: int, seed: int, level: float, scale: float) -> None:
    values = np.random.default_rng(seed).normal(size=count)
    t, at = best_split(values[None])
    moved_t, moved_at = best_split((level + scale * values)[None])
    assert moved_t == pytest.approx(t, rel=1e-6)
    assert moved_at == at


@QUICKLY
@given(st.integers(6, 1500), st.floats(0.5, 50))
def test_p_values_fall_as_t_grows(count: int, t: float) -> None:
    assert 0 <= p_value(t * 1.1, count) <= p_value(t, count) <= 1


@pytest.mark.parametrize("count", [10, 40, 200])
def test_thresholds_hold_on_noise(count: int) -> None:
    values = np.random.default_rng(7).normal(size=(4000, count))
    exceeded = np.mean(best_split(values)[0] > threshold(count, 0.05))
    assert 0.03 < exceeded < 0.07


@QUICKLY
@given(st.integers(24, 120), st.integers(0, 10_000), st.floats(0.2, 3.0), st.booleans())
def test_a_clear_step_is_found_where_it_is(count: int, seed: int, size: float, up: bool) -> None:
    at = 8 + seed % (count - 16)
    ratio = 1 + size if up else 1 / (1 + size)
    found = findings.changes(series(stepped(count, at, ratio, seed=seed)), LIMITS)
    near = [change for change in found if change.likeliest[0] < at <= change.likeliest[1]]
    assert len(near) == 1
    assert near[0].ratio == pytest.approx(ratio, rel=0.03)
    assert near[0].worse is up


@QUICKLY
@given(st.integers(20, 100), st.integers(0, 10_000))
def test_parts_cover_the_series_in_order(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=count) + np.repeat(random.normal(0, 5, 4), count // 4 + 1)[:count]
    places = [split.at for split in segment(values, 0.02)]
    assert places == sorted(set(places))
    assert all(0 < place < count for place in places)


def test_two_points_after_a_step_are_enough_but_one_is_not() -> None:
    values = stepped(30, 28, 1.2)
    assert [change.likeliest for change in findings.changes(series(values), LIMITS)] == [(27, 28)]
    assert findings.changes(series(values[:-1]), LIMITS) == []


def test_lone_outliers_are_dropped_and_runs_are_not() -> None:
    values = np.random.default_rng(3).normal(0, 0.01, 40)
    values[10] += 1
    values[20:22] += 1
    assert np.flatnonzero(lone_outliers(values)).tolist() == [10]


def resembling(random: np.random.Generator, count: int, correlation: float) -> np.ndarray:
    values = random.normal(size=count)
    for index in range(1, count):
        values[index] = correlation * values[index - 1] + values[index] * np.sqrt(1 - correlation**2)
    return values


def test_a_suite_knows_its_autocorrelation_and_one_short_series_does_not() -> None:
    random = np.random.default_rng(5)
    alike = [lag_1(resembling(random, 30, 0.5)) for _ in range(40)]
    assert pooled(alike, [30] * 40) == pytest.approx(0.5, abs=0.12)
    independent = [lag_1(random.normal(size=30)) for _ in range(40)]
    assert pooled(independent, [30] * 40).max() < 0.1
    assert pooled([0.1], [30])[0] == 0
    one_of_its_own = pooled([*independent, lag_1(resembling(random, 600, 0.7))], [30] * 40 + [600])
    assert one_of_its_own[-1] == pytest.approx(0.7, abs=0.1)


def test_what_reaches_further_than_one_point_is_seen_by_permuting_blocks() -> None:
    values = np.random.default_rng(6).normal(size=300)
    for index in range(2, 300):
        values[index] += 0.2 * values[index - 1] + 0.5 * values[index - 2]
    assert further(values, lag_1(values)) > lag_1(values) + 0.03
    assert further(values, 0.1) == 0.1


@pytest.mark.parametrize(("count", "correlation"), [(12, 0.0), (30, 0.0), (30, 0.5), (120, 0.4)])
def test_the_search_holds_its_level_at_a_known_correlation(count: int, correlation: float) -> None:
    random = np.random.default_rng(8)
    found = [search.surest(resembling(random, count, correlation), correlation) for _ in range(1500)]
    assert 0.03 < np.mean([one is not None and one[0] < 0.05 for one in found]) < 0.07


def test_a_gradual_change_is_a_drift_and_not_many_steps() -> None:
    logs = np.random.default_rng(2).normal(0, 0.01, 80) + np.clip((np.arange(80) - 20) / 40, 0, 1) * 0.4
    found = findings.changes(series(0.01 * np.exp(logs)), LIMITS)
    assert [change.kind for change in found] == [Kind.DRIFT]
    assert found[0].ratio == pytest.approx(np.exp(0.4), rel=0.1)
    assert found[0].good <= 30 and found[0].bad >= 50


def test_a_series_without_noise_steps_wherever_it_changes() -> None:
    losses = np.array([0.2] * 7 + [0.21] * 5 + [0.2])
    found = findings.changes(series(losses, unit="loss", deterministic=True), LIMITS)
    assert [(change.likeliest, change.exact) for change in found] == [((6, 7), True), ((11, 12), True)]


def test_the_simple_rule_asks_for_20_percent_or_three_in_a_row() -> None:
    flat = np.full(8, 1.0)
    assert simple_rule.changes(series(flat), LIMITS) == []
    assert simple_rule.changes(series(np.append(flat, 1.19)), LIMITS) == []
    assert simple_rule.changes(series(np.append(flat, 1.21)), LIMITS)[0].worse
    assert simple_rule.changes(series(np.append(flat, [1.01, 1.02, 1.03])), LIMITS)[0].worse
