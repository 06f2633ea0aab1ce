"""Nearest events by cosine similarity: one module an engine."""
