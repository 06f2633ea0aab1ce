"""Iterations of two workers that take turns without the gate between them: whoever is done hands over the baton.

An iteration lasts a millisecond or a few. Told of each by the gate, two processes have to be woken for it, and on a
busy machine each waits for its share of a CPU; handed over, it is one.

A part of the worker, so it imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import select
from typing import Any

GO, STOP = b"g", b"s"


def run(
    worker: Any, baton: int, mine: list[bool], number: int, cpu: int | None, patience: float
) -> dict[str, list[dict[str, Any]]]:
    """Time this worker's part of a sequence of iterations; it is done when the last of them is.

    `mine` says of each whether it is this worker's, `baton` is this end of a socket to the other worker, and `patience`
    the seconds after which that is not waited for any more. Fewer samples than iterations were stopped by the other.
    """
    owner = os.getpid()
    samples: list[dict[str, Any]] = []
    has_baton = mine[0]
    try:
        for place, is_mine in enumerate(mine):
            if not is_mine:
                has_baton = False
                continue
            if not has_baton and not is_handed(baton, patience):
                break
            has_baton = True
            samples.append(worker.iterate(number, cpu))
            if os.getpid() != owner:
                # A child that the benchmark forked came back here; the turns are its parent's.
                os._exit(0)
            if not all(mine[place + 1 : place + 2]):
                os.write(baton, GO)
    except BaseException:
        with contextlib.suppress(OSError):
            os.write(baton, STOP)
        raise
    return {"samples": samples}


def is_handed(baton: int, patience: float) -> bool:
    """Wait for the other worker; whether it handed over, and neither failed nor ended nor took too long."""
    readable, _, _ = select.select([baton], [], [], patience)
    return bool(readable) and os.read(baton, 1) == GO
