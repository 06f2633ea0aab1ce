"""A call in a process of its own: what it returns, and every way in which it can end."""

import os
import signal
from typing import Any

import pytest
from benchmarks.own_process import FailedError, in_own_process

from benchmarks import logs


def test_it_returns_what_is_returned_from_another_process() -> None:
    assert in_own_process(os.getpid) != os.getpid()
    assert in_own_process(lambda number, name: {name: [number]}, 1, "one") == {"one": [1]}


def test_the_peak_is_its_own() -> None:
    def used(megabytes: int) -> int:
        held = bytearray(os.urandom(1)) * (megabytes * 1_000_000)
        return logs.bytes_at_peak() + 0 * len(held)

    large, small = in_own_process(used, 200), in_own_process(used, 1)
    assert 150e6 < large - small < 250e6


def test_what_is_missing_is_missing_here_too() -> None:
    def lacks() -> None:
        raise NotImplementedError("this commit has no such layer")

    with pytest.raises(NotImplementedError, match="this commit has no such layer"):
        in_own_process(lacks)


def test_a_failure_comes_with_its_traceback() -> None:
    def divides() -> float:
        return 1 / 0

    with pytest.raises(FailedError, match=r"(?s)in divides.*ZeroDivisionError"):
        in_own_process(divides)


@pytest.mark.parametrize(
    ("ends", "status"),
    [(lambda: os._exit(3), "status 3"), (lambda: os.kill(os.getpid(), signal.SIGKILL), "status -9")],
)
def test_a_process_that_ends_without_a_word_is_a_failure(ends: Any, status: str) -> None:
    with pytest.raises(FailedError, match=status):
        in_own_process(ends)
