"""Where the time of a benchmark's calls goes: the call stack, looked at on average every millisecond.

Loaded by the gate's worker in the environment of a commit, so it needs the standard library alone; and of that little,
because a benchmark of a cold start must find modules as little loaded as it would without a profiler.

A profiler that hooks every call makes short functions look dear. This one interrupts the program at random moments (a
Poisson process, so that no rhythm of the program can hide from it), and costs it about one part in a hundred, which is
taken off again. An interrupt that comes while C code runs is served late, when that returns: it then counts for as many
as would have come in the meantime. Times are of the main thread by the wall clock, without what it waited for a CPU
that others had: waiting for other threads, processes and files is time too.
"""

from __future__ import annotations

import gc
import math
import sys
from time import perf_counter, thread_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any
else:
    # The module `signal` is these functions and what enum, functools and re take to load.
    import _signal as signal

MEAN = 0.001
"""Seconds between two looks, on average."""
SHORTEST = 2e-5
PROMPT = 2e-4
"""An interrupt that is served within this time was not held up."""


class Sampler:
    """Looks at the stack while it runs. `root` is the code whose callees are of interest, `waiting` tells the seconds
    for which this thread was ready to run and others had the CPU, or None where that is not known."""

    def __init__(self, root: CodeType, seed: int, waiting: Callable[[], float | None]) -> None:
        self.stacks: dict[tuple[CodeType, ...], float] = {}
        """Seconds by stack, outermost first."""
        self.lines: dict[tuple[CodeType, int], float] = {}
        """Seconds by the line that was running."""
        self.wall = 0.0
        """Seconds between starts and stops, without waiting for a CPU and what the looking cost."""
        self._root = root
        self._waiting = waiting
        self._waited: float | None = None
        self._state = seed * 2654435761 % 2**32 or 1
        self._due = self._started = 0.0
        self._aside = 0.0
        """Seconds since the start that are not the program's."""
        self._running = False

    def start(self) -> None:
        """Begin, or go on."""
        signal.signal(signal.SIGALRM, self._look)
        self._aside = 0.0
        self._waited = self._waiting()
        self._started = perf_counter()
        self._running = True
        self._arm()

    def stop(self) -> None:
        """Pause."""
        stopped = perf_counter()
        # An interrupt that came before the timer was stopped may be served after it, and must not set it again: the
        # next would find an interpreter that is ending, and kill it.
        self._running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._aside += self._waited_since()
        self.wall += stopped - self._started - self._aside

    def _waited_since(self) -> float:
        """Seconds waited since this was last asked."""
        before, self._waited = self._waited, self._waiting()
        return 0.0 if before is None or self._waited is None else self._waited - before

    def _arm(self) -> None:
        # Marsaglia's xorshift; importing random would load a dozen modules.
        state = self._state
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        self._state = state
        delay = max(SHORTEST, -MEAN * math.log(state / 2**32))
        self._due = perf_counter() + delay
        signal.setitimer(signal.ITIMER_REAL, delay)

    def _look(self, _: int, frame: FrameType | None) -> None:
        if not self._running:
            return
        # What is waited meanwhile is not the looking's cost: the next one takes it off.
        began, now = thread_time(), perf_counter()
        late, waited = max(0.0, now - self._due), self._waited_since()
        self._aside += waited
        # The program did nothing at a moment at which others had the CPU.
        weight = 0.0 if PROMPT < late <= waited else MEAN + max(0.0, late - waited)
        stack = []
        while frame is not None and frame.f_code in _OWN:
            # It was due before the last look was over.
            frame = frame.f_back
        leaf = frame
        while frame is not None and frame.f_code is not self._root:
            stack.append(frame.f_code)
            frame = frame.f_back
        if weight and frame is not None and stack and leaf is not None:
            key = tuple(reversed(stack))
            self.stacks[key] = self.stacks.get(key, 0.0) + weight
            # What the compiler added by itself stands on no line, and is known by its place in the code.
            number = leaf.f_lineno
            line = (leaf.f_code, ~leaf.f_lasti if number is None else number)
            self.lines[line] = self.lines.get(line, 0.0) + weight
        self._arm()
        self._aside += thread_time() - began

    def result(self, calls: int) -> dict[str, Any]:
        """Seconds a call, as JSON can hold them; their sum is the time that the calls took by the clock."""
        seen = sum(self.stacks.values())
        scale = self.wall / seen / calls if seen else 0.0
        functions: dict[CodeType, int] = {}
        for stack in self.stacks:
            for code in stack:
                functions.setdefault(code, len(functions))
        return {
            "seconds": self.wall / calls,
            "functions": [described(code) for code in functions],
            "stacks": [[[functions[code] for code in key], value * scale] for key, value in self.stacks.items()],
            "lines": [
                [functions[code], line if line >= 0 else line_before(code, ~line), value * scale]
                for (code, line), value in self.lines.items()
            ],
        }


