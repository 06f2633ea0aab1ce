"""Which commit to measure next: the one that promises most information about which commit it was.

What a pair (GOOD, k) shows depends only on whether the change comes at k or before, so its expected information is
that of a noisy answer to one question with the probability of "yes" given by the posterior. This is the choice of
MacKay 1992 (doi 10.1162/neco.1992.4.4.590); for a noisy binary search it is close to optimal (Jedynak, Frazier &
Sznitman 2012, doi 10.1239/jap/1331216837).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from retrospeed.bisect.posterior import Floats, Posterior

NEARLY = 0.7
"""Probes that promise at least this share of the most that any does count as equally good; the cheaper one is taken."""
PAIRS_A_BUILD = 4.0
"""How many pairs a commit is usually measured with, which share the cost of building it."""


@dataclass(frozen=True)
class Costs:
    """What measuring costs, in seconds, as far as is known."""

    pair: float = 1.0
    build: float = 5.0
    built: Collection[int] = field(default_factory=frozenset)
    """Places of the commits that are built already."""

    def of(self, place: int) -> float:
        """One pair with the commit at `place`."""
        return self.pair + (0.0 if place in self.built else self.build / PAIRS_A_BUILD)


def best_place(belief: Posterior, measurable: Collection[int], costs: Costs) -> int:
    """The place of the commit to compare with GOOD next; `measurable` holds those that can be, in order."""
    places = list(measurable)
    yes = np.cumsum(belief.commits)[places]
    promised = np.interp(yes, *_information(round(min(abs(belief.change) / belief.noise, 12.0), 1)))
    enough = promised >= NEARLY * promised.max()
    rates = [
        gain / costs.of(place) if good else 0.0 for place, gain, good in zip(places, promised, enough, strict=True)
    ]
    return places[int(np.argmax(rates))]


@lru_cache(maxsize=256)
def _information(distance: float) -> tuple[Floats, Floats]:
    """Probabilities of "yes", and the bits one answer gives if the two answers are `distance` noises apart."""
    yes = np.linspace(0.0, 1.0, 201)
    shown = np.linspace(-5.0, distance + 5.0, 400)
    density = np.exp(-(shown**2) / 2) / np.sqrt(2 * np.pi)
    moved = np.exp(-((shown - distance) ** 2) / 2) / np.sqrt(2 * np.pi)
    mixed = np.outer(1 - yes, density) + np.outer(yes, moved)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(mixed > 0, mixed * np.log2(mixed), 0.0).sum(axis=1)
    step = shown[1] - shown[0]
    # What the noise alone would show is known; what is left tells yes from no.
    return yes, np.maximum(entropy * step - entropy[0] * step, 0.0)
