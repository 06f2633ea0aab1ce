import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.retrospeed.backfill.scratch_range import SOURCE


def until(found: Callable[[], object], what: str, seconds: float = 90) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.1)


class Cluster:
    """A scheduler and workers, started by the commands of the documentation."""

    def __init__(self, folder: Path, shop: Path) -> None:
        self._folder = folder
        self._shop = shop
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.scheduler = self._dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        until(lambda: file.exists() and file.stat().st_size, "the scheduler")
        self.address = json.loads(file.read_text())["address"]

    def join(self, machine: str, workers: int = 1) -> "subprocess.Popen[bytes]":
        """Start the workers of a machine."""
        options = ["--nthreads", "1", "--nworkers", str(workers), "--memory-limit", "0", "--host", "127.0.0.1"]
        return self._dask("worker", self.address, *options, RETROSPEED_MACHINE=machine)

    def close(self) -> None:
        """End them all."""
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _dask(self, *arguments: str, **variables: str) -> "subprocess.Popen[bytes]":
        own = {"PYTHONPATH": str(SOURCE), "RETROSPEED_BACKFILL": str(self._shop)}
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                cwd=self._folder,
                env={**os.environ, **own, **variables},
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all workers keep their things, so that a machine's environment is made once."""
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[Cluster]:
    """Two machines, one of which has two workers."""
    made = Cluster(tmp_path_factory.mktemp("cluster"), shop)
    made.join("alpha", workers=2)
    made.join("beta")
    yield made
    made.close()


def ancestors(pid: int) -> list[int]:
    """The processes that a process comes from, the nearest first."""
    return [parent.pid for parent in psutil.Process(pid).parents()]
