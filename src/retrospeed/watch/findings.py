"""Finds the changes of one series: the outlier filter, the steps, and the drifts, on the scale that fits its unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from retrospeed.thresholds import Limits
from retrospeed.watch.autocorrelation import further, lag_1, pooled
from retrospeed.watch.change import Change, Kind
from retrospeed.watch.drift import Ramp, ramp_instead, slow_drift
from retrospeed.watch.outliers import lone_outliers
from retrospeed.watch.segmentation import Split, exact_steps, segment
from retrospeed.watch.series import Series

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CANDIDATE = 0.02
"""Probability, a series, of a step where there is none; what the whole suite allows is decided over all of them."""
FEWEST_POINTS = 6
_SAME_SHARE = 0.8
"""A series that repeats its value exactly so often has no noise."""


@dataclass(frozen=True)
class Prepared:
    """The points of a series that are looked at, on the scale that they are looked at on."""

    series: Series
    positions: Ints
    scaled: Floats
    is_log: bool
    is_exact: bool
    wild: tuple[float, ...] = ()
    """How far the lone outliers, which are not among them, lie from the median of the rest."""


def prepare(series: Series, limits: Limits) -> Prepared:
    """Choose the scale, logs unless only differences count or a value is not above zero, and drop lone outliers."""
    is_log = limits.warning_relative > 0 and bool((series.values > 0).all())
    scaled = np.log(series.values) if is_log else series.values
    is_exact = len(series) > 1 and (limits.single_value_noise == 0.0 or _repeats(series.values))
    kept = np.ones(len(series), dtype=bool) if is_exact else ~lone_outliers(scaled)
    wild = np.abs(scaled[~kept] - np.median(scaled[kept])).tolist() if not kept.all() else []
    return Prepared(series, series.positions[kept], scaled[kept], is_log, is_exact, tuple(wild))


@dataclass(frozen=True)
class FirstLook:
    """A series with the steps that it would have if its points were independent."""

    points: Prepared
    splits: list[Split]
    level: float

    @property
    def correlation(self) -> float:
        """How much each point resembles the one before, apart from the steps."""
        return lag_1(self.residuals, len(self.splits))

    @property
    def residuals(self) -> Floats:
        """The points without the steps."""
        parts = np.split(self.points.scaled, [split.at for split in self.splits])
        return np.concatenate([part - part.mean() for part in parts])

    def again(self, correlation: float) -> "FirstLook":
        """The same with the steps that are left where each point resembles the one before by `correlation`."""
        if self.points.is_exact or not self.splits or correlation <= 0:
            return self
        return replace(self, splits=segment(self.points.scaled, self.level, correlation))

    @property
    def is_noisy(self) -> bool:
        """Whether chance has a part in it, and there are points enough to find a step."""
        return not self.points.is_exact and len(self.points.scaled) >= FEWEST_POINTS


def changes(series: Series, limits: Limits, level: float = CANDIDATE) -> list[Change]:
    """The changes of a series looked at alone, oldest first; none if it has too few points."""
    look = first_look(series, limits, level)
    if not look.is_noisy:
        return changes_of(look, 0.0)
    return changes_of(look, float(pooled([look.correlation], [len(look.points.scaled)])[0]))


def first_look(series: Series, limits: Limits, level: float = CANDIDATE) -> FirstLook:
    """The steps with a probability below `level`, taking the points for independent."""
    points = prepare(series, limits)
    if points.is_exact:
        return FirstLook(points, exact_steps(points.scaled), level)
    return FirstLook(points, segment(points.scaled, level) if len(points.scaled) >= FEWEST_POINTS else [], level)


def changes_of(look: FirstLook, correlation: float) -> list[Change]:
    """The changes, oldest first, where each point resembles the one before by `correlation`."""
    points, splits = look.points, look.splits
    if points.is_exact:
        return _of_steps(points, splits, 1.0)
    if not look.is_noisy:
        return []
    if splits and correlation > 0:
        correlation = further(look.residuals, correlation)
        splits = segment(points.scaled, look.level, correlation)
    factor = float(np.sqrt((1 + correlation) / (1 - correlation)))
    steps = dict(zip(splits, _of_steps(points, splits, factor), strict=True))
    found = [
        _drift(points, part) if isinstance(part, Ramp) else steps[part] for part in _with_ramps(points.scaled, splits)
    ]
    start = splits[-1].at if splits else 0
    slow = slow_drift(points.scaled[start:], points.positions[start:], factor)
    if slow is not None and not any(change.kind is Kind.DRIFT for change in found):
        end = len(points.scaled) - 1
        found.append(_drift(points, replace(slow, start=end - slow.end, end=end)))
    return found


def _repeats(values: Floats) -> bool:
    return len(values) >= FEWEST_POINTS and float(np.mean(values[1:] == values[:-1])) >= _SAME_SHARE


def _with_ramps(values: Floats, splits: list[Split]) -> list[Split | Ramp]:
    """The splits, with each run in one direction that a ramp explains better replaced by it."""
    edges = [0, *(split.at for split in splits), len(values)]
    means = [float(values[a:b].mean()) for a, b in pairwise(edges)]
    rises = [means[index + 1] > means[index] for index in range(len(splits))]
    found: list[Split | Ramp] = []
    for _, run in groupby(range(len(splits)), key=lambda index: rises[index]):
        indexes = list(run)
        start, end = edges[indexes[0]], edges[indexes[-1] + 2]
        ramp = ramp_instead(values[start:end], [splits[index].at - start for index in indexes])
        if ramp is None:
            found += [splits[index] for index in indexes]
        else:
            p = min(splits[index].p for index in indexes)
            found.append(Ramp(start + ramp.start, start + ramp.end, ramp.total, p))
    return found


def _around(points: Prepared, split: Split) -> tuple[int, int]:
    return int(points.positions[split.at - 1]), int(points.positions[split.at])


def _of_steps(points: Prepared, splits: Sequence[Split], factor: float) -> list[Change]:
    values, positions = points.scaled, points.positions
    parts = np.split(values, [split.at for split in splits])
    centres = [float(part.mean()) for part in parts]
    freedom = len(values) - len(parts)
    rest = sum(float(np.sum((part - centre) ** 2)) for part, centre in zip(parts, centres, strict=True))
    sigma = 0.0 if points.is_exact or freedom < 1 else float(np.sqrt(rest / freedom))
    quantile = float(stdtrit(max(freedom, 1), 0.975))
    found = []
    for index, split in enumerate(splits):
        size = centres[index + 1] - centres[index]
        counts = len(parts[index]), len(parts[index + 1])
        margin = quantile * factor * sigma * np.sqrt(1 / counts[0] + 1 / counts[1])
        found.append(
            Change(
                series=points.series,
                kind=Kind.STEP,
                good=int(positions[split.first - 1]),
                bad=int(positions[split.last]),
                likeliest=_around(points, split),
                before=_unscaled(points, centres[index]),
                after=_unscaled(points, centres[index + 1]),
                low=size - margin,
                high=size + margin,
                is_log=points.is_log,
                p=split.p,
                points=min(counts),
                exact=points.is_exact,
                now=_unscaled(points, centres[-1]),
            )
        )
    return found


def _drift(points: Prepared, ramp: Ramp) -> Change:
    values, positions = points.scaled, points.positions
    fitted = ramp.total
    middle = float(np.median(values[ramp.start : ramp.end + 1]))
    # Noise by differences of neighbours; a line's ends over its noise are sqrt(8 / n) uncertain, nearly.
    noise = float(np.median(np.abs(np.diff(values)))) * 1.4826 / np.sqrt(2)
    margin = 2 * noise * np.sqrt(8 / max(ramp.end - ramp.start, 1))
    return Change(
        series=points.series,
        kind=Kind.DRIFT,
        good=int(positions[ramp.start]),
        bad=int(positions[ramp.end]),
        likeliest=(int(positions[ramp.start]), int(positions[ramp.end])),
        before=_unscaled(points, middle - fitted / 2),
        after=_unscaled(points, middle + fitted / 2),
        low=fitted - margin,
        high=fitted + margin,
        is_log=points.is_log,
        p=ramp.p,
        points=ramp.end - ramp.start + 1,
        now=_unscaled(points, float(np.median(values[-5:]))),
    )


def _unscaled(points: Prepared, value: float) -> float:
    return float(np.exp(value)) if points.is_log else value
