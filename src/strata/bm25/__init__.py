"""Keyword search over the events ("teleport"): one module an engine."""
