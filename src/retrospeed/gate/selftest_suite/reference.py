"""A reference benchmark: dictionary look-ups and float additions, as in scoring, a few milliseconds of them."""

import os

UNITS = int(os.environ.get("RETROSPEED_SELF_TEST_UNITS", "200"))
WEIGHTS = {f"term{number}": 1.0 / (1 + number) for number in range(100)}


def time_reference() -> None:
    """Cost in proportion to the units asked for."""
    for _ in range(UNITS):
        total = 0.0
        for term in WEIGHTS:
            total += WEIGHTS[term]
