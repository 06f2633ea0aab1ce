"""Connects to a Dask cluster, or starts one here; all that is Dask's is imported only then."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retrospeed.backfill import local_worker
from retrospeed.errors import RetrospeedError

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 10


class ClusterError(RetrospeedError):
    """There is no cluster to work with, or none any more."""


def require() -> None:
    """Raise ClusterError if Dask is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ClusterError(
            "`retrospeed backfill` needs Dask, which is not installed; run `pip install 'retrospeed[backfill]'`."
        ) from error


@contextmanager
def connected(address: str | None) -> Iterator["Client"]:
    """A client of the scheduler at `address`, or of a new cluster of one worker on this computer.

    Raises ClusterError if nothing answers there.
    """
    require()
    from distributed import Client, LocalCluster

    # What happens to workers and connections is told in words of our own. Dask gives several of its loggers a level.
    for name in ("asyncio", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("asyncio", "distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if address is None:
        cluster = LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            preload=[local_worker.__name__],
        )
        with cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address}; start one with `dask scheduler`, and give the address it prints."
        ) from error
    with client:
        yield client
