"""The sampler's shares are those of the clock, also where C code holds signals up."""

import itertools
import signal
from collections import Counter
from time import perf_counter

from retrospeed.explain.sampling import Sampler


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
    sampler = Sampler(test_time_in_python_and_in_c_is_seen_by_the_clocks_measure.__code__, seed=1)
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
    sampler = Sampler(in_python.__code__, seed=1)
    sampler.start()
    in_python(0.005)
    sampler.stop()
    signal.raise_signal(signal.SIGALRM)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
