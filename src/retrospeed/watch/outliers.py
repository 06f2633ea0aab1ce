"""Drops lone outliers: a Hampel filter that leaves runs alone, because two points in a row may be the news.

Hampel's identifier (Davies and Gather, JASA 88, 1993): a point is an outlier if it lies more than `CUT` scaled median
absolute deviations from the median of its neighbours. The deviation is that of the whole series' neighbourhoods, so
that a quiet stretch does not make outliers of ordinary points.
"""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HALF_WINDOW = 3
CUT = 5.0
FEWEST = 15
"""Points below which nothing is dropped: the spread of so few is too uncertain to call one of them an outlier."""
_WINDOW = 2 * HALF_WINDOW + 1
_MAD_TO_SIGMA = 1.4826


def lone_outliers(values: Floats) -> Mask:
    """Which of `values`, shape (..., n), are outliers without an outlier on the same side next to them."""
    count = values.shape[-1]
    if count < FEWEST:
        return np.zeros(values.shape, dtype=bool)
    medians = np.median(sliding_window_view(values, _WINDOW, axis=-1), axis=-1)
    # The first and the last points are held against the window at that end: mirrored, they would count twice.
    distance = values - medians[..., np.clip(np.arange(count) - HALF_WINDOW, 0, count - _WINDOW)]
    spread = _MAD_TO_SIGMA * np.median(np.abs(distance), axis=-1, keepdims=True)
    # A series that hardly ever changes has no spread to be measured by: nothing of it is noise.
    side = np.where(spread > 0, np.sign(distance) * (np.abs(distance) > CUT * spread), 0)
    before, after = np.zeros_like(side), np.zeros_like(side)
    before[..., 1:], after[..., :-1] = side[..., :-1], side[..., 1:]
    lone: Mask = (side != 0) & (side != before) & (side != after)
    return lone
