"""Engines as contract tests see them: those whose library is missing are skipped, and small logs are large to them."""

from typing import Any

import pytest

from strata.engines import ENGINES, load
from strata.errors import MissingLibraryError
from tests.strata import postgres

SMALL = {"tail": 4, "few": 0, "proposed": 4}
"""An index of proposals makes a segment from 4 events on, and proposes 4 at first: what it does with many events."""


def names(layer: str) -> list[str]:
    """The engines of a layer, the default first."""
    return list(ENGINES[layer])


def engine(layer: str, name: str) -> Any:
    """The engine's class. Skips the test, saying so, if its library is not installed."""
    try:
        found = load(layer, name)
    except MissingLibraryError as error:
        pytest.skip(str(error))
    if getattr(found, "on_servers", False):
        postgres.start()
    return made_small(found)


def made_small(found: Any) -> Any:
    """The class with what it does with many events done with few."""
    small = {attribute: value for attribute, value in SMALL.items() if hasattr(found, attribute)}
    return type(found.__name__, (found,), small) if small else found
