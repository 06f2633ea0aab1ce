"""Imports what a timed benchmark needs of asv_runner, and no more. Loaded by the worker: the standard library alone."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import types
from typing import Any


def load() -> None:
    """Import asv_runner's benchmark types without what costs most of that time and serves no timed benchmark.

    That is pympler, for mem_*, and the metadata of every installed distribution, which asv_runner reads to find
    plug-ins by their names. Where no folder on the path is named like one, there is none to find.
    """
    absent: dict[str, Any] = {"pympler": None}
    if not plugins_on_the_path():
        metadata: Any = types.ModuleType("importlib.metadata")
        metadata.distributions = tuple
        absent["importlib.metadata"] = metadata
    hidden = {name: module for name, module in absent.items() if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        importlib.import_module("asv_runner.benchmarks")
    finally:
        for name in hidden:
            del sys.modules[name]


def plugins_on_the_path() -> bool:
    """Whether the metadata of a distribution called ``asv_bench…`` lies on the path."""
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208
                if name.lower().startswith(("asv_bench", "asv-bench")):
                    return True
    return False
