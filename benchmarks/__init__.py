"""What is measured: asv benchmarks, one module a layer."""
