"""Programs whose every process can be found again and ended, whatever it starts and wherever that goes."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "RETROSPEED_WORKER"
"""Environment variable by which all processes of a program can be told from all others."""


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


def kill_marked(mark: str) -> None:
    """Kill every process that inherited this mark: what left its process group is found by it (Linux)."""
    needle = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if needle in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
