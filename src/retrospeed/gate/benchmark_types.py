"""Imports what benchmarks of time_ and track_ need of asv_runner, and no more.

Loaded by the worker, so it imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import types
from typing import Any

DEFERRED = ("cProfile", "subprocess", "tempfile")
"""Modules of which asv_runner looks up nothing while it is imported, and some benchmarks nothing ever."""


def load() -> None:
    """Import asv_runner's benchmark types without what costs most of that time and serves neither time_ nor track_.

    That is pympler, for mem_*; OpenSSL, for one hash; and the metadata of every installed distribution, which
    asv_runner reads to find plug-ins by their names. Where no folder on the path is named like one, there is none to
    find. The suite imports all of it as it likes, afterwards.
    """
    absent: dict[str, Any] = {"pympler": None, **{name: deferred(name) for name in DEFERRED}}
    builtin = builtin_hash()
    if builtin is not None:
        absent["hashlib"] = module_with("hashlib", sha256=builtin)
    if not plugins_on_the_path():
        absent["importlib.metadata"] = module_with("importlib.metadata", distributions=tuple)
        # Of a plug-in's folder alone.
        absent["pathlib"] = module_with("pathlib", Path=None)
    hidden = {name: module for name, module in absent.items() if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        importlib.import_module("asv_runner.benchmarks")
        importlib.import_module("asv_runner.discovery")
    finally:
        for name in hidden:
            del sys.modules[name]


def module_with(name: str, **attributes: Any) -> types.ModuleType:
    """A module that holds these attributes."""
    module = types.ModuleType(name)
    vars(module).update(attributes)
    return module


def deferred(name: str) -> types.ModuleType:
    """A module that is imported when something of it is looked up first."""
    return module_with(name, __getattr__=lambda attribute: getattr(importlib.import_module(name), attribute))


def builtin_hash() -> Any:
    """SHA-256 as the interpreter has it built in, the same as hashlib's; None if it was built without."""
    for name in ("_sha2", "_sha256"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name).sha256
    return None


def plugins_on_the_path() -> bool:
    """Whether the metadata of a distribution called ``asv_bench…`` lies on the path."""
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208
                if name.lower().startswith(("asv_bench", "asv-bench")):
                    return True
    return False
