"""Importance of a topic: how large it is and how recently it was spoken of."""

import math

DAY = 86_400_000
HALF_LIFE = 30.0
"""Days in which the weight of recency halves."""
FLOOR = 0.01
FRESH, SETTLED = 1.0, 7.0
"""Days up to which a topic counts twice, and from which it counts once; in between the boost falls evenly."""


def importance(segments: int, age: int) -> float:
    """ln(1 + segments) * max(2 ** (-days / 30), 0.01) * boost, at least 0.01.

    `age` is the time between the topic's last event and the newest of the log, in ms: importance is relative to the
    log, so that it does not change while nothing happens.
    """
    days = age / DAY
    boost = 2.0 - min(1.0, max(0.0, (days - FRESH) / (SETTLED - FRESH)))
    recency: float = max(2.0 ** (-days / HALF_LIFE), FLOOR)
    return max(FLOOR, math.log1p(segments) * recency * boost)
