"""Programs whose every process can be found again and ended, whatever it starts and wherever that goes."""

import atexit
import contextlib
import functools
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "RETROSPEED_WORKER"
"""Environment variable by which all processes of a program can be told from all others."""
_PATIENCE = 1.0
_KERNEL_THREAD = 0x00200000
"""PF_KTHREAD of the kernel's sched.h."""


def run_marked(command: Sequence[str], folder: Path, mark: str, variables: Mapping[str, str] = {}) -> tuple[int, str]:
    """Run a program in `folder` until it ends: exit status, and what it printed to either stream.

    `variables` come on top of this process's own. Raises OSError if it cannot be started. What an interrupt leaves of
    it, and of what it started, is killed.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **variables, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            output, _ = process.communicate()
        finally:
            kill_marked(mark)
    return process.returncode, output


def new_mark() -> str:
    """A mark for one program, which is killed when this process ends, if not before."""
    return f"{_mark_of_this_process()}-{uuid.uuid4().hex}"


def kill_marked(mark: str) -> None:
    """Kill every process that inherited a mark which begins so: what left its process group is found by it (Linux).

    Returns when they are gone, or after a second.
    """
    needle = f"{MARK}={mark}".encode()
    deadline = time.monotonic() + _PATIENCE
    clean = 0
    # One may have started another behind the back of a single look.
    while clean < 2 and time.monotonic() < deadline:
        clean = 0 if _kill_seen(needle) else clean + 1


@functools.cache
def _mark_of_this_process() -> str:
    mark = uuid.uuid4().hex
    # An interrupt between the start of a program and what watches over it would leave it behind.
    atexit.register(kill_marked, mark)
    return mark


def _kill_seen(needle: bytes) -> bool:
    """Kill what bears the mark; whether any did, or may still turn out to."""
    unsure = False
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (entry / "environ").read_bytes()
            if needle in variables:
                os.kill(int(entry.name), signal.SIGKILL)
                unsure = True
            elif not variables and _starting(entry):
                unsure = True
    return unsure


def _starting(entry: Path) -> bool:
    """Whether a process has no environment because it is just being replaced by another program: it will have one."""
    state, *fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
    # Numbered as in proc(5), where the state is the third field.
    flags, environment_end = int(fields[9 - 4]), int(fields[51 - 4])
    return state not in "ZX" and not flags & _KERNEL_THREAD and environment_end == 0
