"""Two workers that hand each other the baton: every iteration in its order, and nobody left waiting for the other."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from retrospeed.gate import alternate
from retrospeed.gate.worker_pair import BOTH, Job, Side, SideError, SideName, live_workers

SUITE = """
import os, signal, time

CALLS = 0


def count():
    global CALLS
    CALLS += 1
    with open(os.environ["CALLED"], "a") as calls:
        calls.write(os.environ["SIDE"] + "\\n")
    return CALLS == 6 and os.environ["SIDE"] == "head"


def time_plain():
    count()


def time_raises():
    if count():
        raise ValueError("no such index")


def time_dies():
    if count():
        os.kill(os.getpid(), signal.SIGKILL)


def time_hangs():
    if count():
        time.sleep(60)


def time_tarries():
    if count():
        time.sleep(9)


def time_forks():
    if count() and os.fork() == 0:
        return
"""
ORDER = [SideName.HEAD, SideName.BASE, SideName.BASE, SideName.HEAD, SideName.HEAD, SideName.BASE] * 3

Turns = Callable[[str, float], "Calls"]


class Calls:
    """What came of a sequence of iterations."""

    def __init__(self, order: list[str], samples: dict[SideName, int], failures: dict[SideName, str]) -> None:
        self.order = order
        self.samples = samples
        self.failures = failures


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    """Take ORDER of a benchmark."""
    (tmp_path / "__init__.py").touch()
    (tmp_path / "suite.py").write_text(SUITE)
    called = tmp_path / "called"
    called.touch()

    def take(name: str, timeout: float) -> Calls:
        sides = {
            side: Side(side, Path(sys.executable), {**os.environ, "SIDE": side.value, "CALLED": str(called)}, tmp_path)
            for side in BOTH
        }
        samples, failures = {}, {}
        with live_workers(sides, Job(dict.fromkeys(BOTH, f"suite.{name}"), "time", timeout), hash_seed=1) as workers:
            called.write_text("")
            try:
                taken = workers.take_turns(ORDER, number=1, cpu=None)
                samples = {side: len(found) for side, found in taken.items()}
            except SideError as error:
                failures = {side: str(failure) for side, failure in error.failures.items()}
        return Calls(called.read_text().split(), samples, failures)

    return take


def test_iterations_are_taken_in_the_order_given(turns: Turns) -> None:
    taken = turns("time_plain", 30)
    assert taken.order == [side.value for side in ORDER]
    assert taken.samples == {SideName.BASE: 9, SideName.HEAD: 9}


@pytest.mark.parametrize(
    ("name", "said"),
    [("time_raises", "ValueError: no such index"), ("time_dies", "its process ended by signal SIGKILL")],
)
def test_who_fails_in_the_middle_is_named_alone_and_the_other_does_not_wait(turns: Turns, name: str, said: str) -> None:
    started = time.monotonic()
    taken = turns(name, 60)
    assert list(taken.failures) == [SideName.HEAD] and taken.failures[SideName.HEAD].startswith(said)
    assert time.monotonic() - started < 30
    assert taken.order == [side.value for side in ORDER][: len(taken.order)]


@pytest.mark.parametrize("name", ["time_hangs", "time_tarries"])
def test_who_takes_too_long_in_the_middle_is_named_alone(turns: Turns, name: str) -> None:
    assert turns(name, 6).failures == {SideName.HEAD: "timed out after 6 s"}


def test_a_forked_child_that_returns_takes_no_turns(turns: Turns) -> None:
    taken = turns("time_forks", 30)
    assert taken.order == [side.value for side in ORDER]
    assert taken.samples == {SideName.BASE: 9, SideName.HEAD: 9}


@pytest.mark.parametrize(
    ("iterations", "expected"), [(2, [1] * 2), (15, [1] * 15), (16, [8, 8]), (30, [8, 8, 4, 4, 4, 2])]
)
def test_long_iterations_have_a_time_limit_each_and_short_ones_are_left_to_the_workers(
    iterations: int, expected: list[int]
) -> None:
    rhythm, asked = alternate.Rhythm(1, iterations), list[int]()
    while sum(asked) < iterations:
        asked.append(alternate.turns_at_once(rhythm, sum(asked)))
    assert asked == expected
