"""Topics by igraph: Louvain communities and PageRank in C.

igraph is under the GPL, so it is an extra of its own that nothing installs unasked.
"""

import random
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import igraph

from strata.topics.graph import GraphTopics, Similar

SEED = 1


class IgraphTopics(GraphTopics):
    """TopicGraph for logs of many thousand segments."""

    format = "igraph-topics"
    version = 1

    def _communities(self, graph: Similar) -> Iterable[Collection[int]]:
        # The order in which Louvain visits the nodes is drawn from igraph's one generator, which is put back after.
        igraph.set_random_number_generator(random.Random(SEED))
        try:
            found: Iterable[Collection[int]] = list(_graph(graph).community_multilevel(weights="weight"))
        finally:
            igraph.set_random_number_generator(random)
        return found

    def _ranks(self, graph: Similar) -> Mapping[int, float]:
        return dict(enumerate(_graph(graph).pagerank(weights="weight")))


def _graph(similar: Similar) -> Any:
    graph = igraph.Graph(n=similar.nodes, edges=list(similar.pairs))
    graph.es["weight"] = list(similar.pairs.values())
    return graph
