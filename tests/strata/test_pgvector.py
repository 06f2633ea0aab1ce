"""Vectors on several PostgreSQL servers: one exact answer, and a clear one when a server is down."""

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import strata
from strata import cli
from strata.engines import ENGINES
from strata.errors import StoreError
from strata.event import EARLIEST, LATEST, Event, LogEntry
from strata.hit import Hit, Scope
from strata.protocols import VectorIndex
from strata.vector.numpy_exact import NumpyExact
from strata.vector.partitions import Catalog, month
from tests.strata import installed, postgres
from tests.strata.letters import LetterCounts

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
pytest.importorskip("pgvector", reason="pgvector is not installed")

from studies.postgres_server import PostgresServer  # noqa: E402

from strata.vector import pgvector, servers  # noqa: E402
from strata.vector.pgvector import Pgvector  # noqa: E402

LETTERS = LetterCounts()
DAY = 86_400_000
START = 1_672_531_200_000  # 1 January 2023
COUNT = 600
Open = Callable[..., Pgvector]


@pytest.fixture(scope="module")
def pair() -> Iterator[list[PostgresServer]]:
    """Two servers that tests may stop; each starts them again."""
    installed.engine("vector", "pgvector")
    started = [PostgresServer(), PostgresServer()]
    yield started
    for server in started:
        server.remove()


