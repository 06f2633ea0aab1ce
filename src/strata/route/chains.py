"""Chains: the steps that answer an intent, each tried when the one before it was not enough.

| intent     | chain                                            |
| ---        | ---                                              |
| explore    | topics, hybrid, vector, bm25, agentic            |
| answer     | hybrid, bm25, vector, agentic                    |
| locate     | bm25, hybrid, vector, agentic                    |
| time-boxed | the tier's own layers together, agentic          |

A step is one layer or several whose answers are fused; "hybrid" is bm25 and vector. The mode says how the chain is
walked: "parallel" fuses all layers of the chain, "hybrid" fuses bm25 and vector first and then falls back along the
chain, "sequential" takes the chain as it stands, one step at a time. In every mode the agentic step stands last, and
is tried only when nothing else answered.
"""

from typing import Literal, get_args

import msgspec

from strata.errors import QueryError
from strata.route.intent import Intent
from strata.route.tiers import TIERS, Layer, Tier

Mode = Literal["parallel", "hybrid", "sequential"]


class Step(msgspec.Struct, frozen=True):
    """Layers whose answers are fused."""

    name: str
    layers: tuple[Layer, ...]


_HYBRID = Step("hybrid", ("bm25", "vector"))
_BM25 = Step("bm25", ("bm25",))
_VECTOR = Step("vector", ("vector",))
_TOPICS = Step("topics", ("topics",))
_AGENTIC = Step("agentic", ("agentic",))

_CHAINS: dict[Intent, tuple[Step, ...]] = {
    "explore": (_TOPICS, _HYBRID, _VECTOR, _BM25),
    "answer": (_HYBRID, _BM25, _VECTOR),
    "locate": (_BM25, _HYBRID, _VECTOR),
}
DEFAULT_MODE: dict[Intent, Mode] = {
    "explore": "parallel",
    "answer": "hybrid",
    "locate": "hybrid",
    "time-boxed": "hybrid",
}


def chain(intent: Intent, tier: Tier, mode: Mode, *, browsable: bool) -> tuple[Step, ...]:
    """The steps for an intent on a tier, in the order in which they are tried.

    The last one is agentic, if the table of contents is `browsable`.
    """
    layers = TIERS[tier]
    if intent == "time-boxed":
        own = tuple(layer for layer in layers if layer != "topics")
        steps: tuple[Step, ...] = (Step(_name(own), own),) if own else ()
    else:
        steps = tuple(step for step in _CHAINS[intent] if set(step.layers) <= set(layers))
        if mode == "parallel" and steps:
            together = tuple(dict.fromkeys(layer for step in steps for layer in step.layers))
            steps = (Step(_name(together), together),)
        elif mode == "hybrid":
            steps = tuple(sorted(steps, key=lambda step: step.name != "hybrid"))
    return (*steps, _AGENTIC) if browsable else steps


def _name(layers: tuple[Layer, ...]) -> str:
    return "hybrid" if layers == _HYBRID.layers else "+".join(layers)


def checked_mode(name: str) -> Mode:
    """The mode of that name. Raises QueryError, which lists the modes, if there is none."""
    for mode in get_args(Mode):
        if mode == name:
            return mode  # type: ignore[no-any-return]
    raise QueryError(f"there is no mode {name!r}: choose one of {', '.join(get_args(Mode))}")
