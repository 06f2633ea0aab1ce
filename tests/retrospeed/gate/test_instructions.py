"""Instruction counts: the same for the same commit, and exact for a small change."""

import shutil

import pytest

from retrospeed.comparison import Class
from retrospeed.exit_codes import FailOn
from retrospeed.gate import instructions
from retrospeed.gate.record import InstructionRecord
from retrospeed.gate.report import instruction_lines
from retrospeed.gate.two_stage import Plan
from retrospeed.gate.verdict import verdict
from retrospeed.measurement import SeriesKey
from tests.retrospeed.gate.scratch_suite import ScratchSuite

pytestmark = pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")

BENCHMARKS = """
import work


def time_counted():
    work.score()


time_counted.instructions = True


def time_untagged():
    pass


def time_excluded():
    pass


time_excluded.instructions = False


def track_number():
    return 1
"""


def test_a_small_change_is_read_exactly_and_what_is_left_out_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    suite = ScratchSuite(tmp_path_factory.mktemp("counts") / "suite", {"bench": BENCHMARKS}, 400, 404)
    few = Plan(stage_1_pairs=2, looks=(2,), early_looks=None)
    found = verdict(suite.measure(plan=few, count_instructions=True), FailOn.NEVER)
    (counted,) = found.counted
    assert counted.classification is Class.WARNING
    # 1 % more work; the call itself costs the same.
    assert counted.ratio == pytest.approx(1.01, abs=0.001)
    lines = instruction_lines(found)
    assert "warning, more than 0.5 %, in 3 layouts" in lines[1]
    assert "  excluded, not tagged with instructions = True: bench.time_untagged" in lines
    assert "  excluded, excluded by its tag: bench.time_excluded" in lines
    assert "  excluded, not a time_* benchmark: bench.track_number" in lines


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ([1000], [1000], Class.UNCHANGED),
        ([100_000], [100_150], Class.UNCHANGED),
        ([1000] * 3, [1010, 1011, 1009], Class.WARNING),
        ([1000] * 3, [1010, 1000, 1009], Class.UNCHANGED),
        ([1000] * 3, [1010, 990, 1009], Class.UNCHANGED),
        ([1000] * 3, [1100, 1101, 1099], Class.SEVERE),
        ([1000] * 3, [900, 901, 899], Class.IMPROVED),
        ([1000] * 3, [1003, 1003, 1003], Class.UNCHANGED),
        ([1000], [1100], Class.INCONCLUSIVE),
    ],
)
def test_a_difference_must_show_in_every_layout(base: list[int], head: list[int], expected: Class) -> None:
    record = InstructionRecord(key=SeriesKey("bench.time_counted"), base=base, head=head)
    assert instructions.judge(record).classification is expected
