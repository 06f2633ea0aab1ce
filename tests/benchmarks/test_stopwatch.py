"""In the gate, what others took of the CPU is taken off a time, and nothing else is."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.stopwatch import Stopwatch

ROOT = Path(__file__).resolve().parents[2]
has_counter = pytest.mark.skipif(
    not os.path.exists("/proc/thread-self/schedstat"),  # noqa: PTH110
    reason="this kernel does not count how long a thread waits for a CPU",
)

BESIDE_ANOTHER = r"""
import json, os, subprocess, sys, threading, time
from benchmarks.stopwatch import Stopwatch

def work(calls):
    for _ in range(calls):
        pass

def timed(undisturbed, helped=False):
    stop = threading.Event()
    def help():
        while not stop.is_set():
            time.sleep(0.001)
            work(10_000)
    helper = threading.Thread(target=help)
    stopwatch = Stopwatch(undisturbed=undisturbed)
    if helped:
        helper.start()
    wall, cpu = time.perf_counter(), time.thread_time()
    for _ in range(8):
        stopwatch.time(work, 2_000_000)
    found = sum(stopwatch.seconds())
    measured = time.perf_counter() - wall, time.thread_time() - cpu
    stop.set()
    if helped:
        helper.join()
    return found, *measured

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
other = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
try:
    other.stdout.read(1)
    print(json.dumps([timed(True), timed(False), timed(True, helped=True)]))
finally:
    other.kill()
    other.wait()
"""


@has_counter
def test_waiting_for_the_cpu_is_taken_off_but_not_from_a_program_with_busy_threads() -> None:
    # In a process of its own: the runner's may have threads.
    done = subprocess.run([sys.executable, "-c", BESIDE_ANOTHER], cwd=ROOT, capture_output=True, text=True, check=True)
    (seconds, wall, cpu), *as_they_are = json.loads(done.stdout)
    assert cpu * 0.95 < seconds < wall * 0.85
    for seconds, wall, cpu in as_they_are:
        assert cpu < wall * 0.85
        assert wall * 0.95 < seconds <= wall


@pytest.mark.parametrize("undisturbed", [True, False])
def test_waiting_for_anything_else_is_a_part_of_the_call(undisturbed: bool) -> None:
    stopwatch = Stopwatch(undisturbed=undisturbed)
    stopwatch.time(time.sleep, 0.05)
    (seconds,) = stopwatch.seconds()
    assert seconds > 0.045
    assert stopwatch.seconds() == []


def test_a_system_that_counts_no_waiting_has_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", refuse)
    stopwatch = Stopwatch(undisturbed=True)
    stopwatch.time(time.sleep, 0.01)
    assert stopwatch.seconds()[0] > 0.009
