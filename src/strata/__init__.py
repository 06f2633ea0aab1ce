"""A layered retrieval stack: an event log, and indexes that catch up with it.

with strata.open("notes") as stack:
    stack.ingest(events)
    stack.build()
    hits = stack.search("bm25", "durable append")
"""

from strata.event import Event
from strata.stack import Strata, open

__all__ = ["Event", "Strata", "open"]
