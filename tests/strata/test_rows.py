"""The best of many rows, found by looking at few of them, is what sorting all of them gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strata.rows import Rows


def rows_of(count: int) -> Rows:
    return Rows(
        ids=[f"e{(row * 7919) % 10007:05}" for row in range(count)],
        agents=["a"],
        sessions=["s"],
        agent=np.zeros(count, np.int32),
        session=np.zeros(count, np.int32),
        timestamp=np.arange(count, dtype=np.int64),
        worded=np.ones(count, np.bool_),
    )


@given(
    st.integers(0, 2000), st.integers(0, 12), st.integers(0, 2**32 - 1), st.sampled_from((None, 2, 6)), st.booleans()
)
def test_the_best_are_those_of_a_full_sort(count: int, k: int, seed: int, decimals: int | None, ties: bool) -> None:
    chance = np.random.default_rng(seed)
    rows = rows_of(count)
    chosen = np.flatnonzero(chance.random(count) < 0.8)
    scores = chance.uniform(-1, 1, len(chosen)).astype(np.float32)
    if ties:
        # Some equal to the last bit, others by rounding alone.
        scores = np.round(scores, 1) + chance.choice(np.array([0.0, 3e-7, -3e-7], np.float32), len(chosen))
    shown = scores if decimals is None else np.round(scores, decimals)
    expected = sorted((-score, rows.ids[row]) for score, row in zip(shown.tolist(), chosen.tolist(), strict=True))[:k]
    hits = rows.best("layer", chosen, scores, k, decimals)
    assert [(-hit.score, hit.doc_id) for hit in hits] == expected
    assert [hit.timestamp for hit in hits] == [rows.ids.index(hit.doc_id) for hit in hits]
