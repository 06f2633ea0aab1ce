"""The process that holds one benchmark of one commit alive, and runs an iteration of it whenever it is told to.

A script, started by the interpreter of the commit's environment, where only asv_runner and the standard library can be
counted on: it imports nothing of retrospeed, and keeps to the Python that asv_runner supports. The benchmark is found,
set up and called by asv_runner's own classes, so that it means what it means under ``asv run``.

Commands and answers are lines of JSON over two pipes of their own. What a benchmark prints goes to the file that is
this process's stdout and stderr; an answer cannot be confused with it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
import sys
import time
import traceback
from typing import Any

# A benchmark's own modules must not be shadowed by the ones beside this script.
if sys.path and os.path.realpath(sys.path[0] or ".") == os.path.dirname(os.path.realpath(__file__)):  # noqa: PTH120
    del sys.path[0]

SLOWEST_CALIBRATION = 10
"""No more than this many steps are taken to find how many calls make up an iteration."""

WARMING_CALLS, WARMING_SECONDS = 20, 2.0
WORTH_REPEATING = 0.05
"""Seconds below which a calibration is tried twice more, in case another job was in its way."""


class SkippedError(Exception):
    """The benchmark does not apply: its setup raised NotImplementedError, or its parameters are on its skip list."""


class Worker:
    """One benchmark with one set of parameters, from its setup to its teardown."""

    def __init__(self) -> None:
        self.benchmark: Any = None
        self.timer: Any = None

    def prepare(self, benchmark_dir: str, name: str, has_cache: bool, lean: bool = False) -> dict[str, Any]:
        """Import the benchmark, load its cache (``cache.pickle`` in the working directory) and set it up.

        With `lean`, of asv_runner is imported what time_ and track_ need.
        """
        if lean:
            import_little()
        from asv_runner.discovery import get_benchmark_from_name

        started = time.perf_counter()
        benchmark = self.benchmark = get_benchmark_from_name(benchmark_dir, name, extra_params={})
        if has_cache:
            # Most benchmarks have none, and every module that asv_runner does without prolongs the start.
            import pickle

            with open("cache.pickle", "rb") as stream:  # noqa: PTH123
                give_cache(benchmark, pickle.load(stream))
        if benchmark.do_setup():
            raise SkippedError
        setup = time.perf_counter() - started
        self.timed = hasattr(benchmark, "_get_timer") and hasattr(benchmark, "number")
        return {"timed": self.timed, "setup": setup, **(self._timing() if self.timed else {})}

    def _timing(self) -> dict[str, Any]:
        """What the suite says of how to time it, as `asv_runner.benchmarks.time` reads it."""
        benchmark = self.benchmark
        number = int(benchmark.number)
        isolated = bool(benchmark._setups) and getattr(type(benchmark), "_setup_isolates_timed_calls", False)
        separate = not hasattr(benchmark, "timer")
        if not separate:
            benchmark.timer = module_of(beside("clocks")).Clocks(benchmark.timer, waiting_counter())
        arguments = benchmark_arguments(benchmark)
        if isolated and number > 1 and hasattr(benchmark, "_get_interleaved_timer"):
            self.timer = benchmark._get_interleaved_timer(*arguments)
        else:
            self.timer = benchmark._get_timer(*arguments)
        # The first redo of a setup only notes that the setup was done just now.
        benchmark._redo_setup_next = False
        repeat = benchmark.repeat
        try:
            repeat = int(list(repeat)[1])
        except TypeError:
            repeat = int(repeat)
        return {
            "number": 1 if isolated and number == 0 else number,
            "repeat": repeat,
            "fixed": number > 0,
            "warm": bool(benchmark.warmup_time) and not separate,
            "separate": separate,
        }

    def calibrate(self, target: float, number: int = 0) -> dict[str, Any]:
        """Find how many calls last `target` seconds, if not `number` of them are wanted, and what so many cost.

        The cost is that of the last tries, when all is warm.
        """
        tried = number or 1
        for _ in range(SLOWEST_CALIBRATION):
            answer = self.iterate(tried)
            if number or answer["wall"] >= target:
                break
            tried = max(tried + 1, math.ceil(tried * min(10.0, target / max(answer["wall"], 1e-9))))
        spent = answer["spent"]
        if spent < WORTH_REPEATING:
            spent = min(spent, self.iterate(tried)["spent"], self.iterate(tried)["spent"])
        return {"number": tried, "spent": spent}

    def iterate(self, number: int, cpu: int | None = None) -> dict[str, Any]:
        """Time `number` calls; seconds of all of them together: by the benchmark's clock, without what the process had
        to wait for a CPU; of CPU; and of waiting, None where that is not known. With `cpu`, they begin on that one."""
        if cpu is not None:
            move_to(cpu)
        started = time.perf_counter()
        collecting = gc.isenabled()
        try:
            elapsed = self.timer.timeit(number)
        finally:
            # A benchmark that raised in the middle leaves timeit's switch as it was; one that meddled does not matter.
            gc.enable() if collecting else gc.disable()
        spent = time.perf_counter() - started
        if isinstance(elapsed, (int, float)):
            return {"wall": float(elapsed), "cpu": None, "waited": None, "spent": spent}
        wall = elapsed.undisturbed()
        less = elapsed.wall - wall
        waited = None if elapsed.waited is None else less
        return {"wall": wall, "cpu": elapsed.cpu, "waited": waited, "spent": spent - less}

    def count(self, number: int) -> dict[str, Any]:
        """Have callgrind, under which this process runs, count the instructions of so many calls into a file."""
        benchmark = self.benchmark
        function, arguments = benchmark.func, benchmark_arguments(benchmark)
        isolated = bool(benchmark._setups)
        started = time.perf_counter()
        for done in range(WARMING_CALLS):
            # CPython adapts its byte code to what a function meets in its first calls.
            function(*arguments)
            if isolated:
                benchmark.do_teardown()
                benchmark.do_setup()
            if done and time.perf_counter() - started > WARMING_SECONDS:
                break
        calls = 1 if isolated else number
        gc.collect()
        gc.disable()
        callgrind = module_of(beside("callgrind_requests"))
        request = callgrind.valgrind_request()
        request(callgrind.START_INSTRUMENTATION)
        try:
            for _ in range(calls):
                function(*arguments)
        finally:
            request(callgrind.STOP_INSTRUMENTATION)
            request(callgrind.DUMP_STATISTICS)
        return {"calls": calls}

    def value(self) -> dict[str, Any]:
        """Run a benchmark that tells a number (track, mem, peakmem), or samples of one, by itself."""
        result = self.benchmark.do_run()
        if isinstance(result, dict) and "samples" in result:
            return {"values": [float(sample) for sample in result["samples"]]}
        if result is None or isinstance(result, (str, dict, list)):
            raise TypeError(f"the benchmark returned {result!r}, which is not a number"[:200])
        return {"values": [float(result)]}

    def setup_cache(self, benchmark_dir: str, name: str, lean: bool = False) -> dict[str, Any]:
        """Make ``cache.pickle`` in the working directory; `lean` as in `prepare`."""
        import pickle

        if lean:
            import_little()
        from asv_runner.discovery import get_benchmark_from_name

        cache = get_benchmark_from_name(benchmark_dir, name).do_setup_cache()
        with open("cache.pickle", "wb") as stream:  # noqa: PTH123
            pickle.dump(cache, stream)
        return {}

    def discover(self, benchmark_dir: str) -> dict[str, Any]:
        """All benchmarks of the suite as asv sees them in this environment, and the modules that do not import."""
        found: dict[str, Any] = module_of(beside("suite_listing")).discover(benchmark_dir)
        return found

    def extend(self, script: str, function: str, **arguments: Any) -> dict[str, Any]:
        """Have `function` of the file `script`, which keeps its state until the process ends, work on this worker."""
        answered: dict[str, Any] = getattr(module_of(script), function)(self, **arguments)
        return answered


def import_little() -> None:
    """Import no more of asv_runner than benchmarks of time_ and track_ need."""
    module_of(beside("benchmark_types")).load()


def beside(name: str) -> str:
    """The file of a module beside this script, which is not on the path: names in its folder would shadow others."""
    return os.path.join(os.path.dirname(os.path.realpath(__file__)), name + ".py")  # noqa: PTH118, PTH120


def module_of(file: str) -> Any:
    """The module in a file, loaded once."""
    import importlib.util

    name = "retrospeed_" + os.path.basename(file)[:-3]  # noqa: PTH119
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None and spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def waiting_counter() -> Any:
    """Tells how long this thread has waited for a CPU."""
    return module_of(beside("waiting")).Waiting()


def move_to(cpu: int) -> None:
    """Have this thread run on a CPU from now on; it stays free to go elsewhere, and so does all that it starts."""
    with contextlib.suppress(AttributeError, OSError):
        allowed = os.sched_getaffinity(0)
        if cpu in allowed:
            os.sched_setaffinity(0, {cpu})
            os.sched_setaffinity(0, allowed)


def give_cache(benchmark: Any, cache: Any) -> None:
    """Hand over what setup_cache returned, in the way of this asv_runner."""
    if hasattr(benchmark, "set_cache"):
        benchmark.set_cache(cache)
    elif cache is not None:
        benchmark.insert_param(cache)


def benchmark_arguments(benchmark: Any) -> Any:
    """The arguments of one call."""
    if hasattr(benchmark, "_build_params"):
        return benchmark._build_params()
    return benchmark._current_params


def last_line() -> str:
    """The exception being handled, in one line."""
    return "".join(traceback.format_exception_only(*sys.exc_info()[:2])).strip().splitlines()[-1][:300]


def answer(worker: Worker, command: dict[str, Any]) -> dict[str, Any]:
    """Carry out one command; whatever the benchmark raises, ``sys.exit`` included, becomes an answer."""
    verb = command.pop("do")
    try:
        return {"ok": True, **getattr(worker, verb)(**command)}
    except SkippedError:
        return {"ok": False, "skipped": True, "error": "skipped"}
    except NotImplementedError as error:
        traceback.print_exc()
        # In setup_cache there is no other way to say so; in a call, asv_runner knows it by a class of its own.
        skipped = verb == "setup_cache" or type(error).__name__ == "SkipNotImplemented"
        return {"ok": False, "skipped": skipped, "error": last_line()}
    except BaseException:
        traceback.print_exc()
        return {"ok": False, "skipped": False, "error": last_line()}


def serve(commands: int, answers: int, *others: int) -> None:
    """Answer commands until the pipe closes."""
    for descriptor in (commands, answers, *others):
        # Programs that a benchmark starts must not hold the pipes open.
        os.set_inheritable(descriptor, False)
    owner = os.getpid()
    worker = Worker()
    with os.fdopen(commands, "r", encoding="utf-8") as lines:
        for line in lines:
            reply = answer(worker, json.loads(line))
            if os.getpid() != owner:
                # A benchmark forked and its child came back here; it must not answer in our name.
                os._exit(0)
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            os.write(answers, (json.dumps(reply) + "\n").encode())


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
    # Threads and exit handlers of the benchmark must not keep the process: the gate has all it needs.
    os._exit(0)
