"""Topics: communities of similar segments, one module an engine."""
