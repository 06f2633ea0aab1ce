"""What every vector index promises."""

import random
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from strata.engines import load
from strata.errors import QueryError, StoreError
from strata.event import LogEntry
from strata.hit import Scope
from strata.protocols import Embedder, VectorIndex
from strata.vector.numpy_half import products
from tests.strata import forked, installed
from tests.strata.events import MINUTE, NOON, log
from tests.strata.installed import names
from tests.strata.letters import LetterCounts

Engine = Callable[[Path, Embedder], VectorIndex]


LETTERS = LetterCounts()
TEXTS = ["aaa", "aab", "bbb", "bcd", "ddd", "efgh", "hhh", "aah"]


HALF = 1e-3
"""What a cosine may be off by in an engine that keeps halves."""


@pytest.fixture(params=names("vector"))
def engine(request: pytest.FixtureRequest) -> Engine:
    return cast(Engine, installed.engine("vector", request.param))


def _tolerance(engine: Engine) -> float:
    return HALF if getattr(engine, "dtype", np.float32) == np.float16 else 1e-5


def _query(text: str) -> NDArray[np.float32]:
    return LETTERS.embed([text])[0]


def _random(entries: Sequence[LogEntry], seed: int = 1) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(len(entries), LETTERS.dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_an_empty_index_finds_nothing(engine: Engine, tmp_path: Path) -> None:
    index = engine(tmp_path, LETTERS)
    assert (index.position, len(index), index.size_bytes()) == (0, 0, 0)
    assert index.search(_query("a"), 3) == []


def test_the_nearest_text_comes_first_with_its_cosine(engine: Engine, tmp_path: Path) -> None:
    index = engine(tmp_path, LETTERS)
    index.extend([entry for n, text in enumerate(TEXTS) for entry in log(text, session=f"s{n}", after=n, agent="x")])
    best = index.search(_query("aaa"), 3)
    assert (best[0].doc_id, best[0].layer, best[0].agent) == ("e1", "vector", "x")
    assert best[0].score == pytest.approx(1.0, abs=_tolerance(engine))
    assert [hit.doc_id for hit in best] == ["e1", "e2", "e8"]


def test_the_speaker_is_part_of_the_text(engine: Engine, tmp_path: Path) -> None:
    index = engine(tmp_path, LETTERS)
    index.extend(log("fff", session="s1", speaker="abba"))
    index.extend(log("fff", session="s2", after=1, speaker="dede"))
    assert [hit.doc_id for hit in index.search(_query("dede"), 2)] == ["e2", "e1"]


def test_it_agrees_with_the_definition_of_cosine(engine: Engine, tmp_path: Path) -> None:
    entries = [log("x", session=f"s{n}", after=n)[0] for n in range(200)]
    vectors = _random(entries)
    index = engine(tmp_path, LETTERS)
    index.extend_vectors(entries, vectors)
    query = _query("abc")
    cosines = vectors.astype(float) @ query.astype(float)
    hits = index.search(query, 20)
    assert [hit.score for hit in hits] == pytest.approx(np.sort(cosines)[::-1][:20], abs=_tolerance(engine))
    for hit in hits:
        assert hit.score == pytest.approx(cosines[int(hit.doc_id[1:]) - 1], abs=_tolerance(engine))


def test_an_event_points_where_it_and_its_neighbours_point(engine: Engine, tmp_path: Path) -> None:
    entries = log("a", "b", "c", "d", "e", session="s1") + log("f", session="s2", after=5)
    vectors = _random(entries)
    index = engine(tmp_path, LETTERS)
    index.extend_vectors(entries[:2], vectors[:2])
    index.extend_vectors(entries[2:], vectors[2:])
    query = _query("abc")
    found = {hit.doc_id: hit.score for hit in index.search(query, 6)}
    third = vectors[2] + (vectors[1] + vectors[3]) / 2 + (vectors[0] + vectors[4]) / 4
    first = vectors[0] + vectors[1] / 2 + vectors[2] / 4 + vectors[3] / 8
    for event_id, together in (("e3", third), ("e1", first), ("e6", vectors[5])):
        assert found[event_id] == pytest.approx(query @ together / np.linalg.norm(together), abs=_tolerance(engine))


def test_rank_orders_only_the_events_given(engine: Engine, tmp_path: Path) -> None:
    entries = [log(text, session=f"s{n}", after=n, agent="a" if n % 2 else "b")[0] for n, text in enumerate(TEXTS)]
    index = engine(tmp_path, LETTERS)
    index.extend(entries)
    query = _query("aaa")
    assert [hit.doc_id for hit in index.rank(query, ["e3", "e8", "e2", "unknown"], 10)] == ["e2", "e8", "e3"]
    assert [hit.doc_id for hit in index.rank(query, ["e3", "e8", "e2"], 10, Scope(agent="b"))] == ["e3"]
    assert index.rank(query, [], 10) == []


def test_stored_vectors_come_back(engine: Engine, tmp_path: Path) -> None:
    index = engine(tmp_path, LETTERS)
    entries = log("a", "b")
    index.extend_vectors(entries, _random(entries))
    stored = index.vectors_of(["e2", "unknown"])
    assert list(stored) == ["e2"]
    assert stored["e2"].dtype == np.float32
    np.testing.assert_allclose(stored["e2"], _random(entries)[1], atol=0 if _tolerance(engine) < HALF else HALF)


def test_equal_vectors_tie_and_go_by_id(engine: Engine, tmp_path: Path) -> None:
    entries = [log("same", session=f"s{n}", after=n)[0] for n in range(37)]
    index = engine(tmp_path, LETTERS)
    index.extend_vectors(entries, np.repeat(_random(entries[:1]), 37, axis=0))
    everyone = [hit.doc_id for hit in index.search(_query("abc"), 37)]
    assert everyone == sorted(entry.event.event_id for entry in entries)
    assert [hit.doc_id for hit in index.search(_query("abc"), 5)] == everyone[:5]


def test_the_scope_filters_before_ranking(engine: Engine, tmp_path: Path) -> None:
    index = engine(tmp_path, LETTERS)
    index.extend(log(*["aaa"] * 40, agent="a"))
    index.extend(log("aab", "bbb", agent="b", session="s2", after=40, start=NOON + 90 * MINUTE))
    query = _query("aaa")
    assert {hit.doc_id for hit in index.search(query, 5, Scope(agent="b"))} == {"e41", "e42"}
    assert [hit.doc_id for hit in index.search(query, 5, Scope(since=NOON + 91 * MINUTE))] == ["e42"]
    assert {hit.doc_id for hit in index.search(query, 50, Scope(until=NOON + 2 * MINUTE))} == {"e1", "e2"}
    assert index.search(query, 5, Scope(agent="nobody")) == []
    assert {hit.agent for hit in index.search(query, 30, Scope(agent="a"))} == {"a"}


def test_it_opens_again_as_it_was_and_grows(engine: Engine, tmp_path: Path) -> None:
    index = engine(tmp_path, LETTERS)
    index.extend(log(*TEXTS[:5]))
    before = index.search(_query("abc"), 10)
    index.close()
    again = engine(tmp_path, LETTERS)
    assert (again.position, len(again)) == (5, 5)
    assert again.search(_query("abc"), 10) == before
    size = again.size_bytes()
    again.extend(log(*TEXTS[5:], session="s2", after=5))
    whole = engine(tmp_path / "whole", LETTERS)
    whole.extend(log(*TEXTS[:5]) + log(*TEXTS[5:], session="s2", after=5))
    assert again.search(_query("abc"), 10) == whole.search(_query("abc"), 10)
    # A server counts whole pages.
    assert again.size_bytes() >= size > 0 if hasattr(engine, "on_servers") else again.size_bytes() > size > 0


def test_an_extend_that_fails_changes_nothing(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = log(*TEXTS)
    index = engine(tmp_path / "index", LETTERS)
    index.extend(entries[:5])
    before = index.search(_query("abc"), 10)

    def disk_full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr("strata.generation.replace", disk_full)
        index.extend(entries[5:])
    assert (index.position, len(index), index.search(_query("abc"), 10)) == (5, 5, before)
    index.extend(entries[5:])
    whole = engine(tmp_path / "whole", LETTERS)
    whole.extend(entries)
    assert index.search(_query("abc"), 10) == whole.search(_query("abc"), 10)


def test_vectors_of_another_space_are_refused(engine: Engine, tmp_path: Path) -> None:
    engine(tmp_path, LETTERS).extend(log("aaa"))
    with pytest.raises(StoreError, match=r"vectors of letters.*digits"):
        engine(tmp_path, LetterCounts("digits"))


@pytest.mark.parametrize("shape", [(2, 7), (1, 8), (2, 8, 1)])
def test_vectors_of_the_wrong_shape_are_refused_and_change_nothing(
    engine: Engine, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    index = engine(tmp_path, LETTERS)
    with pytest.raises(ValueError, match="shape"):
        index.extend_vectors(log("a", "b"), np.ones(shape, np.float32))
    assert (len(index), engine(tmp_path, LETTERS).position) == (0, 0)


def test_a_query_of_the_wrong_shape_is_refused(engine: Engine, tmp_path: Path) -> None:
    index = engine(tmp_path, LETTERS)
    with pytest.raises(QueryError, match="8 finite numbers"):
        index.search(np.ones(7, np.float32), 3)
    with pytest.raises(QueryError, match="8 finite numbers"):
        index.search(np.full(8, np.nan, np.float32), 3)


def _clustered(count: int) -> tuple[list[LogEntry], NDArray[np.float32], NDArray[np.float32]]:
    """Entries of four agents in short sessions, their vectors around 60 centres, and vectors to ask for."""
    chance = np.random.default_rng(5)
    centres = chance.normal(size=(60, LETTERS.dimensions))
    vectors = centres[chance.integers(0, 60, count + 40)] + 0.4 * chance.normal(size=(count + 40, LETTERS.dimensions))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    # Agent "rare" has two events in a hundred.
    agents = ["rare" if n % 50 == 0 else f"a{n % 3}" for n in range(count)]
    entries = [log("x", session=f"s{n // 3}", after=n, agent=agents[n])[0] for n in range(count)]
    return entries, vectors[:count], vectors[count:]


def _recall(index: VectorIndex, exact: VectorIndex, queries: NDArray[np.float32], scope: Scope) -> float:
    """Share of the ten nearest that the index finds; an event as near as the tenth, to the tolerance, is as good."""
    found = wanted = 0
    for query in queries:
        best = exact.search(query, 10, scope)
        cosine = {hit.doc_id: hit.score for hit in exact.search(query, 200, scope)}
        hits = index.search(query, 10, scope)
        assert len(hits) == len(best)
        found += sum(cosine.get(hit.doc_id, -1.0) >= best[-1].score - HALF for hit in hits)
        wanted += len(best)
    return found / wanted


@pytest.mark.parametrize("name", [name for name in names("vector") if name != "numpy"])
def test_recall_against_the_exact_scan_is_kept_with_and_without_a_filter(name: str, tmp_path: Path) -> None:
    engine = installed.engine("vector", name)
    entries, vectors, queries = _clustered(4000)
    index, exact = engine(tmp_path / "index", LETTERS), installed.engine("vector", "numpy")(tmp_path / "all", LETTERS)
    exact.extend_vectors(entries, vectors)
    # In steps, the last of which stays outside a segment and goes on with a session inside one.
    for start, end in ((0, 2500), (2500, 3800), (3800, 3998), (3998, 4000)):
        index.extend_vectors(entries[start:end], vectors[start:end])
    for scope in (Scope(), Scope(agent="a1"), Scope(agent="rare"), Scope(since=NOON, until=NOON + MINUTE)):
        assert _recall(index, exact, queries, scope) >= 0.99
    assert _recall(engine(tmp_path / "index", LETTERS), exact, queries, Scope()) >= 0.99
    for query in queries:
        longer = [hit.doc_id for hit in index.search(3 * query, 10)]
        assert longer == [hit.doc_id for hit in index.search(query, 10)]


@pytest.mark.parametrize("name", ["usearch", "faiss"])
def test_most_events_are_never_scored_exactly(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = installed.engine("vector", name)
    entries, vectors, queries = _clustered(4000)
    index = engine(tmp_path, LETTERS)
    index.extend_vectors(entries, vectors)
    monkeypatch.setattr(index, "_products", lambda vector: pytest.fail("scanned everything"))
    assert all(len(index.search(query, 10)) == 10 for query in queries)


@pytest.mark.parametrize("name", ["usearch", "faiss"])
def test_what_came_after_the_segment_is_found_the_same_however_often_it_is_asked(name: str, tmp_path: Path) -> None:
    engine = installed.engine("vector", name)
    entries, vectors, queries = _clustered(4000)
    index = engine(tmp_path, LETTERS)
    index.extend_vectors(entries[:3500], vectors[:3500])
    for start, end in ((3500, 3800), (3800, 4000)):
        index.extend_vectors(entries[start:end], vectors[start:end])
        later = {entry.event.event_id for entry in entries[3500:end]}
        for scope in (Scope(), Scope(agent="a1")):
            # A new process has not searched yet.
            first = [engine(tmp_path, LETTERS).search(query, 10, scope) for query in queries]
            again = [index.search(query, 10, scope) for query in queries]
            assert again == first
            assert any(hit.doc_id in later for hits in again for hit in hits)


@given(
    arrays(np.float16, (7, 5), elements=st.floats(-1000, 1000, width=16)),
    arrays(np.float32, 5, elements=st.floats(-1, 1, width=32)),
)
def test_products_with_halves_are_those_of_their_values(
    halves: NDArray[np.float16], vector: NDArray[np.float32]
) -> None:
    expected = halves.astype(float) @ vector.astype(float)
    np.testing.assert_allclose(products(halves, vector), expected, rtol=1e-5, atol=1e-2)
    for column in range(5):
        unit = np.eye(5, dtype=np.float32)[column]
        np.testing.assert_array_equal(products(halves, unit), halves[:, column].astype(np.float32))


def test_halves_take_half_the_bytes(tmp_path: Path) -> None:
    entries = log(*["x"] * 100)
    sizes = {}
    for name in ("numpy", "numpy-half"):
        installed.engine("vector", name)(tmp_path / name, LETTERS).extend_vectors(entries, _random(entries))
        sizes[name] = sum(file.stat().st_size for file in (tmp_path / name).glob("vectors.*"))
    assert sizes["numpy-half"] * 2 == sizes["numpy"] == 100 * LETTERS.dimensions * 4


def _extend_for_ever(name: str, path: Path, begun: Event) -> None:
    index = installed.made_small(load("vector", name))(path, LETTERS)
    while True:
        entries = log("a", "b", "c", session=f"s{index.position}", after=index.position)
        index.extend_vectors(entries, _random(entries, seed=index.position))
        begun.set()


def test_a_kill_at_any_moment_leaves_whole_batches(
    request: pytest.FixtureRequest, engine: Engine, tmp_path: Path
) -> None:
    forked.start_server()
    moments = random.Random(3)
    for _ in range(10):
        begun = forked.processes.Event()
        writer = forked.child_of(_extend_for_ever, request.node.callspec.params["engine"], tmp_path, begun)
        writer.start()
        try:
            assert begun.wait(60)
            time.sleep(moments.uniform(0.0, 0.04))
        finally:
            writer.kill()
            writer.join()
        index = engine(tmp_path, LETTERS)
        assert len(index) == index.position
        assert len(index) % 3 == 0
    assert index.position > 3
    first = _random(log("a", "b", "c"), seed=0)
    together = first[0] + first[1] / 2 + first[2] / 4
    hits = {hit.doc_id: hit.score for hit in index.search(together / np.linalg.norm(together), len(index))}
    assert hits["e1"] == pytest.approx(1.0, abs=_tolerance(engine))
