"""Neighbours: sums inside a session, against their definition."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strata.neighbours import DECAY, REACH, Neighbourhood

SESSIONS = st.lists(st.integers(0, 3), min_size=1, max_size=25)


def _defined(sessions: list[int], values: list[float]) -> list[float]:
    sums = []
    for row, session in enumerate(sessions):
        own = [other for other, its in enumerate(sessions) if its == session]
        here = own.index(row)
        near = [(abs(there - here), other) for there, other in enumerate(own) if abs(there - here) <= REACH]
        sums.append(sum(values[other] * DECAY**distance for distance, other in near))
    return sums


@given(SESSIONS, st.randoms(use_true_random=False))
def test_a_row_takes_from_its_own_session_only_by_distance(sessions: list[int], random: Random) -> None:
    values = [float(random.random()) for _ in sessions]
    near = Neighbourhood(np.array(sessions, np.int32))
    expected = _defined(sessions, values)
    np.testing.assert_allclose(near.spread(np.array(values)), expected)
    vectors = np.array([values, values], np.float32).T
    np.testing.assert_allclose(
        near.sums_of(np.arange(len(values)), vectors), np.array([expected, expected]).T, 1e-5, 1e-6
    )


@given(SESSIONS, st.data())
def test_the_sparse_form_is_the_same_sum(sessions: list[int], data: st.DataObject) -> None:
    rows = sorted(data.draw(st.sets(st.integers(0, len(sessions) - 1))))
    values = np.arange(1.0, len(rows) + 1)
    dense = np.zeros(len(sessions))
    dense[rows] = values
    near = Neighbourhood(np.array(sessions, np.int32))
    reached, sums = near.spread_sparse(np.array(rows, np.int64), values)
    again = np.zeros(len(sessions))
    again[reached] = sums
    assert len(set(reached.tolist())) == len(reached)
    np.testing.assert_allclose(again, near.spread(dense))
