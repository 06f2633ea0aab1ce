"""What every keyword and vector index promises about retired sessions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strata.engines import ENGINES
from strata.event import Event, LogEntry
from strata.hit import Scope
from strata.retired import retires
from tests.strata import installed
from tests.strata.events import log
from tests.strata.letters import LetterCounts

LETTERS = LetterCounts()
ENGINE_NAMES = [(layer, name) for layer in ("bm25", "vector") for name in ENGINES[layer]]


@pytest.fixture(params=ENGINE_NAMES, ids="-".join)
def engine(request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    layer, name = request.param
    made = installed.engine(layer, name)
    return made if layer == "bm25" else lambda path: made(path, LETTERS)


def _found(index: Any, text: str = "beach cafe") -> set[str]:
    query = LETTERS.embed([text])[0] if hasattr(index, "extend_vectors") else text
    return {hit.doc_id for hit in index.search(query, 10, Scope())}


def _end(session: str, position: int, **metadata: bool | str) -> list[LogEntry]:
    event = Event(
        event_id=f"e{position}", session_id=session, timestamp=0, text="", kind="session_end", metadata=metadata
    )
    return [LogEntry(position, event)]


OLD = log("a beach cafe", "the cafe", session="old")
OTHER = log("another beach cafe", session="other", after=2)


@pytest.mark.parametrize("together", [True, False])
def test_a_retired_session_is_found_no_more(engine: Callable[[Path], Any], tmp_path: Path, together: bool) -> None:
    index = engine(tmp_path)
    if together:
        index.extend([*OLD, *OTHER, *_end("old", 4, retired=True)])
    else:
        index.extend([*OLD, *OTHER])
        assert _found(index) == {"e1", "e2", "e3"}
        index.extend(_end("old", 4, retired=True))
    assert _found(index) == {"e3"}
    assert (index.position, _found(engine(tmp_path))) == (4, {"e3"})


def test_the_plain_end_of_a_session_hides_nothing(engine: Callable[[Path], Any], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend([*OLD, *OTHER, *_end("old", 4), *_end("other", 5, retired="yes")])
    assert _found(index) == {"e1", "e2", "e3"}


def test_rank_leaves_retired_events_out(tmp_path: Path) -> None:
    for number, name in enumerate(ENGINES["vector"]):
        index = installed.engine("vector", name)(tmp_path / str(number), LETTERS)
        index.extend([*OLD, *OTHER, *_end("old", 4, retired=True)])
        assert [hit.doc_id for hit in index.rank(LETTERS.embed(["cafe"])[0], ["e1", "e3"], 5)] == ["e3"]


def test_only_an_end_that_says_so_retires() -> None:
    assert retires(_end("s", 1, retired=True)[0].event)
    assert not retires(_end("s", 1, retired=False)[0].event)
    assert not retires(Event(event_id="e", session_id="s", timestamp=0, text="", metadata={"retired": True}))
