"""Tiers: which layers can answer together, from all of them down to browsing the table of contents."""

from collections.abc import Set
from typing import Literal, get_args

from strata.errors import QueryError

Tier = Literal["full", "hybrid", "semantic", "keyword", "agentic"]
Layer = Literal["bm25", "vector", "topics", "agentic"]

# Highest first. The layers that a tier fuses; "agentic" browses the table of contents and stands behind every tier.
TIERS: dict[Tier, tuple[Layer, ...]] = {
    "full": ("bm25", "vector", "topics"),
    "hybrid": ("bm25", "vector"),
    "semantic": ("vector",),
    "keyword": ("bm25",),
    "agentic": (),
}


def best_tier(ready: Set[Layer]) -> Tier:
    """The highest tier whose layers are all ready."""
    return next(tier for tier, layers in TIERS.items() if set(layers) <= ready)


def checked_tier(name: str, ready: Set[Layer]) -> Tier:
    """The tier of that name. Raises QueryError if there is none, or if a layer that it needs is not ready."""
    for tier in get_args(Tier):
        if tier == name:
            missing = [
                layer for layer in (*TIERS[tier], *(("agentic",) if tier == "agentic" else ())) if layer not in ready
            ]
            if missing:
                raise QueryError(
                    f"tier {tier} needs {' and '.join(missing)}, not built yet: run strata build, "
                    f"or ask for tier {best_tier(ready)}"
                )
            return tier  # type: ignore[no-any-return]
    raise QueryError(f"there is no tier {name!r}: choose one of {', '.join(get_args(Tier))}")
