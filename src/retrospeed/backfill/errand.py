"""What a worker does: says who it is, keeps what it is sent, and measures one commit."""

import json
import os
import platform
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.config
import psutil
from distributed import Status, Worker, get_worker

from retrospeed.backfill.asv_process import MARK, kill_marked
from retrospeed.backfill.messages import Delivery, Introduction, Order, Outcome
from retrospeed.backfill.workshop import AbandonedError, Workshop
from retrospeed.machine import name_here

MACHINE = "RETROSPEED_MACHINE"
"""Environment variable: the name of a worker's machine; asv's name of the host if not set."""
_UNLISTED = "Failed to build the project and import the benchmark suite"
_LOOK = 0.5
_WORDS = 300


def introduce() -> Introduction:
    """Who this worker is."""
    return Introduction(_machine(), platform.node())


def lacks(digests: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these parcels are not here."""
    shop = Workshop(platform.node(), _machine())
    return tuple(digest for digest in digests if not shop.has(digest))


def keep(digest: str, content: bytes) -> None:
    """Keep a parcel."""
    Workshop(platform.node(), _machine()).keep(digest, content)


def measure(order: Order) -> Delivery:
    """Measure a commit. Raises RetrospeedError if this machine cannot, AbandonedError if nobody waits for it."""
    worker = get_worker()
    abandoned = _abandonment(worker)
    shop = Workshop(platform.node(), order.machine)
    started = time.monotonic()
    with shop.locked(abandoned) as lock:
        folder = shop.prepare(order)
        log = shop.folder / "run.log"
        ran = _run(folder, order, lock, log, _as_started(worker), abandoned)
        results = folder / "results"
        files = {path.name: path.read_bytes() for path in sorted((results / order.machine).iterdir())}
        listing = results / "benchmarks.json"
        return Delivery(
            order.commit,
            order.machine,
            ran.outcome,
            words=ran.words,
            seconds=time.monotonic() - started,
            unbuilt=ran.unbuilt,
            files=files if ran.outcome is Outcome.RAN else {},
            benchmarks=listing.read_bytes() if listing.is_file() else b"",
            environments=ran.environments,
        )


@dataclass(frozen=True)
class _Ran:
    """How a run of asv ended."""

    outcome: Outcome
    words: str = ""
    unbuilt: bool = False
    environments: tuple[str, ...] = ()


def _machine() -> str:
    return os.environ.get(MACHINE) or name_here()


def _run(
    folder: Path, order: Order, lock: int, log: Path, variables: Mapping[str, str], abandoned: Callable[[], bool]
) -> _Ran:
    """Run asv in `folder`, its output going to `log`."""
    arguments = ["run", f"{order.commit}^!", "--machine", order.machine, "--record-samples", "--show-stderr"]
    arguments += ["--skip-existing"] if order.skip_existing else []
    arguments += ["--bench", "|".join(order.patterns)] if order.patterns else []
    arguments += ["--environment", order.environment] if order.environment else []
    job, done_file, mark = folder / "job.json", folder / "done.json", uuid.uuid4().hex
    job.write_text(json.dumps({"machine": order.machine, "arguments": arguments}), encoding="utf-8")
    done_file.unlink(missing_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "retrospeed.backfill.asv_process", str(job)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**variables, MARK: mark},
            # The lock stays held until the run is gone, even if this worker is killed first.
            pass_fds=(lock,),
            # Ctrl-C in a terminal goes to the client, which then says what is no longer wanted.
            start_new_session=True,
        )
        try:
            while True:
                try:
                    process.wait(_LOOK)
                    break
                except subprocess.TimeoutExpired:
                    if abandoned():
                        raise AbandonedError from None
        finally:
            kill_marked(mark)
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
    printed = log.read_text(encoding="utf-8", errors="replace")
    words = _last_words(printed)
    if not done_file.is_file():
        return _Ran(Outcome.REFUSED, f"asv ended with status {process.returncode}: {words}")
    done = json.loads(done_file.read_text(encoding="utf-8"))
    if done["status"] == 1:
        return _Ran(Outcome.UNLISTED if _UNLISTED in printed else Outcome.REFUSED, words)
    unbuilt = bool(done["unbuilt"])
    return _Ran(Outcome.RAN, words if unbuilt else "", unbuilt, tuple(done["environments"]))


def _last_words(printed: str) -> str:
    """What failed, in one line."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    telling = [line for line in lines if "Error" in line or line.lower().startswith("error")]
    return (telling or lines or ["it printed nothing"])[-1][:_WORDS]


def _abandonment(worker: Worker) -> Callable[[], bool]:
    """Whether the running task was taken away, because its client cancelled it or has gone, or the worker is ending."""
    key = worker.get_current_task()

    def abandoned() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled" or worker.status in (Status.closing, Status.closed)

    return abandoned


def _as_started(worker: Worker) -> dict[str, str]:
    """The environment in which the worker was started.

    Dask's nanny gives its worker a fixed hash seed, one thread for numerical libraries and another setting of malloc:
    measured with these, nothing could be compared with what a plain `asv run` gives.
    """
    variables = dict(os.environ)
    if worker.nanny is None:
        return variables
    given: Any = dask.config.get("distributed.nanny.pre-spawn-environ", {})
    before = psutil.Process(os.getppid()).environ()
    for name in (*given, "PYTHONHASHSEED"):
        variables.pop(name, None)
        if name in before:
            variables[name] = before[name]
    return variables
