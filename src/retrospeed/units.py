"""Turns numbers into words: seconds, bytes, losses, ratios. The only place that knows how a unit reads."""

import math

from retrospeed.benchmarks_file import Benchmark

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((1024.0**3, "GiB"), (1024.0**2, "MiB"), (1024.0, "KiB"), (1.0, "B"))
_WORSE = {"seconds": ("slower", "faster"), "bytes": ("larger", "smaller"), "loss": ("worse", "better")}
_EVENTS_TIMED = 1000


def value_in_words(value: float | None, unit: str) -> str:
    """`value` in `unit` with three significant digits: ``1.23 ms``, ``4.56 MiB``, ``0.0712``."""
    if value is None:
        return "n/a"
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞"
    if unit == "seconds":
        return _scaled(value, _SECONDS)
    if unit == "bytes":
        return _scaled(value, _BYTES)
    number = three_digits(value)
    return number if unit in ("unit", "loss", "count", "") else f"{number} {unit}"


def limit_in_words(value: float, unit: str) -> str:
    """A threshold, as it was written: ``20 ms`` where a measurement would be ``20.0 ms``."""
    number, _, name = value_in_words(value, unit).partition(" ")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{number} {name}".rstrip()


def as_people_read_it(value: float, benchmark: Benchmark) -> str:
    """A result as a table of results shows it, where it differs from what asv stores.

    Throughput is stored as seconds for 1,000 events and shown as events/s; a loss is stored as 1 - quality and shown
    as quality.
    """
    if _is_rate(benchmark):
        return f"{_EVENTS_TIMED / value:,.0f}/s" if value > 0 else "∞/s"
    if benchmark.unit == "loss":
        return f"{1 - value:.3f}"
    return value_in_words(value, benchmark.unit)


def is_shown_inverted(benchmark: Benchmark) -> bool:
    """Whether what is shown grows as what is stored falls."""
    return _is_rate(benchmark) or benchmark.unit == "loss"


def _is_rate(benchmark: Benchmark) -> bool:
    return benchmark.metric == "throughput" and benchmark.unit == "seconds"


def ratio_in_words(ratio: float) -> str:
    """A ratio of HEAD to BASE with two decimals; infinite above a BASE of zero."""
    return "∞" if math.isinf(ratio) else f"{ratio:.2f}"


def percent(fraction: float) -> str:
    """A fraction as a percentage: ``5 %``, ``0.5 %``."""
    return f"{fraction * 100:.3g} %"


def change_in_words(ratio: float, difference: float, benchmark: Benchmark, *, absolute: bool) -> str:
    """The step from BASE to HEAD in words: ``38 % slower``, ``0.03 worse``."""
    if difference == 0:
        return "no change"
    got_worse = (difference > 0) == benchmark.lower_is_better
    worse, better = _WORSE.get(
        benchmark.unit, ("higher", "lower") if benchmark.lower_is_better else ("lower", "higher")
    )
    word = worse if got_worse else better
    if absolute or not 0 < ratio < math.inf:
        return f"{value_in_words(abs(difference), benchmark.unit)} {word}"
    if ratio >= 3:
        return f"{ratio:.1f} times as much"
    points = abs(ratio - 1) * 100
    return f"{points:.0f} % {word}" if points >= 10 else f"{points:.2g} % {word}"


def three_digits(value: float) -> str:
    """`value` with three significant digits, without an exponent where people would not write one."""
    if value == 0:
        return "0"
    # Rounded first: 0.9997 has to come out as 1.00 and not as 1.000.
    size = abs(float(f"{value:.2e}"))
    if 1e-4 <= size < 1e6:
        digits = max(0, 2 - math.floor(math.log10(size)))
        return f"{value:,.{digits}f}"
    return f"{value:.3g}"


def _scaled(value: float, scales: tuple[tuple[float, str], ...]) -> str:
    if value == 0:
        return f"0 {scales[-1][1] if scales is _BYTES else scales[0][1]}"
    for size, name in scales:
        # 999.7 µs must read 1.00 ms, not 1,000 µs.
        if abs(value) >= size * 0.9995:
            return f"{three_digits(value / size)} {name}"
    return f"{three_digits(value / scales[-1][0])} {scales[-1][1]}"
