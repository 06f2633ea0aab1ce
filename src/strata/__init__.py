"""A layered retrieval stack: an event log, and indexes that catch up with it."""
