"""How often each function is called in one call of a benchmark: exact, where times are estimates.

Loaded by the gate's worker in the environment of a commit.
"""

from __future__ import annotations

import cProfile
import sys
from typing import Any


def count(worker: Any, warm: bool) -> dict[str, Any]:
    """Calls by function: file, name, first line and number; `warm` is whether a call may come before."""
    benchmark = worker.benchmark
    arguments = sys.modules[type(worker).__module__].benchmark_arguments(benchmark)
    if warm:
        benchmark.func(*arguments)
        if getattr(benchmark, "_setups", ()):
            benchmark.do_teardown()
            benchmark.do_setup()
    profile = cProfile.Profile(builtins=False)
    profile.enable()
    try:
        benchmark.func(*arguments)
    finally:
        profile.disable()
    counts = []
    for entry in profile.getstats():
        code = entry.code
        if not isinstance(code, str):
            name = getattr(code, "co_qualname", code.co_name)
            counts.append([code.co_filename, name, code.co_firstlineno, entry.callcount])
    return {"counts": counts}
