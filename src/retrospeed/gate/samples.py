"""What measuring gives: pairs of samples, kept whole, so that every verdict can be computed again from them."""

import msgspec


class Pair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one pair of fresh processes, one a commit, gave: the sampling unit."""

    hash_seed: int
    """PYTHONHASHSEED of both processes."""
    base: tuple[float, ...]
    """A sample an iteration, in the benchmark's unit; times are seconds a call, without those of `waited`."""
    head: tuple[float, ...]
    base_cpu: tuple[float, ...] | None = None
    """Seconds of CPU time a call, beside the samples above."""
    head_cpu: tuple[float, ...] | None = None
    number: int = 1
    """Calls that an iteration is made of."""
    in_turns: bool = False
    """Whether the iterations of BASE and HEAD belong together in order: taken in turns, on one CPU at a time, and
    without what others took of it."""
    waited: tuple[float, float] = (0.0, 0.0)
    """Seconds for which the iterations of BASE, and of HEAD, waited for a CPU that another process had."""
    seconds: float = 0.0
    """What the pair cost, its processes' start and setup included."""
    overhead: float = 0.0
    """The part of it that went into imports and setup."""
    setup: float = 0.0
    """The part of that which is the suite's own: importing the benchmark and setting it up."""


class Rhythm(msgspec.Struct, frozen=True):
    """How a benchmark is sampled, the same in every pair: calls an iteration, iterations a process."""

    number: int
    iterations: int
