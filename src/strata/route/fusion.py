"""Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): ranks are fused, never raw scores."""

from collections.abc import Mapping, Sequence

import msgspec

K = 10
"""Smaller than the 60 of the paper. With 60 and 100 ranks an event that both layers rank 40th beats the first of
either; where a scope holds a few hundred events such chance meetings are common, and they bury the good hit."""


class Fused(msgspec.Struct, frozen=True):
    """An event's fused score and what each list gave to it."""

    doc_id: str
    score: float
    shares: dict[str, float]


def fuse(lists: Sequence[tuple[str, float, Sequence[str]]], k: int = K) -> list[Fused]:
    """Fuse ranked lists, each a name, a weight and ids from best to worst, by the sum of weight / (k + rank).

    The result goes by (score descending, id ascending). Lists of one name add to one share.
    """
    shares: dict[str, dict[str, float]] = {}
    for name, weight, ids in lists:
        for rank, doc_id in enumerate(ids, 1):
            given = shares.setdefault(doc_id, {})
            given[name] = given.get(name, 0.0) + weight / (k + rank)
    fused = [Fused(doc_id, sum(given.values()), given) for doc_id, given in shares.items()]
    return sorted(fused, key=lambda event: (-event.score, event.doc_id))


def total_shares(events: Sequence[Fused]) -> Mapping[str, float]:
    """How much each list gave to these events together."""
    totals: dict[str, float] = {}
    for event in events:
        for name, share in event.shares.items():
            totals[name] = totals.get(name, 0.0) + share
    return totals
