"""How probable it is, given the measurements, that each commit is the one that changed the benchmark, or that none is.

The model: one commit c changes the benchmark by an effect d and the rest do nothing, or none does. A pair of commits
(low, high) then shows d if low < c <= high, else 0, with noise of scale s around it. The noise is Student's t with few
degrees of freedom, so that a wild pair counts for little (Lange, Little & Taylor 1989, doi 10.2307/2290063). Neither d
nor s is known: both are integrated out over a grid, s with a flat prior on its logarithm, d with a Cauchy prior
(Jeffreys 1961, section 5.2), which asks for evidence before it believes in a change at all.

Commits between the same two measured ones have the same likelihood, so the cost does not depend on how many there are.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from retrospeed.bisect.observation import Observation

Floats = NDArray[np.float64]

DEGREES = 4.0
"""Degrees of freedom of the noise; 4 keeps 95 % of the efficiency where the noise is normal."""
PRIOR_NONE = 0.5
USUAL_CHANGE = 0.1
"""Scale of the prior of a change, in log ratio: half of all changes are expected to be smaller."""
USUAL_NOISES = 3.0
"""The same in multiples of the noise, where that is more."""
EXACT_NOISE = 0.05
"""Noise of a deterministic number, as a share of its change: one pair settles what it can."""
QUIETEST = 1e-4
_CHANGES, _SCALES = 61, 15


@dataclass(frozen=True)
class Prior:
    """What is believed before anything is measured."""

    weights: tuple[float, ...]
    """Of the commits after GOOD, in order; only their proportions count."""
    signs: tuple[int, ...] = (1, -1)
    """Directions of change that count: 1 for worse, -1 for better."""
    unit: float = 1.0
    """What an effect of 1 means: 1 for log ratios, for differences the benchmark's value at GOOD."""

    @property
    def last(self) -> int:
        """The place of BAD."""
        return len(self.weights)


@dataclass(frozen=True)
class Posterior:
    """What is believed afterwards."""

    commits: Floats
    """Probability of the commit at each place; 0 at place 0, which is GOOD."""
    none: float
    change: float
    """Mean effect of the change, if there is one."""
    noise: float
    """Mean scale of the noise of a pair."""
    scales: Floats
    """The grid of scales,"""
    scale_weights: Floats
    """and the probability of each."""

    def after(self, place: int) -> float:
        """The probability that the change is in the commits after this place."""
        return float(self.commits[place + 1 :].sum())

    def within(self, low: int, high: int) -> float:
        """The probability that the change is in the commits low + 1 to high."""
        return float(self.commits[low + 1 : high + 1].sum())


def posterior(prior: Prior, observations: Sequence[Observation], *, exact: bool = False) -> Posterior:
    """The posterior after `observations`, which include pairs of GOOD with BAD.

    `exact` is for numbers that came out the same from every process of a commit.
    """
    changes, change_weights, scales = _grid(prior, observations, exact=exact)
    effects = np.array([o.effect for o in observations])
    # Axes: observation, change, scale.
    still = noise_log_density(effects[:, None, None], scales)
    moved = noise_log_density(effects[:, None, None] - changes[None, :, None], scales)
    without = still.sum(axis=0)
    edges = sorted({0, prior.last} | {o.low for o in observations} | {o.high for o in observations})
    segments = list(itertools.pairwise(edges))
    shows = np.array([[o.low < high and o.high >= high for o in observations] for _, high in segments], dtype=float)
    with_change = without + np.tensordot(shows, moved - still, axes=1)
    weights = np.array((0.0, *prior.weights))
    mass = np.array([weights[low + 1 : high + 1].sum() for low, high in segments])
    log_change = np.log(change_weights)[:, None]
    log_mass = math.log1p(-PRIOR_NONE) + np.log(mass / weights.sum())
    joint = with_change + log_change + log_mass[:, None, None] - math.log(len(scales))
    none = without + (math.log(PRIOR_NONE) - math.log(len(scales)))
    total = logsumexp([logsumexp(joint), logsumexp(none)])
    shares = np.exp(joint - total)
    commits = np.zeros(prior.last + 1)
    for (low, high), share, whole in zip(segments, shares.sum(axis=(1, 2)), mass, strict=True):
        commits[low + 1 : high + 1] = weights[low + 1 : high + 1] * (share / whole)
    by_change = shares.sum(axis=(0, 2))
    none_by_scale = np.exp(none - total).sum(axis=0)
    by_scale = shares.sum(axis=(0, 1)) + none_by_scale
    return Posterior(
        commits=commits,
        none=float(none_by_scale.sum()),
        change=float((by_change * changes).sum() / by_change.sum()) if by_change.sum() > 0 else 0.0,
        noise=float((by_scale * scales).sum()),
        scales=scales,
        scale_weights=by_scale,
    )


def noise_log_density(residuals: Floats, scales: Floats) -> Floats:
    """Log density of Student's t of `DEGREES` degrees of freedom with these scales."""
    constant = gammaln((DEGREES + 1) / 2) - gammaln(DEGREES / 2) - 0.5 * math.log(DEGREES * math.pi)
    density: Floats = constant - np.log(scales) - (DEGREES + 1) / 2 * np.log1p((residuals / scales) ** 2 / DEGREES)
    return density


def rough_noise(observations: Sequence[Observation], last: int) -> float:
    """A robust scale of the noise: from pairs of GOOD with itself, and of GOOD with BAD around their median."""
    same = [o.effect for o in observations if o.low == o.high]
    ends = [o.effect for o in observations if o.place == (0, last) and not o.confirms]
    centre = float(np.median(ends)) if ends else 0.0
    residuals = [abs(effect) for effect in same] + [abs(effect - centre) for effect in ends]
    return 1.4826 * float(np.median(residuals)) if residuals else 0.0


def _grid(prior: Prior, observations: Sequence[Observation], *, exact: bool) -> tuple[Floats, Floats, Floats]:
    """Changes, their prior probabilities, and scales of noise: around what the two ends show."""
    ends = [o.effect for o in observations if o.place == (0, prior.last)]
    centre = float(np.median(ends))
    if exact:
        return np.array([centre]), np.array([1.0]), np.array([max(abs(centre) * EXACT_NOISE, QUIETEST * prior.unit)])
    noise = max(rough_noise(observations, prior.last), QUIETEST * prior.unit)
    scales = noise * np.geomspace(1 / 6, 6, _SCALES)
    reach = noise * max(10 / math.sqrt(len(ends)), 1.5)
    changes = np.linspace(centre - reach, centre + reach, _CHANGES)
    spread = max(USUAL_CHANGE * prior.unit, USUAL_NOISES * noise)
    density = 1 / (math.pi * spread * (1 + (changes / spread) ** 2))
    wanted = np.isin(np.sign(changes), prior.signs)
    # A change in a direction that was not asked for is as improbable as the arithmetic can bear.
    weights = np.where(wanted, density * (changes[1] - changes[0]) * (2 / len(prior.signs)), 1e-300)
    return changes, weights, scales
