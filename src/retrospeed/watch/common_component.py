"""What the machine did to every series at once: estimated per commit, and taken out of series of absolute times.

On a shared machine two thirds of unchanged series look changed, because all of them move with its speed. Median polish
(Tukey, Exploratory Data Analysis, 1977) splits log times into a level a series, a component a commit, and the rest; a
series follows the component as strongly as its differences from commit to commit did. Only a minority may have changed
at a commit for the median to ignore them: a commit that slows most of the suite looks like a slower machine, and is
reported as a common step. Ratios to a reference commit do not need any of this.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrospeed.watch.outliers import lone_outliers
from retrospeed.watch.series import Series

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_SERIES = 8
"""Series with a point at a commit below which a median over them says little."""
_ROUNDS = 4
_LARGEST_SHARE = 1.5
_CLEARLY = 4.0
UNITS = ("seconds",)
"""Only times move with the machine: bytes and losses do not."""


@dataclass(frozen=True)
class Component:
    """The component of one environment."""

    environment: str
    positions: Ints
    log_factor: Floats
    """Log of the factor by which everything took longer at each position than it does usually."""
    series: int
    """How many series it is made of."""

    @property
    def as_values(self) -> Floats:
        """The factors."""
        found: Floats = np.exp(self.log_factor)
        return found


def estimate(series: Sequence[Series]) -> list[Component]:
    """The components of all environments that have series enough."""
    groups: dict[str, list[Series]] = defaultdict(list)
    for one in series:
        if eligible(one):
            groups[one.environment].append(one)
    found = []
    for environment, group in sorted(groups.items()):
        component = _component(environment, group)
        if component is not None:
            found.append(component)
    return found


def eligible(series: Series) -> bool:
    """Whether a series is a time that moves with the machine."""
    return (
        not series.is_ratio
        and not series.benchmark.deterministic
        and series.benchmark.unit in UNITS
        and len(series) > 0
        and bool((series.values > 0).all())
    )


def without(series: Series, component: Component) -> Series:
    """The series with the component taken out, as far as it follows it."""
    factor = np.zeros(len(series))
    where = np.searchsorted(component.positions, series.positions)
    where = np.minimum(where, len(component.positions) - 1)
    shared = component.positions[where] == series.positions
    factor[shared] = component.log_factor[where[shared]]
    logs = np.log(series.values)
    share = _share(logs, factor)
    return series.with_values(np.exp(logs - share * factor)) if share > 0 else series


def _share(logs: Floats, factor: Floats) -> float:
    """How strongly the series follows the component: by least squares over differences, the wildest left out."""
    moved, caused = np.diff(logs), np.diff(factor)
    if len(moved) < 8 or not caused.any():
        return 0.0
    rest = np.abs(moved - caused)
    kept = rest <= np.quantile(rest, 0.9)
    moved, caused = moved[kept], caused[kept]
    power = float(caused @ caused)
    if power == 0:
        return 0.0
    share = float(caused @ moved) / power
    error = float(np.sqrt(np.mean((moved - share * caused) ** 2) / power))
    # One, as for most, unless the series clearly says otherwise: a share a little wrong leaves a drift of its own.
    return float(np.clip(share, 0.0, _LARGEST_SHARE)) if abs(share - 1) > _CLEARLY * error else 1.0


def _component(environment: str, group: list[Series]) -> Component | None:
    if len(group) < FEWEST_SERIES:
        return None
    positions = np.unique(np.concatenate([one.positions for one in group]))
    table = np.full((len(group), len(positions)), np.nan)
    for row, one in enumerate(group):
        logs = np.log(one.values)
        where = np.searchsorted(positions, one.positions)
        table[row, where] = np.where(lone_outliers(logs), np.nan, logs)
    enough = np.isfinite(table).sum(axis=0) >= FEWEST_SERIES
    if enough.sum() < 2:
        return None
    table, positions = table[:, enough], positions[enough]
    table = table[np.isfinite(table).any(axis=1)]
    return Component(environment, positions, _polished(table), len(group))


def _polished(table: Floats) -> Floats:
    """The component of each column of logs, with zero median."""
    component = np.zeros(table.shape[1])
    for _ in range(_ROUNDS):
        rest = table - component
        rest -= np.nanmedian(rest, axis=1, keepdims=True)
        component = component + np.nanmedian(rest, axis=0)
    centred: Floats = component - np.median(component)
    return centred
