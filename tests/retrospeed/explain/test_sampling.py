"""The sampler's shares are those of the clock, also where C code holds signals up."""

import itertools
import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from retrospeed.explain.sampling import Sampler
from retrospeed.gate.waiting import Waiting
from tests.retrospeed.gate.test_clocks import has_counter

ROOT = Path(__file__).resolve().parents[3]


def in_python(seconds):
    end = perf_counter() + seconds
    while perf_counter() < end:
        pass


def in_c():
    # Nothing of it is byte code, so a signal waits until it is done.
    return sum(itertools.repeat(1, 4_000_000))


def work(spent):
    for _ in range(12):
        started = perf_counter()
        in_python(0.02)
        middle = perf_counter()
        in_c()
        spent["in_python"] += middle - started
        spent["in_c"] += perf_counter() - middle


def test_time_in_python_and_in_c_is_seen_by_the_clocks_measure():
    spent: Counter[str] = Counter()
    sampler = Sampler(test_time_in_python_and_in_c_is_seen_by_the_clocks_measure.__code__, seed=1, waiting=Waiting())
    sampler.start()
    work(spent)
    sampler.stop()
    result = sampler.result(1)
    seen: Counter[str] = Counter()
    for stack, seconds in result["stacks"]:
        for index in set(stack):
            seen[result["functions"][index][1]] += seconds
    assert abs(sum(seconds for _, seconds in result["stacks"]) - result["seconds"]) < 1e-9
    share = spent["in_c"] / (spent["in_c"] + spent["in_python"])
    assert abs(seen["in_c"] / (seen["in_c"] + seen["in_python"]) - share) < 0.12
    assert seen["work"] > 0.9 * result["seconds"]


def test_an_interrupt_that_is_served_late_does_not_set_the_timer_again():
    sampler = Sampler(in_python.__code__, seed=1, waiting=Waiting())
    sampler.start()
    in_python(0.005)
    sampler.stop()
    signal.raise_signal(signal.SIGALRM)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


BESIDE_ANOTHER = r"""
import json, os, subprocess, sys, time
from retrospeed.explain.sampling import Sampler
from retrospeed.gate.waiting import Waiting

def little():
    for _ in range(1_000_000):
        pass

def much():
    for _ in range(3_000_000):
        pass

def work():
    for _ in range(20):
        little()
        much()

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
other = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
try:
    other.stdout.read(1)
    sampler = Sampler(work.__code__, 1, Waiting())
    wall, cpu = time.perf_counter(), time.thread_time()
    sampler.start()
    work()
    sampler.stop()
    measured = time.perf_counter() - wall, time.thread_time() - cpu
finally:
    other.kill()
    other.wait()
print(json.dumps([sampler.result(1), *measured]))
"""


@has_counter
def test_what_others_took_of_the_cpu_is_laid_to_no_function():
    done = subprocess.run([sys.executable, "-c", BESIDE_ANOTHER], cwd=ROOT, capture_output=True, text=True, check=True)
    told, wall, cpu = json.loads(done.stdout)
    assert cpu < wall * 0.75
    assert cpu * 0.9 < told["seconds"] < (cpu + wall) / 2
    seen = {told["functions"][index][1]: seconds for (index,), seconds in told["stacks"]}
    assert seen.keys() == {"little", "much"}
    assert abs(seen["much"] / (seen["much"] + seen["little"]) - 0.75) < 0.1
