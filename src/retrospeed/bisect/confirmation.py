"""Whether fresh pairs of the suspect and its parent show the change, before the suspect is named.

Two conditions, both on pairs taken only after the suspicion: the odds for a change in the direction that was seen, of a
quarter to one and a half of its size, against no change; and an interval that excludes zero whatever the noise is
distributed like.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import logsumexp

from retrospeed.bisect.posterior import Posterior, noise_log_density
from retrospeed.gate import signed_rank

ODDS = 1000.0
FEWEST, MOST = 6, 30
"""Fresh pairs; with fewer than six there is no interval of 95 % that excludes zero."""
EXACT_PAIRS = 2
_SIZES = np.linspace(0.25, 1.5, 11)


class Confirmation(StrEnum):
    """What fresh pairs say."""

    CONFIRMED = "confirmed"
    OPEN = "open"
    FAILED = "failed"


@dataclass(frozen=True)
class Estimate:
    """The change between two commits, as the fresh pairs show it."""

    effect: float
    low: float
    high: float
    pairs: int
    exact: bool = False


def confirmation(fresh: Sequence[float], belief: Posterior, *, exact: bool) -> Confirmation:
    """Judge the effects of the fresh pairs."""
    if exact:
        if len(fresh) < EXACT_PAIRS:
            return Confirmation.OPEN
        shown = len(set(fresh)) == 1 and fresh[0] * belief.change > 0
        return Confirmation.CONFIRMED if shown else Confirmation.FAILED
    if len(fresh) < FEWEST:
        return Confirmation.OPEN
    low, high = signed_rank.interval(fresh)
    excludes_zero = low > 0 if belief.change > 0 else high < 0
    if excludes_zero and _log_odds(fresh, belief) >= math.log(ODDS):
        return Confirmation.CONFIRMED
    return Confirmation.OPEN if len(fresh) < MOST else Confirmation.FAILED


def estimate(fresh: Sequence[float], *, exact: bool) -> Estimate:
    """The Hodges-Lehmann estimate and its 95 % interval."""
    if exact:
        return Estimate(fresh[0], fresh[0], fresh[0], len(fresh), exact=True)
    return Estimate(signed_rank.pseudo_median(fresh), *signed_rank.interval(fresh), len(fresh))


def _log_odds(fresh: Sequence[float], belief: Posterior) -> float:
    effects = np.array(fresh)[:, None, None]
    log_scales = np.log(np.maximum(belief.scale_weights, 1e-300))
    changed = noise_log_density(effects - (belief.change * _SIZES)[None, :, None], belief.scales).sum(axis=0)
    still = noise_log_density(effects, belief.scales).sum(axis=0)
    return float(logsumexp(changed + log_scales) - math.log(len(_SIZES)) - logsumexp(still + log_scales))
