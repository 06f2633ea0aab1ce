"""What the suite holds in one environment. Loaded by the worker, so it knows asv_runner and the standard library."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import sys
import traceback
from typing import Any


def discover(benchmark_dir: str) -> dict[str, Any]:
    """As `asv_runner.discovery.list_benchmarks`, but one module or class that fails does not hide the others."""
    from asv_runner._aux import update_sys_path
    from asv_runner.discovery import _get_benchmark

    update_sys_path(benchmark_dir)
    found, failed = [], {}

    def visit(module_name: str) -> None:
        try:
            module = importlib.import_module(module_name)
        except BaseException:
            failed[module_name.partition(".")[2]] = last_line()
            return
        for attribute, item in list(vars(module).items()):
            if attribute.startswith("_"):
                continue
            if inspect.isclass(item) and not inspect.isabstract(item):
                functions: list[Any] = [
                    (name, function, item)
                    for name, function in inspect.getmembers(item)
                    if inspect.isfunction(function) or inspect.ismethod(function)
                ]
            elif inspect.isfunction(item):
                functions = [(attribute, item, None)]
            else:
                continue
            for name, function, owner in functions:
                try:
                    benchmark = _get_benchmark(name, module, owner, function)
                except BaseException:
                    failed[".".join(filter(None, [module_name.partition(".")[2], attribute]))] = last_line()
                    break
                if benchmark is not None:
                    found.append(described(benchmark))
        for _, name, _ in pkgutil.iter_modules(getattr(module, "__path__", []), module_name + "."):
            visit(name)

    visit(os.path.basename(benchmark_dir))  # noqa: PTH119
    return {"benchmarks": found, "failed": failed}


def described(benchmark: Any) -> Any:
    """The attributes that asv writes into benchmarks.json."""
    kept = (str, int, float, list, dict, bool)
    items = {k: v for k, v in vars(benchmark).items() if isinstance(v, kept) and not k.startswith("_")}
    return json.loads(json.dumps(items, skipkeys=True, default=repr))


def last_line() -> str:
    """The exception being handled, in one line."""
    return "".join(traceback.format_exception_only(*sys.exc_info()[:2])).strip().splitlines()[-1][:300]
