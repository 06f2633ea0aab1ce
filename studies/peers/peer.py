"""The protocol that every peer keeps, and what it is given."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.author import attributed
from strata.event import Event

Kind = Literal["keyword", "vector", "hybrid"]


class Document(msgspec.Struct, frozen=True):
    """What is indexed. `text` names the speaker first, where there is one; `agent` is the conversation, or empty."""

    doc_id: str
    text: str
    agent: str
    event: Event

    @staticmethod
    def of(event: Event) -> "Document":
        """The document that an event is."""
        return Document(event.event_id, attributed(event), event.agent, event)


class Query(msgspec.Struct, frozen=True):
    """A question, asked of one conversation if `agent` names it. `vector` is given to peers of the kind vector only."""

    text: str
    agent: str | None
    vector: NDArray[np.float32] | None = None


Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Unit vectors of texts, shape (len(texts), 384)."""


class Peer(Protocol):
    """A retriever as its own documentation shows it, in one process and on one thread."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        """`folder` is empty and the peer's own; `embed` is for peers of the kind hybrid."""
        ...

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """Index the documents; `vectors` are theirs, shape (len(documents), 384), and unit vectors."""
        ...

    def search(self, query: Query, k: int) -> list[str]:
        """Ids of the k best documents, best first, of the query's conversation if it names one."""
        ...
