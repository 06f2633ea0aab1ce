"""A short name for many pins.

asv puts every requirement into an environment's name, into each result's parameters and onto the site as a selector.
A suite that pins twenty packages would have file names nobody can read and twenty selectors with one choice each. Pins
that the matrix never varies are therefore named together, by a digest: another pin is another environment, as it is
with asv, and the packages themselves are listed in the freeze file beside the results.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

PINS = "pins"
DIGITS = 8
FEW = 3
"""So many pins are spelled out."""


def fold(requirements: dict[str, str], conf: Any) -> dict[str, str]:
    """`requirements` of one matrix entry with those that all entries share replaced by `{"pins": digest}`."""
    varied = set(_varied(conf))
    shared = {name: version for name, version in requirements.items() if name not in varied}
    if len(shared) <= FEW:
        return dict(requirements)
    text = "\n".join(f"{name} {version}" for name, version in sorted(shared.items()))
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    return {**{name: version for name, version in requirements.items() if name in varied}, PINS: digest}


def _varied(conf: Any) -> Iterator[str]:
    """Names of the requirements that are not the same in every entry of asv's matrix."""
    matrix = getattr(conf, "matrix", None) or {}
    # asv takes a matrix without "req" and "env" for one of requirements.
    for name, versions in matrix.get("req", {} if {"env", "env_nobuild"} & set(matrix) else matrix).items():
        if isinstance(versions, list) and len(versions) > 1:
            yield name
    for rule in [*(getattr(conf, "include", None) or []), *(getattr(conf, "exclude", None) or [])]:
        yield from rule.get("req", rule)
