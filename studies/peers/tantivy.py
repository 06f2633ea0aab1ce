"""tantivy: an index on disk with its English stemming; words are joined by "or"; conversations by a term query."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query

_WORD = re.compile(r"\w+")


class Tantivy:
    """Texts are indexed, not stored; ids and conversations are both."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("doc_id", stored=True, tokenizer_name="raw", index_option="basic")
        schema.add_text_field("agent", tokenizer_name="raw", index_option="basic")
        schema.add_text_field("text", tokenizer_name="en_stem", index_option="freq")
        self._schema = schema.build()
        self._index = tantivy.Index(self._schema, path=str(folder))

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        writer = self._index.writer(heap_size=128_000_000, num_threads=1)
        for document in documents:
            writer.add_document(
                tantivy.Document(doc_id=document.doc_id, agent=document.agent or "all", text=document.text)
            )
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        # Only words: its query language would take a colon or a quote for an operator.
        asked = self._index.parse_query(" ".join(_WORD.findall(query.text)), ["text"])
        if query.agent is not None:
            inside = tantivy.Query.const_score_query(
                tantivy.Query.term_query(self._schema, "agent", query.agent, "basic"), 0.0
            )
            asked = tantivy.Query.boolean_query([(tantivy.Occur.Must, asked), (tantivy.Occur.Must, inside)])
        hits = self._searcher.search(asked, k, count=False).hits
        return [self._searcher.doc(address)["doc_id"][0] for _, address in hits]
