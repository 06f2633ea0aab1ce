"""Child processes that are to be killed: forked, in milliseconds, from a server process that has the stack imported.

Not from the tests' own process: it may have run libraries that start threads (OpenMP, the ONNX runtime), and what such
a library waits for in a forked child never comes.
"""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import strata
from strata.engines import DEFAULTS, ENGINES, INDEXES
from tests.strata import postgres

processes = multiprocessing.get_context("forkserver")


def start_server() -> None:
    """Start the server if it is not running."""
    engines = [ENGINES[layer][DEFAULTS[layer]].partition(":")[0] for layer in ("store", *INDEXES)]
    processes.set_forkserver_preload([__name__, "hypothesis", "pytest", *engines])
    before = os.environ.get("PYTHONPATH")
    folders = [str(Path(__file__).parents[2]), str(Path(strata.__file__).parents[1]), *([before] if before else [])]
    os.environ["PYTHONPATH"] = os.pathsep.join(folders)
    try:
        child = processes.Process(target=_nothing)
        child.start()
        child.join()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    assert child.exitcode == 0


def child_of(target: Callable[..., None], *arguments: object) -> "multiprocessing.process.BaseProcess":
    """A process, not yet started, that calls the function."""
    return processes.Process(target=_run, args=(os.environ.get(postgres.VARIABLE), target, *arguments))


def _nothing() -> None:
    pass


def _run(servers: str | None, target: Callable[..., None], *arguments: object) -> None:
    """The child is forked from a process that may be older than the PostgreSQL server."""
    if servers is not None:
        os.environ[postgres.VARIABLE] = servers
    target(*arguments)
