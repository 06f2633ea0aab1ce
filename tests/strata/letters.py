"""A real, small embedding for tests that need no model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class LetterCounts:
    """How often each letter of the alphabet comes, as a unit vector."""

    alphabet = "abcdefgh"

    def __init__(self, space: str = "letters") -> None:
        self.space = space
        self.dimensions = len(self.alphabet)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[text.count(letter) for letter in self.alphabet] for text in texts], np.float32) + 1e-3
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


class WholeAlphabet(LetterCounts):
    """As LetterCounts, over a to z."""

    alphabet = "abcdefghijklmnopqrstuvwxyz"
