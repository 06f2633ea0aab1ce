"""What a pair says: the middle of its turns where they belong together, else the fastest of each side."""

import math

import pytest

from retrospeed.gate.effects import FEWEST_TURNS, Scale, cpu_effects, effects, paired_values
from retrospeed.gate.samples import Pair
from retrospeed.gate.two_stage import Bounds

SCALE = Scale(True, 1, Bounds(0.01, 0.05, 0.01))
SLOW = (1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.5, 1.5, 2.0)
"""How much slower the machine was in each turn."""


def pair(in_turns: bool, turns: int = len(SLOW)) -> Pair:
    base, head = SLOW[:turns], tuple(1.05 * slow for slow in SLOW[:turns])
    # HEAD met something alone in two turns, and was lucky once.
    head = (head[0], 0.8, 9.0, 9.0, *head[4:])
    return Pair(hash_seed=1, base=base, head=head, base_cpu=base, head_cpu=head, in_turns=in_turns)


def test_turns_that_belong_together_are_compared_with_each_other() -> None:
    assert effects([pair(True)], SCALE, timed=True) == pytest.approx([math.log(1.05)])
    assert cpu_effects([pair(True)]) == pytest.approx([math.log(1.05)])


def test_else_the_fastest_counts() -> None:
    expected = [math.log(0.8)]
    assert effects([pair(False)], SCALE, timed=True) == pytest.approx(expected)
    assert effects([pair(True, FEWEST_TURNS - 1)], SCALE, timed=True) == pytest.approx(expected)
    assert cpu_effects([pair(False)]) == pytest.approx(expected)


def test_where_higher_is_better_the_sign_is_turned() -> None:
    better = Scale(True, -1, SCALE.bounds)
    assert effects([pair(True)], better, timed=True) == pytest.approx([-math.log(1.05)])


@pytest.mark.parametrize("in_turns", [True, False])
def test_paired_values_have_the_ratio_of_their_pair(in_turns: bool) -> None:
    (base,), (head,) = paired_values([pair(in_turns)], timed=True)
    assert base == 1.0
    assert [math.log(head / base)] == pytest.approx(effects([pair(in_turns)], SCALE, timed=True))
    base, head = paired_values([pair(in_turns)], timed=False)
    assert base + head == pytest.approx([1.5, 1.575])
