"""Labels of topics: the keywords that set one apart from the others, by class-based tf-idf (Grootendorst, 2022)."""

import math
from collections import Counter
from collections.abc import Sequence

KEYWORDS = 8
IN_LABEL = 3


def distinctive(classes: Sequence[Counter[str]], count: int = KEYWORDS) -> list[tuple[str, ...]]:
    """For each class of counted words its most distinctive ones, best first.

    A word weighs tf * ln(1 + A / f), with tf its share of the class, f its count in all classes together and A the
    mean number of words of a class. Ties go by the alphabet.
    """
    everywhere: Counter[str] = Counter()
    for words in classes:
        everywhere.update(words)
    mean = everywhere.total() / max(1, len(classes))
    return [
        tuple(sorted(words, key=lambda word: (-words[word] * math.log1p(mean / everywhere[word]), word))[:count])
        for words in classes
    ]
