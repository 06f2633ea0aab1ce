import math

import numpy as np
import pytest
from asv import _stats
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from retrospeed.significance import can_be_significant, mann_whitney_p, shift_interval

samples = st.lists(st.integers(1, 12).map(float), min_size=1, max_size=12)


@given(samples, samples)
def test_the_p_value_is_asvs_ties_included(base, head):
    _, expected = _stats.mann_whitney_u(base, head)
    assert mann_whitney_p(base, head) == pytest.approx(min(expected, 1.0), abs=1e-9)


def test_the_p_value_is_asvs_for_many_samples():
    rng = np.random.default_rng(5)
    base, head = rng.normal(10, 1, 40).tolist(), rng.normal(10.7, 1, 33).tolist()
    _, expected = _stats.mann_whitney_u(base, head)
    assert mann_whitney_p(base, head) == pytest.approx(expected, rel=1e-9)


@given(samples, samples)
def test_the_p_value_does_not_depend_on_the_order_of_the_sides(base, head):
    assert mann_whitney_p(base, head) == pytest.approx(mann_whitney_p(head, base))


def test_five_samples_a_side_can_never_be_significant():
    assert not can_be_significant(5, 5)
    assert can_be_significant(6, 6)


@pytest.mark.parametrize(("count", "cut"), [(4, 1), (5, 3), (10, 24), (20, 128)])
def test_the_interval_is_cut_where_the_published_tables_of_u_say(count, cut):
    # Critical values of U, two-sided 5 %: 0, 2, 23 and 127 for equal samples of 4, 5, 10 and 20; the cut is one above.
    base, head = np.linspace(0, 1, count), np.linspace(5, 7, count)
    differences = np.sort(np.subtract.outer(head, base), axis=None)
    assert shift_interval(base.tolist(), head.tolist(), 0.95) == (differences[cut - 1], differences[-cut])


def test_two_samples_a_side_have_no_interval():
    assert shift_interval([1, 2], [7, 8]) == (-math.inf, math.inf)
    assert shift_interval([1, 2, 3], [7, 8, 9]) == (4, 8)


@pytest.mark.parametrize("count", [6, 10, 35])
def test_the_interval_covers_the_true_shift_as_often_as_it_says(count):
    rng = np.random.default_rng(count)
    covered = 0
    for _ in range(1000):
        low, high = shift_interval(rng.exponential(1, count).tolist(), (rng.exponential(1, count) + 0.5).tolist())
        covered += low <= 0.5 <= high
    # 90 % of 1,000 with a standard deviation of 9.5; small samples cover more, as the distribution of U is discrete.
    assert 870 <= covered <= 970


def test_the_interval_belongs_to_the_test():
    rng = np.random.default_rng(11)
    for _ in range(200):
        base, head = rng.normal(0, 1, 8).tolist(), rng.normal(1.0, 1, 9).tolist()
        low, high = shift_interval(base, head, 0.95)
        excluded = not low <= 0 <= high
        assert excluded == (mannwhitneyu(base, head, method="exact").pvalue <= 0.05)


def test_thousands_of_samples_are_thinned_and_not_paired_all_with_all():
    rng = np.random.default_rng(2)
    base, head = rng.normal(10, 1, 30_000).tolist(), rng.normal(10.5, 1, 30_000).tolist()
    low, high = shift_interval(base, head)
    assert low < 0.5 < high
    assert high - low < 0.3
