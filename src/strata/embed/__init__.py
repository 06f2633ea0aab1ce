"""Texts to unit vectors: one module an engine."""
