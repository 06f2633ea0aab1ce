"""The vectors of a workload: of its events and of the questions that are judged. An input, embedded in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import vectors
from .workload import Workload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_UNJUDGED = ("phrasing",)


@dataclass(frozen=True)
class Embedded:
    """Unit vectors in memory: `events` has shape (events, 384), in log order; `questions` are by query id."""

    events: NDArray[np.float32]
    questions: dict[str, NDArray[np.float32]]


def load(workload: Workload) -> Embedded:
    """The vectors of a workload, from the cache of inputs. Raises WorkloadError if they cannot be made."""
    import numpy as np

    questions = [query for query in workload.queries if query.category not in _UNJUDGED]
    both = vectors.load([*workload.texts(), *(query.text for query in questions)])
    count = len(workload.events)
    return Embedded(
        events=np.array(both[:count]),
        questions=dict(zip((query.query_id for query in questions), np.array(both[count:]), strict=True)),
    )
