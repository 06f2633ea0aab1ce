"""What the study says of pairs whose scatter is known."""

import math

import pytest
from studies.turn_estimators import ESTIMATES, Recording, scatter, slower_cpu, table

from retrospeed.gate.samples import Pair

EFFECTS = (-0.02, 0.02, 0.02)


def pair(effect: float, outlier: float = 1.0, second_cpu: float = 1.0) -> Pair:
    """Sixteen turns of which HEAD takes longer by `effect`, the first of them disturbed on one side."""
    base = [1.0] * 8 + [second_cpu] * 8
    head = [turn * math.exp(effect) for turn in base]
    head[0] *= outlier
    return Pair(hash_seed=1, base=tuple(base), head=tuple(head), in_turns=True)


def test_scatter_is_the_median_distance_from_no_difference() -> None:
    pairs = [pair(effect) for effect in EFFECTS]
    for estimate in ESTIMATES.values():
        assert scatter(pairs, estimate) == pytest.approx(1.4826 * 0.02)


def test_what_one_side_met_alone_moves_the_mean_but_not_the_interquartile_mean() -> None:
    pairs = [pair(effect, outlier=3.0) for effect in EFFECTS]
    assert scatter(pairs, ESTIMATES["interquartile mean"]) == pytest.approx(1.4826 * 0.02)
    assert scatter(pairs, ESTIMATES["mean"]) > 1.4826 * 0.04


def test_the_table_has_a_line_a_recording_and_one_for_all() -> None:
    pairs = [pair(effect, second_cpu=1.5) for effect in EFFECTS]
    assert [slower_cpu(one) for one in pairs] == pytest.approx([1.5] * 3)
    lines = table([Recording("dictionary", "idle", pairs), Recording("vectors", "idle", pairs)]).splitlines()
    assert lines[2] == "| idle | dictionary | 3 | 2.97% | 1.00 x | 1.00 x | 1.00 x | 1.50 x |"
    assert lines[4] == "| all | | 6 | | 1.00 x | 1.00 x | 1.00 x | |"
    assert "| 5 | 1.00 x |" in lines
