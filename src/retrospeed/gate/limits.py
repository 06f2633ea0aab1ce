"""The thresholds of the gate: its own defaults, and the repository's ``thresholds.toml`` over them."""

from importlib import resources
from pathlib import Path

from retrospeed import thresholds
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ThresholdsError
from retrospeed.thresholds import Limits, ThresholdsInUse

DEFAULTS = "built in, for alternated measurements"


def load(path: Path | None, benchmark_dir: Path) -> ThresholdsInUse:
    """The rules of the file at `path`, else of ``thresholds.toml`` beside the benchmarks, over the gate's defaults.

    Raises ThresholdsError, as `retrospeed.thresholds.load`.
    """
    text = resources.files("retrospeed.gate").joinpath("default_thresholds.toml").read_bytes()
    rules = thresholds.decode(text, "default_thresholds.toml")
    file = path or benchmark_dir / thresholds.FILE_NAME
    if path is None and not file.is_file():
        return ThresholdsInUse(DEFAULTS, rules)
    if not file.is_file():
        raise ThresholdsError(f"There is no thresholds file at {path}.")
    own = thresholds.decode(file.read_bytes(), str(file))
    return ThresholdsInUse(file.name, thresholds.merged(rules, own))


def for_reference() -> Limits:
    """The limits of the self-test: the defaults for times, whatever the repository says of its own benchmarks."""
    text = resources.files("retrospeed.gate").joinpath("default_thresholds.toml").read_bytes()
    rules = thresholds.decode(text, "default_thresholds.toml")
    return rules.limits(Benchmark(name="reference", type="time", unit="seconds"))
