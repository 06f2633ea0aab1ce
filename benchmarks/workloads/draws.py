"""Seeded choices, the same on every machine and numpy: only `Generator.random` is used, never a distribution."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_BLOCK = 4096


class Draws:
    """A stream of choices that `seed` fixes."""

    def __init__(self, seed: int) -> None:
        import numpy as np

        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._block: list[float] = []

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._generator.random(_BLOCK).tolist()[::-1]
        return self._block.pop()

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + int(self.unit() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self.unit() * len(items))]

    def take(self, items: list[T]) -> T:
        """One of the items, removed from the list."""
        return items.pop(int(self.unit() * len(items)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        rest = list(items)
        return [self.take(rest) for _ in range(len(rest))]
