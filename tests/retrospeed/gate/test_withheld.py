"""Processor time that the host of a virtual machine gave to others."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrospeed.gate import withheld
from retrospeed.gate.withheld import Ticks

STAT = "cpu  100 5 20 700 30 1 4 250 9 9\ncpu0 50 2 10 350 15 0 2 125 4 4\nintr 1\n"


def test_wanted_is_all_but_idle_and_withheld_is_part_of_it() -> None:
    assert withheld.read(STAT) == Ticks(wanted=100 + 5 + 20 + 1 + 4 + 250, withheld=250)


@pytest.mark.parametrize(
    "stat", ["", "\n", "cpu", "cpu  1 2 3 4 5 6 7", "cpu  1 2 3 4 5 6 7 x", "cpu0 1 2 3 4 5 6 7 8"]
)
def test_what_is_no_such_line_tells_nothing(stat: str) -> None:
    assert withheld.read(stat) is None


def test_the_share_is_of_what_was_wanted_in_between() -> None:
    assert withheld.share(Ticks(100, 10), Ticks(300, 60)) == 0.25


def test_without_a_reading_or_any_work_there_is_no_share() -> None:
    assert withheld.share(None, Ticks(300, 60)) is None
    assert withheld.share(Ticks(300, 60), None) is None
    assert withheld.share(Ticks(300, 60), Ticks(300, 60)) is None


@given(st.lists(st.integers(0, 10**12), min_size=4, max_size=4))
def test_a_share_is_between_nothing_and_all(numbers: list[int]) -> None:
    found = withheld.share(Ticks(*numbers[:2]), Ticks(*numbers[2:]))
    assert found is None or 0 <= found <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts these ticks")
def test_this_machine_is_read() -> None:
    ticks = withheld.now()
    assert ticks is not None
    assert ticks.wanted > 0
