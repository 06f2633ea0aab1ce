"""Loaded by the worker of a local cluster: Ctrl-C in a terminal reaches it too, but it is the client that ends it."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Called by Dask when a worker starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
