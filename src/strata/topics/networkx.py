"""Topics by networkx: Louvain communities (Blondel et al. 2008) and PageRank in Python. Seconds at 10,000 events."""

from collections.abc import Collection, Iterable, Mapping

import networkx

from strata.topics.graph import GraphTopics, Similar

SEED = 1


class NetworkxTopics(GraphTopics):
    """TopicGraph for every size at which building may take seconds."""

    format = "networkx-topics"
    version = 1

    def _communities(self, graph: Similar) -> Iterable[Collection[int]]:
        return louvain(graph)

    def _ranks(self, graph: Similar) -> Mapping[int, float]:
        ranks: Mapping[int, float] = networkx.pagerank(_graph(graph), weight="weight")
        return ranks


def louvain(graph: Similar) -> Iterable[Collection[int]]:
    """The communities of a graph, as networkx finds them."""
    found: Iterable[Collection[int]] = networkx.community.louvain_communities(_graph(graph), weight="weight", seed=SEED)
    return found


def _graph(similar: Similar) -> "networkx.Graph[int]":
    graph: networkx.Graph[int] = networkx.Graph()
    graph.add_nodes_from(range(similar.nodes))
    graph.add_weighted_edges_from((one, other, weight) for (one, other), weight in similar.pairs.items())
    return graph