@pytest.fixture
def databases() -> list[str]:
    """Three new databases on the server of this test process, each as good as a server of its own."""
    installed.engine("vector", "pgvector")
    dsn = postgres.start().dsn
    names = [f"d{random.getrandbits(64):x}" for _ in range(3)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
    return [dsn.replace("/postgres?", f"/{name}?") for name in names]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens an index and closes it in the end."""
    made: list[Pgvector] = []

    def one(dsns: Sequence[str], folder: str = "index") -> Pgvector:
        made.append(Pgvector(tmp_path / folder, LETTERS, dsns))
        return made[-1]

    yield one
    for index in made:
        index.close()


def entries(first: int, last: int) -> list[LogEntry]:
    """Ten months of events, two days apart in sessions of nine, so that most months meet within a session."""
    return [
        LogEntry(
            n,
            Event(
                event_id=f"e{n}",
                session_id=f"s{n // 9}",
                agent=f"a{n % 3}",
                timestamp=START + n * DAY // 2,
                text="" if n % 50 == 0 else f"text {n}",
            ),
        )
        for n in range(first, last)
    ]


def vectors(count: int, seed: int = 1) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(size=(count, LETTERS.dimensions)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


QUERIES = vectors(20, seed=9)


def filled(index: VectorIndex, *steps: int) -> Any:
    every = vectors(COUNT)
    for first, last in zip((0, *steps), (*steps, COUNT), strict=True):
        index.extend_vectors(entries(first + 1, last + 1), every[first:last])
    return index


def same(found: Sequence[Hit], expected: Sequence[Hit]) -> bool:
    """The same events in the same order, but for those whose scores differ by less than their rounding."""
    scores = {hit.doc_id: hit.score for hit in expected}
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=3e-6)
    assert all(scores.get(hit.doc_id, expected[-1].score) == pytest.approx(hit.score, abs=3e-6) for hit in found)
    return True


def test_several_servers_answer_as_one_exact_scan(databases: list[str], opened: Open, tmp_path: Path) -> None:
    index = filled(opened(databases), 100, 101, 350)
    exact = filled(NumpyExact(tmp_path / "exact", LETTERS))
    assert {partition.server for partition in index._catalog.partitions.values()} == {0, 1, 2}
    assert len(index._catalog.partitions) == 10
    for scope in (
        Scope(),
        Scope(agent="a1"),
        Scope(since=START + 40 * DAY, until=START + 120 * DAY),
        Scope(agent="a2", since=START + 100 * DAY),
        Scope(since=START + 4000 * DAY),
    ):
        for query in QUERIES:
            hits = index.search(query, 10, scope)
            assert same(hits, exact.search(query, 10, scope)) and hits.missing == ()
    some = [f"e{n}" for n in range(1, COUNT, 7)]
    assert same(index.rank(QUERIES[0], some, 12), exact.rank(QUERIES[0], some, 12))
    assert sorted(index.vectors_of(some)) == sorted(some)
    again = opened(databases)
    assert (again.position, len(again)) == (COUNT, COUNT)
    assert again.search(QUERIES[0], 10) == index.search(QUERIES[0], 10)


def test_ties_go_by_id_over_all_servers(databases: list[str], opened: Open) -> None:
    index = opened(databases)
    alone = [
        LogEntry(n, Event(event_id=f"e{n}", session_id=f"s{n}", timestamp=START + n * 15 * DAY, text="x"))
        for n in range(1, 40)
    ]
    index.extend_vectors(alone, np.repeat(QUERIES[:1], 39, axis=0))
    assert [hit.doc_id for hit in index.search(QUERIES[0], 12)] == sorted(f"e{n}" for n in range(1, 40))[:12]


def test_a_server_that_is_down_is_missed_by_name_and_the_others_answer(
    pair: list[PostgresServer], opened: Open, tmp_path: Path
) -> None:
    index = filled(opened([server.dsn for server in pair]), 300)
    exact = filled(NumpyExact(tmp_path / "exact", LETTERS))
    whole = index.search(QUERIES[0], 10)
    lost = [partition for partition in index._catalog.partitions.values() if partition.server == 1]
    kept = [partition for partition in index._catalog.partitions.values() if partition.server == 0]
    pair[1].stop()
    try:
        for query in QUERIES[:5]:
            hits = index.search(query, 10)
            there = [
                hit
                for hit in exact.search(query, COUNT)
                if any(partition.since <= hit.timestamp < partition.until for partition in kept)
            ]
            assert same(hits, there[:10])
            assert [(part.partition, part.since, part.until, part.events) for part in hits.missing] == [
                (partition.name, partition.since, partition.until, partition.events) for partition in lost
            ]
            assert all(f"PostgreSQL at {pair[1].folder}" in part.reason for part in hits.missing)
        # Who asks only for months that are there misses nothing.
        scope = Scope(since=kept[0].since, until=kept[0].until)
        assert index.search(QUERIES[0], 10, scope).missing == ()
        assert same(index.search(QUERIES[0], 10, scope), exact.search(QUERIES[0], 10, scope))
        # A process that starts meanwhile knows what it misses too.
        assert opened([server.dsn for server in pair]).search(QUERIES[0], 10).missing == hits.missing
        with pytest.raises(StoreError, match="cannot be used"):
            index.vectors_of(["e1"])
        with pytest.raises(StoreError, match="cannot be used"):
            index.extend_vectors(entries(COUNT + 1, COUNT + 2), QUERIES[:1])
        assert index.position == COUNT
        pair[0].stop()
        nothing = index.search(QUERIES[0], 10)
        assert nothing == [] and sum(part.events for part in nothing.missing) == COUNT
    finally:
        for server in pair:
            server.stop()
            server.start()
    assert index.search(QUERIES[0], 10) == whole and index.search(QUERIES[0], 10).missing == ()


def test_a_server_that_hangs_holds_nobody_up(
    pair: list[PostgresServer], opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = filled(opened([server.dsn for server in pair]))
    whole = index.search(QUERIES[0], 10)
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 0.5)
    ((backend,),) = index._servers[1].rows("SELECT pg_backend_pid()")
    for process in (pair[1].pid, backend):
        os.kill(process, signal.SIGSTOP)
    try:
        hits = index.search(QUERIES[0], 10)
        assert len(hits) == 10
        assert {part.reason.partition(" did not answer within 0.5 s")[1:] for part in hits.missing} == {
            (" did not answer within 0.5 s", "")
        }
    finally:
        for process in (pair[1].pid, backend):
            os.kill(process, signal.SIGCONT)
    monkeypatch.undo()
    assert index.search(QUERIES[0], 10) == whole


def test_an_extend_that_reaches_one_server_only_is_seen_by_nobody_and_made_good(
    pair: list[PostgresServer], opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsns = [server.dsn for server in pair]
    index, every = opened(dsns), vectors(COUNT)
    index.extend_vectors(entries(1, 301), every[:300])
    before = [index.search(query, 10) for query in QUERIES]
    write = pgvector.write

    def and_lose_the_first(*arguments: Any) -> None:
        write(*arguments)
        pair[0].stop()

    with monkeypatch.context() as patched, pytest.raises(StoreError, match="its connection was lost"):
        patched.setattr(pgvector, "write", and_lose_the_first)
        index.extend_vectors(entries(301, COUNT + 1), every[300:])
    pair[0].start()
    ahead = index._servers[1].rows("SELECT count(*) FROM searched WHERE made > 300")
    assert ahead[0][0] > 0, "the other server has committed"
    assert (index.position, len(index)) == (300, 300)
    assert [index.search(query, 10) for query in QUERIES] == before
    assert [opened(dsns).search(query, 10) for query in QUERIES] == before
    index.extend_vectors(entries(301, COUNT + 1), every[300:])
    whole = filled(opened(dsns, "whole"))
    assert [index.search(query, 10) for query in QUERIES] == [whole.search(query, 10) for query in QUERIES]
    assert index._servers[1].rows("SELECT count(*) FROM searched WHERE replaced < %s", [2**63 - 1]) == [(0,)]


def test_a_reader_follows_a_writer_and_a_copied_folder_does_not(
    databases: list[str], opened: Open, tmp_path: Path
) -> None:
    writer = opened(databases)
    writer.extend_vectors(entries(1, 101), vectors(100))
    reader = opened(databases)
    shutil.copytree(tmp_path / "index", tmp_path / "copy")
    copy = opened(databases, "copy")
    assert copy.search(QUERIES[0], 5) == reader.search(QUERIES[0], 5)
    writer.extend_vectors(entries(101, 201), vectors(100, seed=2))
    assert reader.search(QUERIES[0], 5) == writer.search(QUERIES[0], 5)
    assert reader.position == 200
    with pytest.raises(StoreError, match=r"up to position 100, and on their servers up to 200: another copy"):
        copy.search(QUERIES[0], 5)
    with pytest.raises(StoreError, match="another copy of the folder was extended"):
        copy.extend_vectors(entries(101, 102), QUERIES[:1])
    assert writer.search(QUERIES[0], 5) == reader.search(QUERIES[0], 5)


def test_servers_keep_their_order_and_new_ones_take_new_months(databases: list[str], opened: Open) -> None:
    index = opened(databases[:2])
    index.extend_vectors(entries(1, 301), vectors(COUNT)[:300])
    before = dict(index._catalog.partitions)
    swapped = opened(databases[1::-1])
    hits = swapped.search(QUERIES[0], 5)
    assert hits == [] and len(hits.missing) == len(before)
    assert all("name the servers in their old order" in part.reason for part in hits.missing)
    fewer = opened(databases[:1]).search(QUERIES[0], 5)
    assert {part.reason for part in fewer.missing} == {
        "server 2 of the vectors is not named: name as many as when they were built"
    }
    more = opened(databases)
    more.extend_vectors(entries(301, COUNT + 1), vectors(COUNT)[300:])
    after = more._catalog.partitions
    assert all(after[name].server == partition.server for name, partition in before.items())
    assert 2 in {partition.server for name, partition in after.items() if name not in before}
    assert more.search(QUERIES[0], 10) == filled(opened(databases, "whole")).search(QUERIES[0], 10)


def test_a_database_without_pgvector_that_may_not_have_it(databases: list[str], opened: Open) -> None:
    with psycopg.connect(databases[0], autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    guest = databases[0].replace("postgres@", "guest@")
    with pytest.raises(StoreError, match=r"has no pgvector .*let its administrator say CREATE EXTENSION vector"):
        opened([guest]).extend_vectors(entries(1, 2), QUERIES[:1])


def event(number: int) -> Event:
    topic = ("walrus budget", "orders index", "coffee machine")[number % 3]
    return Event(
        event_id=f"e{number}", session_id=f"s{number // 4}", timestamp=START + number * 10 * DAY, text=f"The {topic}."
    )


def test_a_partial_answer_is_told_by_the_stack_the_explanation_and_the_command_line(
    pair: list[PostgresServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ENGINES, "embedder", ENGINES["embedder"] | {"letters": "tests.strata.letters:LetterCounts"})
    path = tmp_path / "store"

    def command(*arguments: str) -> tuple[int | str | None, str, str]:
        monkeypatch.setattr(sys, "argv", ["strata", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (ended.value.code, *capsys.readouterr())

    dsns = [server.dsn for server in pair]
    with strata.open(path, vector="pgvector", embedder="letters", servers=dsns) as stack:
        stack.ingest([event(number) for number in range(12)])
        stack.build()
        whole = stack.search("vector", "walrus", 12)
        assert whole.missing == () and len(whole) == 12
    assert command("search", str(path), "walrus", "--layer", "vector")[0] == 0
    pair[0].stop()
    try:
        with strata.open(path) as stack:
            found = stack.search("vector", "walrus", 12)
            names = [part.partition for part in found.missing]
            assert names == ["2023-01", "2023-04"] and 0 < len(found) < 12
            explanation = stack.route("walrus budget").explanation
            by_layer = {layer.layer: layer for layer in explanation.layers}
            assert by_layer["vector"].status == "answered"
            assert [part.partition for part in by_layer["vector"].missing] == names
            assert by_layer["bm25"].missing == ()
        code, out, err = command("search", str(path), "walrus", "--layer", "vector")
        assert code == 3 and out.count("The ") == len(found)
        lines = err.splitlines()
        assert lines[0].startswith(
            "strata: partial answer: 2023-01 (2023-01-01 00:00 to 2023-02-01 00:00, 4 events) could"
        )
        assert len(lines) == 2 and str(pair[0].folder) in lines[1]
        code, out, err = command("route", str(path), "walrus budget")
        assert code == 3 and "missing  vector: 2023-01 (2023-01-01 00:00 to 2023-02-01 00:00, 4 events)" in out
        assert err.splitlines() == lines
        code, out, err = command("route", str(path), "walrus budget", "--json")
        assert code == 3 and '"partition": "2023-01"' in out
        code, _, err = command("build", str(path), "--layer", "vector")
        assert code == 0, "there is nothing to take in, so no server is asked"
    finally:
        pair[0].start()
    assert command("route", str(path), "walrus budget")[0] == 0


@given(st.lists(st.integers(EARLIEST, LATEST), max_size=50), st.integers(1, 4))
def test_every_event_lies_in_its_month_and_months_spread_over_the_servers(times: list[int], count: int) -> None:
    catalog = Catalog("space").extended(times, count)
    assert len(catalog) == len(times)
    for at in times:
        partition = catalog.partitions[month(at)]
        assert partition.since <= at < partition.until
        assert partition in catalog.within(Scope(since=at, until=at + 1))
    names = list(catalog.partitions)
    for earlier, later in pairwise(names):
        assert catalog.partitions[earlier].until <= catalog.partitions[later].since
    assert len({partition.server for partition in catalog.partitions.values()}) == min(count, len(names))
