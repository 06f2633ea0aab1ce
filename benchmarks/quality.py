"""How good a ranking is, as losses: 0 is perfect, 1 is worthless. Binary relevance, cut at ten results."""

import math
from collections.abc import Callable, Sequence

from .workloads.workload import Query

K = 10
Losses = dict[str, float]


def losses(queries: Sequence[Query], search: Callable[[Query], Sequence[str]]) -> Losses:
    """Means over the queries of 1 - recall@10, 1 - nDCG@10 (Järvelin and Kekäläinen 2002) and 1 - reciprocal rank.

    Raises ValueError if there are no queries, or one that nothing answers: it cannot be judged.
    """
    if not queries or not all(query.relevant for query in queries):
        raise ValueError("quality needs queries, each with at least one relevant event")
    recall = gain = reciprocal = 0.0
    for query in queries:
        found = [document in query.relevant for document in search(query)[:K]]
        recall += sum(found) / min(len(query.relevant), K)
        ideal = sum(1 / math.log2(rank + 2) for rank in range(min(len(query.relevant), K)))
        gain += sum(1 / math.log2(rank + 2) for rank, hit in enumerate(found) if hit) / ideal
        reciprocal += next((1 / (rank + 1) for rank, hit in enumerate(found) if hit), 0.0)
    count = len(queries)
    # Rounded: sums of the same terms in another order must give the same figure.
    return {
        "recall": round(1 - recall / count, 9),
        "ndcg": round(1 - gain / count, 9),
        "reciprocal_rank": round(1 - reciprocal / count, 9),
    }
