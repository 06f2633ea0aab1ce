"""What no detector can exceed: the share of steps found by the most powerful tests, which know what none can know.

    python studies/step_bound.py [--trials 20000]

Thirty points, a step of 10 % in 5 % noise, two in a hundred series without a step called false. First max t, which
knows nothing; then the same with the noise known. Then the most powerful test of those that do not know the noise,
given the size of the step in units of it and the range it lies in (the average likelihood ratio; Neyman and Pearson).
The last must also keep to 2 % where each point resembles the one before by 0.5, and is not told which kind of noise it
has before it: the mixture of both is the one hardest for it (a least favourable distribution, found by bisection).
"""

import argparse

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from retrospeed.watch.max_t import split_t

Floats = npt.NDArray[np.float64]
POINTS, LEVEL, CORRELATION = 30, 0.02, 0.5
SIZE = np.log1p(0.10) / 0.05
NOISES = np.exp(np.linspace(-0.8, 0.8, 21))
"""Standard deviations, that of the noise being one."""
PLACES = {
    "in the middle third": (10, 20),
    "5 points or more on either side": (5, 25),
    "2 or more": (2, 28),
    "5 after": (25, 25),
}


def covariance(correlation: float) -> Floats:
    """Of stationary autoregressive noise of order one and unit variance."""
    index = np.arange(POINTS)
    return np.asarray(correlation ** np.abs(index[:, None] - index[None]) if correlation else np.eye(POINTS))


def log_likelihoods(values: Floats, correlation: float) -> Floats:
    """Of each row at each possible noise, level unknown: that of its contrasts. Shape (noises, rows)."""
    inverse = np.linalg.inv(covariance(correlation))
    ones = inverse.sum(axis=1)
    square = np.einsum("ij,jk,ik->i", values, inverse, values) - (values @ ones) ** 2 / ones.sum()
    constant = np.linalg.slogdet(covariance(correlation))[1] + np.log(ones.sum())
    return np.asarray(-0.5 * (constant + square / NOISES[:, None] ** 2) - (POINTS - 1) * np.log(NOISES[:, None]))


def over_noises(logs: Floats) -> Floats:
    """The average over all noises, of which none is favoured."""
    return np.asarray(np.logaddexp.reduce(logs, axis=0))


def log_ratios(values: Floats, first: int, last: int) -> Floats:
    """Log of the likelihood of a step somewhere from `first` to `last`, up or down, over none, at each noise."""
    left = np.arange(first, last + 1)
    sums = np.cumsum(values - values.mean(axis=1, keepdims=True), axis=1)[:, left - 1]
    weight = SIZE**2 * left * (POINTS - left) / POINTS / 2
    both = [np.concatenate([-SIZE * sums / s - weight, SIZE * sums / s - weight], axis=1) for s in NOISES]
    return np.array([np.logaddexp.reduce(one, axis=1) for one in both])


def known_noise(values: Floats) -> Floats:
    """The largest standardised difference over all splits."""
    left = np.arange(2, POINTS - 1)
    sums = np.cumsum(values - values.mean(axis=1, keepdims=True), axis=1)[:, left - 1]
    return np.asarray((np.abs(sums) / np.sqrt(left * (POINTS - left) / POINTS)).max(axis=1))


def powers(steps: Floats, independent: Floats, correlated: Floats, first: int, last: int) -> tuple[float, float]:
    """The power of the best test, and of the one that keeps to the level over both kinds of noise."""
    logs = []
    for values in (steps, independent, correlated):
        plain = log_likelihoods(values, 0.0)
        with_step = over_noises(plain + log_ratios(values, first, last))
        logs.append((with_step, over_noises(plain), over_noises(log_likelihoods(values, CORRELATION))))

    def judged(share: float) -> list[Floats]:
        with np.errstate(divide="ignore"):
            weights = np.log1p(-share), np.log(share)
        return [s - np.logaddexp(weights[0] + plain, weights[1] + other) for s, plain, other in logs]

    plainly = judged(0.0)
    best = float(np.mean(plainly[0] > np.quantile(plainly[1], 1 - LEVEL)))
    low, high = 0.0, 1.0
    for _ in range(14):
        share = (low + high) / 2
        _, plain, other = judged(share)
        # The more the mixture has of the correlated noise, the less often the test is wrong there.
        low, high = (share, high) if np.mean(other > np.quantile(plain, 1 - LEVEL)) > LEVEL else (low, share)
    found, plain, other = judged(high)
    return best, float(np.mean(found > max(np.quantile(noise, 1 - LEVEL) for noise in (plain, other))))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20_000)
    trials = parser.parse_args().trials
    rng = np.random.default_rng(3)
    independent = rng.normal(size=(trials, POINTS))
    correlated = rng.normal(size=(trials, POINTS)) @ np.linalg.cholesky(covariance(CORRELATION)).T
    table = Table("step", "max t", "max t, noise known", "best test", "best that is safe against correlation 0.5")
    for name, (first, last) in PLACES.items():
        at = rng.integers(first, last + 1, trials)
        steps = rng.normal(size=(trials, POINTS)) + SIZE * (np.arange(POINTS) >= at[:, None])
        cells = []
        for statistic in (lambda values: split_t(values).max(axis=1), known_noise):
            limit = np.quantile(statistic(independent), 1 - LEVEL)
            cells.append(float(np.mean(statistic(steps) > limit)))
        cells += powers(steps, independent, correlated, first, last)
        table.add_row(name, *(f"{share:.1%}" for share in cells))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
