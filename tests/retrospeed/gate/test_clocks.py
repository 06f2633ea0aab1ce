"""What others took of the CPU is subtracted from a time, and nothing else is."""

import json
import os
import subprocess
import sys
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import pytest

from retrospeed.gate.clocks import Clocks, Elapsed
from retrospeed.gate.waiting import Waiting

ROOT = Path(__file__).resolve().parents[3]
has_counter = pytest.mark.skipif(
    not os.path.exists("/proc/thread-self/schedstat"),  # noqa: PTH110
    reason="this kernel does not count how long a thread waits for a CPU",
)


def timed(statement: Callable[[], object], timer: Callable[[], float] = timeit.default_timer) -> Elapsed:
    elapsed = timeit.Timer(statement, timer=Clocks(timer, Waiting())).timeit(1)
    assert isinstance(elapsed, Elapsed)
    return elapsed


def work() -> None:
    for _ in range(3_000_000):
        pass


BESIDE_ANOTHER = r"""
import json, os, subprocess, sys, threading, time
from tests.retrospeed.gate.test_clocks import timed, work

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
other = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
try:
    other.stdout.read(1)
    alone = [timed(work) for _ in range(10)]
    stop = threading.Event()
    threading.Thread(target=stop.wait).start()
    with_a_thread = timed(work)
    stop.set()
finally:
    other.kill()
    other.wait()
print(json.dumps([[one.wall, one.cpu, one.waited, one.undisturbed()] for one in (*alone, with_a_thread)]))
"""


@has_counter
def test_waiting_for_the_cpu_is_subtracted_but_not_from_a_program_with_threads() -> None:
    # In a process of its own: the runner's may have threads.
    done = subprocess.run([sys.executable, "-c", BESIDE_ANOTHER], cwd=ROOT, capture_output=True, text=True, check=True)
    *alone, with_a_thread = json.loads(done.stdout)
    disturbed = [one for one in alone if one[2]]
    assert disturbed
    for wall, cpu, waited, undisturbed in disturbed:
        assert undisturbed == pytest.approx(max(wall - waited, cpu), abs=1e-9)
        assert min(cpu, wall) <= undisturbed < wall
    assert with_a_thread[2] is None and with_a_thread[3] == with_a_thread[0]


def test_waiting_for_anything_else_is_not() -> None:
    elapsed = timed(lambda: time.sleep(0.05))
    assert elapsed.undisturbed() > 0.045


def test_another_clock_is_left_as_it_is() -> None:
    elapsed = timed(work, time.process_time)
    assert elapsed.waited is None
    assert elapsed.undisturbed() == elapsed.wall > 0


def test_parts_add_up_and_an_unknown_one_counts_as_nothing_waited() -> None:
    total = sum((Elapsed(1.0, 0.6, 0.3), Elapsed(2.0, 1.0, None)), 0.0)
    assert isinstance(total, Elapsed)
    assert (total.wall, total.cpu, total.waited) == pytest.approx((3.0, 1.6, 0.3))
    assert total.undisturbed() == pytest.approx(2.7)
    assert sum((Elapsed(1.0, 0.6, None), Elapsed(2.0, 1.0, None)), 0.0).waited is None
    assert (Elapsed(5.0, 2.0, 1.0) - Elapsed(1.0, 1.0, None)).waited is None


def test_never_less_than_the_cpu_worked() -> None:
    assert Elapsed(1.0, 0.9, 0.5).undisturbed() == 0.9
    assert Elapsed(1.0, 1.2, 0.5).undisturbed() == 1.0
