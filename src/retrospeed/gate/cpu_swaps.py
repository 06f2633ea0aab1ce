"""Processes that run at the same time, each on a CPU of its own, change places again and again: so both meet each CPU.

Of two CPUs of a virtual machine one may be half as fast for minutes, because of what shares its core. Two processes
that measure for seconds settle on one each, and what they find then differs by the CPUs.
"""

import contextlib
import itertools
import os
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

SECONDS = (0.01, 0.03)
"""Between two changes: long beside what a moved process loses of its caches, short beside what is measured. Drawn
anew each time, so that nothing periodic falls in with it."""
LISTED_EVERY = 5
"""Changes after which it is looked which threads there are: that takes longer than to move them."""


@contextlib.contextmanager
def swapped(sessions: Sequence[int]) -> Iterator[None]:
    """While this lasts, have what runs in each session change places with what runs in the others, on as many CPUs.

    All stay free to go elsewhere, and a thread that chose its CPUs is left to them. Nothing happens to one session
    alone, with too few CPUs, or on a system that binds no thread to a CPU.
    """
    try:
        allowed = sorted(os.sched_getaffinity(0))
    except AttributeError:
        allowed = []
    if len(sessions) < 2 or len(allowed) < len(sessions):
        yield
        return
    cpus = random.sample(allowed, len(sessions))
    ended = threading.Event()

    def swap() -> None:
        for turn in itertools.count():
            if turn % LISTED_EVERY == 0:
                listed = [threads(session) for session in sessions]
            for place, found in enumerate(listed):
                for thread in found:
                    move(thread, cpus[(place + turn) % len(cpus)])
            if ended.wait(random.uniform(*SECONDS)):
                return

    swapper = threading.Thread(target=swap, daemon=True)
    swapper.start()
    try:
        yield
    finally:
        ended.set()
        swapper.join()


def threads(session: int) -> list[int]:
    """The threads of all processes of a session, as the kernel lists them."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        # Whatever is gone by now needs no CPU.
        with contextlib.suppress(OSError):
            if os.getsid(int(process.name)) == session:
                found += (int(task.name) for task in (process / "task").iterdir())
    return found


def move(thread: int, cpu: int) -> None:
    """Have a thread run on a CPU from now on, if it may; it stays free to go elsewhere."""
    with contextlib.suppress(OSError):
        allowed = os.sched_getaffinity(thread)
        if cpu in allowed and len(allowed) > 1:
            os.sched_setaffinity(thread, {cpu})
            os.sched_setaffinity(thread, allowed)
