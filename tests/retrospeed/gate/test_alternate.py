"""Where iterations are run, and when there are enough of them."""

import os
import random
import sys
from pathlib import Path

import pytest

from retrospeed.gate import worker
from retrospeed.gate.alternate import (
    AGREEING,
    CPUS,
    FEWEST_SETTLED,
    is_settled,
    some_cpus,
    take_pair,
    turns_a_cpu,
)
from retrospeed.gate.samples import Rhythm
from retrospeed.gate.worker_pair import BOTH, Job, Side, SideName

has_affinity = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a CPU")


def test_a_pair_may_end_once_the_fastest_is_all_but_reached_again() -> None:
    settled = [1.0] * AGREEING + [1.5] * (FEWEST_SETTLED - AGREEING)
    assert is_settled(settled) and is_settled(settled[::-1])
    assert not is_settled(settled[:-1])
    assert not is_settled([0.9, *settled])


@has_affinity
def test_a_pair_is_measured_on_cpus_that_are_allowed_and_on_all_of_them_before_it_can_end() -> None:
    cpus = some_cpus(random.Random(1))
    assert len(cpus) == len(set(cpus)) == min(CPUS, len(os.sched_getaffinity(0)))
    assert set(cpus) <= os.sched_getaffinity(0)
    for iterations in range(2, 41):
        turns = turns_a_cpu(Rhythm(1, iterations))
        seen = {turn // turns % CPUS for turn in range(min(iterations, FEWEST_SETTLED))}
        assert len(seen) == CPUS


@has_affinity
@pytest.mark.skipif(not Path("/proc/thread-self/stat").exists(), reason="no /proc")
def test_a_thread_that_is_moved_stays_free_to_go_elsewhere() -> None:
    allowed = os.sched_getaffinity(0)
    for cpu in [*sorted(allowed)[:2], max(allowed) + 1]:
        worker.move_to(cpu)
        assert os.sched_getaffinity(0) == allowed
    try:
        os.sched_setaffinity(0, {min(allowed)})
        # A benchmark that chose its CPUs is left to them.
        worker.move_to(max(allowed))
        assert os.sched_getaffinity(0) == {min(allowed)}
    finally:
        os.sched_setaffinity(0, allowed)


def suite_of(folder: Path, source: str, **environment: str) -> dict[SideName, Side]:
    (folder / "__init__.py").touch()
    (folder / "suite.py").write_text(source)
    return {side: Side(side, Path(sys.executable), {**os.environ, **environment}, folder) for side in BOTH}


SEPARATE = """
import os

def timeraw_asleep():
    began = f"open({os.environ['SPANS']!r}, 'a').write(str(time.monotonic()) + chr(10))"
    return f"import time; {began}; time.sleep(0.3); {began}"

timeraw_asleep.number = 1
"""


def test_processes_that_are_timed_as_a_whole_run_at_the_same_time(tmp_path: Path) -> None:
    spans = {side: tmp_path / f"{side}.spans" for side in BOTH}
    sides = {side: suite_of(tmp_path, SEPARATE, SPANS=str(spans[side]))[side] for side in BOTH}
    pair, rhythm = take_pair(sides, Job(dict.fromkeys(BOTH, "suite.timeraw_asleep"), "time", 60), 1, None)
    assert len(pair.base) == len(pair.head) == rhythm.iterations == 2
    assert not pair.in_turns and min(pair.base + pair.head) > 0.3
    base, head = ([float(line) for line in spans[side].read_text().split()][-4:] for side in BOTH)
    for began, ended, other_began, other_ended in zip(base[::2], base[1::2], head[::2], head[1::2], strict=True):
        assert max(began, other_began) < min(ended, other_ended)


def test_the_first_sample_of_a_dear_process_counts(tmp_path: Path) -> None:
    spans = tmp_path / "spans"
    sides = suite_of(tmp_path, SEPARATE.replace("sleep(0.3)", "sleep(1.1)"), SPANS=str(spans))
    pair, rhythm = take_pair(sides, Job(dict.fromkeys(BOTH, "suite.timeraw_asleep"), "time", 60), 1, None)
    assert len(pair.base) == len(pair.head) == rhythm.iterations == 1
    assert len(spans.read_text().split()) == 4


LAZY = """
import time

opened = []

def time_lazy():
    if not opened:
        time.sleep(0.2)
        opened.append(True)
    time.sleep(0.001)
"""
# With a setup, asv times one call after each.
SET_UP = "def setup(): pass\n"


@pytest.mark.parametrize("setup", ["", SET_UP])
def test_a_first_call_that_opens_something_does_not_say_how_long_the_others_take(tmp_path: Path, setup: str) -> None:
    sides = suite_of(tmp_path, LAZY + setup)
    pair, rhythm = take_pair(sides, Job(dict.fromkeys(BOTH, "suite.time_lazy"), "time", 60), 1, None)
    assert rhythm.iterations >= FEWEST_SETTLED
    assert len(pair.base) == len(pair.head) >= FEWEST_SETTLED and max(pair.base[1:]) < 0.2


HELD_UP = """
import time

calls = []

def time_held_up():
    calls.append(time.sleep(0.03 if len(calls) == 1 else 0.001))
"""


@pytest.mark.parametrize("setup", ["", SET_UP])
def test_one_call_that_was_held_up_does_not_say_how_long_the_others_take(tmp_path: Path, setup: str) -> None:
    sides = suite_of(tmp_path, HELD_UP + setup)
    _, rhythm = take_pair(sides, Job(dict.fromkeys(BOTH, "suite.time_held_up"), "time", 60), 1, None)
    assert rhythm.iterations >= FEWEST_SETTLED
