"""Neighbours: what stands beside an event in its session says much of what the event means.

A turn such as "Yes, last Friday" is found only by the words around it. So each event takes from its neighbours in
the session, up to REACH before and after it in log order, half as much with every step away.
"""

import numpy as np
from numpy.typing import NDArray

REACH = 3
DECAY = 0.5
_OFFSETS = np.arange(-REACH, REACH + 1)
_SHARES = DECAY ** np.abs(_OFFSETS)
DENSE = 4
"""A column with more than one value in so many rows is summed over all rows, which needs no sorting."""


class Neighbourhood:
    """Sums over neighbours, for rows that belong to sessions; a row alone in its session is only itself."""

    def __init__(self, session: NDArray[np.int32]) -> None:
        """`session` is each row's session code, shape (rows,), in log order."""
        count = len(session)
        # Rows by session, then by log order: neighbours are side by side there, at offsets of one.
        self._order = np.argsort(session, kind="stable")
        self._place = np.empty(count, np.int64)
        self._place[self._order] = np.arange(count)
        by_place = session[self._order]
        # For each offset, the weight of the right neighbour at that offset: 0 if it is of another session.
        self._weight = [
            (by_place[offset:] == by_place[:-offset]) * np.float32(DECAY**offset) for offset in range(1, REACH + 1)
        ]
        self._first = np.searchsorted(by_place, by_place, "left")
        self._last = np.searchsorted(by_place, by_place, "right") - 1
        self.alone = bool((self._first == self._last).all())
        """Whether no row has a neighbour, as in a collection of documents: every sum is then the row itself."""

    def spread(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Each row's own value and its neighbours' by their weight, shape (rows,)."""
        placed = values[self._order]
        total = placed.copy()
        for offset, weight in enumerate(self._weight, 1):
            total[offset:] += placed[:-offset] * weight
            total[:-offset] += placed[offset:] * weight
        return total[self._place]

    def spread_sparse(
        self, rows: NDArray[np.integer], values: NDArray[np.floating]
    ) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
        """As `spread` for a column that is 0 but for `values` at `rows`: the rows reached, and their sums."""
        owner, where, share = self._reached(rows)
        weights = values[owner] * share
        if len(where) * DENSE < len(self._order):
            reached, where = np.unique(where, return_inverse=True)
            return self._order[reached], np.bincount(where, weights, len(reached)).astype(np.float64)
        total = np.bincount(where, weights, len(self._order)).astype(np.float64)
        reached = np.flatnonzero(total)
        return self._order[reached], total[reached]

    def at(self, rows: NDArray[np.integer], offset: int) -> tuple[NDArray[np.int64], NDArray[np.int64], np.float32]:
        """The rows that have a neighbour so many steps after them: the place in `rows`, the neighbour; its weight."""
        place = self._place[rows] + offset
        (inside,) = np.nonzero((place >= self._first[self._place[rows]]) & (place <= self._last[self._place[rows]]))
        return inside, self._order[place[inside]], np.float32(DECAY ** abs(offset))

    def extent(self, rows: NDArray[np.integer]) -> slice:
        """The part of the log that holds these rows, at least one, and their sessions."""
        place = self._place[rows]
        return slice(int(self._order[self._first[place]].min()), int(self._order[self._last[place]].max()) + 1)

    def around(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Some rows and their neighbours: the place in `rows`, the neighbour (or the row itself), and its weight."""
        owner, place, share = self._reached(rows)
        return owner, self._order[place], share

    def _reached(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """As `around`, with the neighbours' places."""
        place = self._place[rows]
        if self.alone:
            return np.arange(len(rows)), place, np.ones(len(rows))
        moved = place + _OFFSETS[:, None]
        step, owner = np.nonzero((moved >= self._first[place]) & (moved <= self._last[place]))
        return owner, moved[step, owner], _SHARES[step]

    def sums_of(self, rows: NDArray[np.integer], vectors: NDArray[np.floating]) -> NDArray[np.float32]:
        """The spread vectors of some rows, shape (len(rows), dimensions); `vectors` are those of all rows.

        Summed in single precision, also if the vectors are halves.
        """
        place = self._place[rows]
        total: NDArray[np.float32] = vectors[rows].astype(np.float32, copy=False)
        for offset in (step for distance in range(1, REACH + 1) for step in (-distance, distance)):
            inside = (place + offset >= self._first[place]) & (place + offset <= self._last[place])
            total[inside] += vectors[self._order[place[inside] + offset]] * np.float32(DECAY ** abs(offset))
        return total
