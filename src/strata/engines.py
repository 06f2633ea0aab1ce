"""Which engines there are, by layer and name, and how to get at one without importing the others.

An engine is a class, constructed with:

    store     Engine(path)                    path: a file or folder of its own, created when missing
    toc       Engine(path)
    bm25      Engine(path)
    embedder  Engine()                        loads its model at the first `embed`
    vector    Engine(path, embedder)
    topics    Engine(path, toc, embedder)

An index may say in a class attribute `batch_size` how many events one `extend` takes best.
"""

from importlib import import_module
from typing import Any

from strata.errors import UnknownNameError

ENGINES: dict[str, dict[str, str]] = {
    "store": {"sqlite": "strata.sqlite_store:SqliteStore"},
}
"""Layer -> name -> "module:class"."""


def load(layer: str, name: str) -> Any:
    """The engine's class. Raises UnknownNameError, listing those there are, if the layer has no engine of that name."""
    known = ENGINES[layer]
    if name not in known:
        raise UnknownNameError(f"no {layer} engine is called {name!r}: there is {', '.join(sorted(known))}")
    module, _, attribute = known[name].partition(":")
    return getattr(import_module(module), attribute)
