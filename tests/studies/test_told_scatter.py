"""The study of what equal processes tell: it measures, and scatters that are known are read as they are."""

import json
import math
from pathlib import Path

import pytest
from studies.told_scatter import COUNTS, scatter

from tests.studies.test_growth import study


def test_scatter_of_known_effects_is_that_of_their_quartiles() -> None:
    pairs = [([1.0, 1.0, 9.0], [math.exp(effect), 9.0, 0.0]) for effect in (-0.04, -0.02, 0.0, 0.02, 0.04)]
    assert scatter(pairs) == pytest.approx(0.04 / 1.349)


def test_every_number_of_a_layer_is_read_after_each_count_of_blocks(tmp_path: Path) -> None:
    done = study("told_scatter", "--layer", "toc", "--pairs", "5", "--json", str(tmp_path / "scatter.json"))
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "scatter.json").read_text())
    assert found["blocks"] == list(COUNTS)
    assert {"toc nodes p99", "toc search p50", "toc catch_up wall"} <= set(found["scatter"])
    assert all(len(row) == len(COUNTS) and min(row) > 0 for row in found["scatter"].values())
