"""Nearest neighbours on PostgreSQL servers with pgvector's graph (HNSW) instead of a scan: less than all is compared.

The graph gives rows in about the order of their distance, under any filter (pgvector's iterative scan, from 0.8 on).
They are asked for until the k best are well inside what came: a row of the k-th score may not be the last that was
looked at, as its ties would be cut off. When the graph gives too few, the server scans.
"""

from typing import Any, ClassVar

from strata.postgresql import Connection
from strata.vector.pgvector import Pgvector
from strata.vector.pgvector_tables import NEAREST, SCALE

GRAPH_ORDER = "direction <#> %(query)s"
LOOKED_AT = 100
"""Neighbours that pgvector holds at hand while it walks the graph, hnsw.ef_search: recall grows with it."""
SPARE = 32


class PgvectorHnsw(Pgvector):
    """VectorIndex for logs that an exact scan takes too long for; recall@10 of 0.99."""

    format = "pgvector-hnsw"
    index: ClassVar[str] = "CREATE INDEX ON searched USING hnsw (direction vector_ip_ops);"

    def _prepare(self, number: int, connection: Connection) -> None:
        super()._prepare(number, connection)
        connection.execute(f"SET hnsw.ef_search = {LOOKED_AT}; SET hnsw.iterative_scan = 'strict_order'")

    def _nearest(
        self, numbers: set[int], wanted: dict[str, Any], k: int
    ) -> tuple[dict[int, list[tuple[Any, ...]]], dict[int, str]]:
        if "ids" in wanted:
            return super()._nearest(numbers, wanted, k)
        query = NEAREST.format(scale=SCALE, conditions=wanted["conditions"], order=GRAPH_ORDER)
        answers, reasons = self._servers.ask(numbers, query, wanted | {"count": k + SPARE})
        unsure = {number for number, rows in answers.items() if not _enough(rows, k)}
        exact, failed = super()._nearest(unsure, wanted, k)
        return answers | exact, reasons | failed


def _enough(rows: list[tuple[Any, ...]], k: int) -> bool:
    scores = sorted((row[4] for row in rows if row[1] is not None), reverse=True)
    return len(scores) > k and scores[k - 1] > scores[-1]
