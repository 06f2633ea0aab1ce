import math

import pytest

from retrospeed.benchmarks_file import Benchmark
from retrospeed.units import as_people_read_it, change_in_words, limit_in_words, percent, ratio_in_words, value_in_words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1.0, "seconds", "1.00 s"),
        (0.0009997, "seconds", "1.00 ms"),
        (0.00123456, "seconds", "1.23 ms"),
        (4.2e-5, "seconds", "42.0 µs"),
        (3e-9, "seconds", "3.00 ns"),
        (4000.0, "seconds", "4,000 s"),
        (0.0, "seconds", "0 s"),
        (-0.002, "seconds", "-2.00 ms"),
        (0.0, "bytes", "0 B"),
        (1023.9, "bytes", "1.00 KiB"),
        (5 * 2**30, "bytes", "5.00 GiB"),
        (0.0712, "loss", "0.0712"),
        (12.0, "count", "12.0"),
        (12_345.0, "queries", "12,345 queries"),
        (1.5e-7, "unit", "1.5e-07"),
        (None, "seconds", "n/a"),
        (math.inf, "seconds", "∞"),
    ],
)
def test_values(value, unit, words):
    assert value_in_words(value, unit) == words


def test_limits_are_written_as_they_were_given():
    assert limit_in_words(0.02, "seconds") == "20 ms"
    assert limit_in_words(2**20, "bytes") == "1 MiB"
    assert limit_in_words(0.005, "loss") == "0.005"
    assert limit_in_words(4000, "seconds") == "4,000 s"
    assert (percent(0.05), percent(0.125), ratio_in_words(math.inf)) == ("5 %", "12.5 %", "∞")


@pytest.mark.parametrize(
    ("benchmark", "value", "words"),
    [
        (Benchmark(name="a", metric="throughput", unit="seconds"), 0.08, "12,500/s"),
        (Benchmark(name="a", metric="throughput", unit="seconds"), 0.0, "∞/s"),
        (Benchmark(name="a", metric="quality", unit="loss"), 0.07, "0.930"),
        (Benchmark(name="a", metric="p50", unit="seconds"), 0.08, "80.0 ms"),
    ],
)
def test_results_are_shown_as_people_read_them(benchmark, value, words):
    assert as_people_read_it(value, benchmark) == words


@pytest.mark.parametrize(
    ("unit", "direction", "ratio", "difference", "absolute", "words"),
    [
        ("seconds", None, 1.3, 0.3, False, "30 % slower"),
        ("seconds", None, 0.5, -0.5, False, "50 % faster"),
        ("seconds", None, 1.042, 0.042, False, "4.2 % slower"),
        ("bytes", None, 1.3, 3e5, False, "30 % larger"),
        ("seconds", None, 4.0, 3.0, False, "4.0 times as much"),
        ("bytes", None, math.inf, 2**20, False, "1.00 MiB larger"),
        ("loss", None, 1.5, 0.03, True, "0.0300 worse"),
        ("events/s", None, 0.7, -30, False, "30 % lower"),
        ("points", "higher", 1.3, 3, False, "30 % higher"),
        ("seconds", None, 1.0, 0.0, False, "no change"),
    ],
)
def test_changes(unit, direction, ratio, difference, absolute, words):
    benchmark = Benchmark(name="a", unit=unit, direction=direction)
    assert change_in_words(ratio, difference, benchmark, absolute=absolute) == words
