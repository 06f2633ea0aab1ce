"""How often `retrospeed compare` is wrong: false alarms on identical code, and real slowdowns found, by noise.

    python studies/verdict_errors.py

Samples are drawn, not measured: log-normal noise, with and without one slow outlier in twenty. Real samples of one run
are less independent than these, so the false alarms of a noisy machine are more; see docs/verdicts.md.
"""

import argparse

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from retrospeed.comparison import Class
from retrospeed.effect import estimate
from retrospeed.judge import classify
from retrospeed.measurement import Measurement
from retrospeed.thresholds import Limits

LIMITS = Limits(0.05, 1e-4, 0.20, 1e-4, None)
MEDIAN = 0.010
SLOWDOWNS = (1.0, 1.1, 1.3, 1.5)
CLASSES = (Class.SEVERE, Class.WARNING, Class.INCONCLUSIVE)


def drawn(rng: np.random.Generator, median: float, noise: float, count: int, outliers: bool) -> npt.NDArray[np.float64]:
    """`count` samples in seconds."""
    samples = median * np.exp(rng.normal(0, noise, count))
    return np.where(rng.random(count) < 0.05, samples * 1.5, samples) if outliers else samples


def measurement(samples: npt.NDArray[np.float64]) -> Measurement:
    """The samples as a result file would hold them; the stored interval is not looked at where there are samples."""
    kept = tuple(samples.tolist())
    return Measurement(value=float(np.median(samples)), interval=(min(kept), max(kept)), repeat=len(kept), samples=kept)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10, help="samples a side (default: 10, what asv takes)")
    parser.add_argument("--trials", type=int, default=2000)
    arguments = parser.parse_args()
    table = Table(title=f"percent of {arguments.trials} comparisons, {arguments.samples} samples a side")
    for heading in ("noise", "outliers", "true ratio", *CLASSES):
        table.add_column(heading, justify="right")
    rng = np.random.default_rng(0)
    for outliers in (False, True):
        for noise in (0.01, 0.03, 0.05, 0.10):
            for slowdown in SLOWDOWNS:
                found = [
                    classify(
                        estimate(
                            measurement(drawn(rng, MEDIAN, noise, arguments.samples, outliers)),
                            measurement(drawn(rng, MEDIAN * slowdown, noise, arguments.samples, outliers)),
                            None,
                        ),
                        LIMITS,
                    )
                    for _ in range(arguments.trials)
                ]
                shares = [f"{100 * found.count(name) / len(found):.1f}" for name in CLASSES]
                table.add_row(f"{noise:.0%}", "5 %" if outliers else "none", f"{slowdown:.1f}", *shares)
    Console().print(table)


if __name__ == "__main__":
    main()
