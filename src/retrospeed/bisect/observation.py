"""What the search knows: one effect for each pair of commits measured side by side."""

import msgspec


class Observation(msgspec.Struct, frozen=True):
    """One pair of fresh processes. Commits are places in the range: 0 is GOOD, the last is BAD."""

    low: int
    high: int
    """The commit that was compared with the one at `low`, which comes before it or is the same."""
    effect: float
    """Log ratio high / low, or a difference in the benchmark's unit, turned so that greater is worse."""
    confirms: bool = False
    """Whether it was taken to confirm a suspect, and not to find it."""

    @property
    def place(self) -> tuple[int, int]:
        """Both commits."""
        return self.low, self.high


class Probe(msgspec.Struct, frozen=True):
    """A measurement that is wanted."""

    low: int
    high: int
    confirms: bool = False