_OWN = (Sampler._look.__code__, Sampler._arm.__code__)


def described(code: CodeType) -> list[Any]:
    """File, name and first line of a function."""
    return [code.co_filename, getattr(code, "co_qualname", code.co_name), code.co_firstlineno]


def line_before(code: CodeType, place: int) -> int:
    """The last line that begins before a place in the code."""
    # Python 3.9 has none.
    lines: list[tuple[int, int, int | None]] = list(code.co_lines()) if hasattr(code, "co_lines") else []
    before = [line for start, _, line in lines if line is not None and start <= place]
    return before[-1] if before else code.co_firstlineno


_samplers: list[Sampler] = []


def sample(worker: Any, number: int, seed: int) -> dict[str, Any]:
    """Call the benchmark `number` times, going on from earlier times; tells the seconds it took."""
    gate_worker = sys.modules[type(worker).__module__]
    if not _samplers:
        _samplers.append(Sampler(_call.__code__, seed, gate_worker.waiting_counter()))
    sampler = _samplers[0]
    benchmark = worker.benchmark
    arguments = gate_worker.benchmark_arguments(benchmark)
    before = sampler.wall
    collecting = gc.isenabled()
    gc.disable()
    try:
        _run(sampler, benchmark, arguments, number)
    finally:
        if collecting:
            gc.enable()
    return {"spent": sampler.wall - before}


def collect(worker: Any, calls: int) -> dict[str, Any]:
    """What was seen in `calls` calls."""
    return _samplers[0].result(calls)


def _run(sampler: Sampler, benchmark: Any, arguments: Any, number: int) -> None:
    isolated = bool(getattr(benchmark, "_setups", ())) and getattr(
        type(benchmark), "_setup_isolates_timed_calls", False
    )
    if not isolated:
        sampler.start()
        try:
            _call(benchmark.func, arguments, number)
        finally:
            sampler.stop()
        return
    for _ in range(number):
        sampler.start()
        try:
            _call(benchmark.func, arguments, 1)
        finally:
            sampler.stop()
        # The next call finds a setup of its own, as under `asv run`.
        benchmark.do_teardown()
        benchmark.do_setup()


def _call(function: Any, arguments: Any, number: int) -> None:
    for _ in range(number):
        function(*arguments)


def sample_statement(worker: Any, seed: int) -> dict[str, Any]:
    """Profile the statement that a timeraw benchmark returns, in a process of its own, once."""
    import json
    import os
    import subprocess
    import textwrap

    gate_worker = sys.modules[type(worker).__module__]
    benchmark = worker.benchmark
    told = benchmark.func(*gate_worker.benchmark_arguments(benchmark))
    statement, setup = told if isinstance(told, tuple) else (told, "")
    source = "\0".join([textwrap.dedent(statement), textwrap.dedent(setup)])
    environment = {**os.environ, **(getattr(benchmark, "_timeraw_env", None) or {})}
    answer = os.path.abspath("sampled.json")  # noqa: PTH100
    loader = "import sys; sys.argv[0] = '-c'; exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'))"
    done = subprocess.run(
        [
            *(sys.executable, "-c", loader, os.path.realpath(__file__)),
            *(answer, str(seed), str(benchmark.number), gate_worker.beside("waiting")),
        ],
        input=source.encode(),
        capture_output=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        ended = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
        words = done.stderr.decode(errors="replace").strip()[-300:]
        raise RuntimeError(f"the statement failed ({ended})" + (words and f": {words}"))
    with open(answer, encoding="utf-8") as stream:  # noqa: PTH123
        result: dict[str, Any] = json.load(stream)
    return result


def _execute(code: CodeType, names: dict[str, Any], number: int) -> None:
    for _ in range(number):
        exec(code, names)


def _main(answer: str, seed: int, number: int, waiting: str) -> None:
    statement, _, setup = sys.stdin.buffer.read().decode().partition("\0")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(setup, "<setup>", "exec"), names)
    code = compile(statement, "<statement>", "exec")
    counter: dict[str, Any] = {}
    with open(waiting, encoding="utf-8") as stream:  # noqa: PTH123
        exec(compile(stream.read(), waiting, "exec"), counter)
    sampler = Sampler(_execute.__code__, seed, counter["Waiting"]())
    gc.disable()
    sampler.start()
    _execute(code, names, number)
    sampler.stop()
    import json

    with open(answer, "w", encoding="utf-8") as stream:  # noqa: PTH123
        json.dump(sampler.result(number), stream)


if __name__ == "__main__":
    _main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
