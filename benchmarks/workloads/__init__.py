"""The fixed inputs of the benchmarks. Nothing here knows the stack under test."""
