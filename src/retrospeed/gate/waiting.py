"""How long this thread waited for a CPU.

The kernel knows for how long a thread was ready to run and did not; that is not the benchmark's, whereas waiting for a
disk, a lock or a child is.

A part of the worker, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os


class Waiting:
    """Seconds for which this thread was ready to run while others had the CPU, as the kernel counts them.

    None where the kernel does not count, or while the process has other threads: it may be these it waits for, which is
    its own affair.
    """

    def __init__(self) -> None:
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._file = -1

    def __call__(self) -> float | None:
        try:
            if self._file < 0 or len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
                return None
            return int(os.pread(self._file, 64, 0).split()[1]) * 1e-9
        except OSError:
            return None
