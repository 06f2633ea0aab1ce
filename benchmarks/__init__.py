"""What is measured: asv benchmarks, one module a layer.

Every way of running the suite imports this package first, so here is where measurements are pinned to one thread: on a
shared machine a second thread measures the neighbours. RETROSPEED_THREADS overrides it. Models load from packages only.
"""

import os
import sys

_threads = os.environ.get("RETROSPEED_THREADS", "1")
for _library in ("OMP", "OPENBLAS", "MKL", "RAYON"):
    os.environ[f"{_library}_NUM_THREADS"] = _threads
if "numpy" in sys.modules:
    # asv_runner's memory benchmarks import pympler, and pympler imports numpy: its library has read the environment.
    from threadpoolctl import threadpool_limits

    threadpool_limits(int(_threads))
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
