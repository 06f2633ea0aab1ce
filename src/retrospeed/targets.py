"""What a suite wants a benchmark to reach: the function attributes `target` and `target_of`, against a value.

`target` is a number in the benchmark's own unit; `target_of` maps a value of a parameter (an engine, a tier) to another
number that holds for it. A target is met by a value on its better side or just on it.
"""

from collections.abc import Iterable

from retrospeed.benchmarks_file import Benchmark
from retrospeed.layer_table import Result
from retrospeed.measurement import SeriesKey
from retrospeed.units import as_people_read_it, is_shown_inverted, limit_in_words


def target(benchmark: Benchmark, key: SeriesKey) -> float | None:
    """The target of one series; of its parameters the first with a target of its own decides. None if it has none."""
    for value in benchmark.named_params(key).values():
        if value in benchmark.target_of:
            return benchmark.target_of[value]
    return benchmark.target


def is_met(benchmark: Benchmark, key: SeriesKey, value: float) -> bool | None:
    """Whether `value` meets the target of its series; None if there is no target."""
    wanted = target(benchmark, key)
    if wanted is None:
        return None
    return value <= wanted if benchmark.lower_is_better else value >= wanted


def in_words(benchmark: Benchmark, key: SeriesKey) -> str:
    """``under 2 ms``, ``over 5,000/s``: as results are shown; empty without a target."""
    wanted = target(benchmark, key)
    if wanted is None:
        return ""
    if is_shown_inverted(benchmark):
        return f"over {as_people_read_it(wanted, benchmark)}"
    return f"{'under' if benchmark.lower_is_better else 'over'} {limit_in_words(wanted, benchmark.unit)}"


def missed(results: Iterable[Result]) -> list[str]:
    """A line for every result that misses its target: where it is, where it should be."""
    lines = []
    for result in results:
        value = result.measurement.value
        if value is not None and is_met(result.benchmark, result.key, value) is False:
            lines.append(f"{result.key}: {result.text}, target {in_words(result.benchmark, result.key)}")
    return lines
