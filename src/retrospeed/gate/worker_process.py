"""Starts one worker, speaks with it, and makes sure that nothing of it is left afterwards."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from retrospeed.marked_process import MARK, kill_marked, new_mark

SCRIPT = Path(__file__).with_name("worker.py")

SHELL = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
"""The worker is a child of a shell's: the kernel counts the memory of whoever starts a program as that program's own
peak, which would hide any below the gate's."""

_POLL = 0.1
_LOG_TAIL = 2000


class WorkerError(Exception):
    """The benchmark failed: what it raised, that it took too long, or how its process ended."""


class WorkerSkippedError(WorkerError):
    """The benchmark does not apply to this commit."""


class WorkerTimeoutError(WorkerError):
    """The benchmark took longer than it may."""


class WorkerProcess:
    """A live worker. Every request has its time limit; after a failure the worker is to be closed.

    `python` is the interpreter of the commit's environment, `variables` its whole environment, `folder` the working
    directory, `log` the file that takes what the benchmark prints, `wrapper` what to start the interpreter with, and
    `descriptors` what it gets beside its pipes, under the same numbers.
    """

    def __init__(
        self,
        python: Path,
        variables: Mapping[str, str],
        folder: Path,
        log: Path,
        wrapper: Sequence[str] = (),
        descriptors: Sequence[int] = (),
    ) -> None:
        self.mark = new_mark()
        self.log = log
        command_end, self._commands = os.pipe()
        self._answers, answer_end = os.pipe()
        self._buffer = b""
        handed = (command_end, answer_end, *descriptors)
        try:
            with log.open("wb") as output:
                self._process = subprocess.Popen(
                    [*SHELL, *wrapper, str(python), str(SCRIPT), *map(str, handed)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env={**variables, MARK: self.mark},
                    pass_fds=handed,
                    # Ctrl-C goes to the gate alone, which then ends the workers.
                    start_new_session=True,
                )
        except BaseException:
            os.close(self._commands)
            os.close(self._answers)
            kill_marked(self.mark)
            raise
        finally:
            os.close(command_end)
            os.close(answer_end)

    @property
    def session(self) -> int:
        """The session of the worker and of all that it starts, unless that takes pains to leave it."""
        return self._process.pid

    def send(self, verb: str, **arguments: Any) -> None:
        """Send a command without waiting for its answer."""
        line = json.dumps({"do": verb, **arguments}) + "\n"
        with contextlib.suppress(BrokenPipeError):
            os.write(self._commands, line.encode())

    def receive(self, timeout: float) -> dict[str, Any]:
        """The answer to the command sent last. Raises WorkerError, or WorkerSkippedError."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WorkerTimeoutError(f"timed out after {timeout:g} s")
            readable, _, _ = select.select([self._answers], [], [], min(left, _POLL))
            if readable:
                piece = os.read(self._answers, 1 << 16)
                self._buffer += piece
                if not piece:
                    raise WorkerError(self._ending())
            elif self._process.poll() is not None:
                # A forked child may hold the pipe open, so its end alone would not tell.
                raise WorkerError(self._ending())
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if not answer["ok"]:
            raise (WorkerSkippedError if answer["skipped"] else WorkerError)(answer["error"])
        return answer

    def ask(self, verb: str, timeout: float, **arguments: Any) -> dict[str, Any]:
        """Send a command and wait for its answer. Raises WorkerError, or WorkerSkippedError."""
        self.send(verb, **arguments)
        return self.receive(timeout)

    def printed(self) -> str:
        """The end of what the benchmark printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()

    def close(self) -> None:
        """End the worker and everything it started; returns when they are gone."""
        for descriptor in (self._commands, self._answers):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        kill_marked(self.mark)

    def _ending(self) -> str:
        code = self._process.wait()
        # The shell says 128 + n for a worker that died of signal n.
        killed = code - 128 if 128 < code < 128 + signal.NSIG else -code
        how = f"by signal {signal.Signals(killed).name}" if killed > 0 else f"with exit status {code}"
        printed = self.printed().splitlines()
        return f"its process ended {how}" + (f": {printed[-1][:200]}" if printed else "")
