"""Topics with rustworkx's PageRank. It has no communities by modularity, so those are networkx's."""

from collections.abc import Collection, Iterable, Mapping

import rustworkx

from strata.topics.graph import GraphTopics, Similar
from strata.topics.networkx import louvain


class RustworkxTopics(GraphTopics):
    """TopicGraph with exactly the communities of the networkx engine, ranked by compiled code."""

    format = "rustworkx-topics"
    version = 1

    def _communities(self, graph: Similar) -> Iterable[Collection[int]]:
        return louvain(graph)

    def _ranks(self, graph: Similar) -> Mapping[int, float]:
        directed = rustworkx.PyDiGraph()
        directed.add_nodes_from(list(range(graph.nodes)))
        for (one, other), weight in graph.pairs.items():
            directed.add_edges_from([(one, other, weight), (other, one, weight)])
        ranks: Mapping[int, float] = rustworkx.pagerank(directed, alpha=0.85, weight_fn=float, tol=1e-9)
        return ranks
