"""The PostgreSQL event log: servers that die or are not there, and what is refused."""

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strata
from strata.errors import MissingLibraryError, StoreError
from strata.event import EARLIEST, LATEST, Event, Kind, Role
from strata.sqlite_store import SqliteStore
from tests.strata import installed, postgres
from tests.strata.test_cli import run

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")

from strata.postgresql import Server, named, read_text, stored_text, without_password  # noqa: E402
from strata.postgresql_store import PAGE, PostgresqlStore  # noqa: E402

APPENDED = 20
KILLS = 50


@pytest.fixture(autouse=True)
def dsn() -> str:
    installed.engine("store", "postgresql")
    return postgres.start().dsn


def event(number: int, **fields: object) -> Event:
    return Event(**{"event_id": f"e{number}", "session_id": "s", "timestamp": number, "text": "hello"} | fields)  # type: ignore[arg-type]


def backend(store: PostgresqlStore) -> int:
    return int(store._value("SELECT pg_backend_pid()"))


def kill(store: PostgresqlStore) -> None:
    os.kill(backend(store), signal.SIGKILL)


def terminate(store: PostgresqlStore) -> None:
    with psycopg.connect(os.environ[postgres.VARIABLE]) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend(store)])


@pytest.mark.parametrize("end", [kill, terminate])
def test_a_backend_that_dies_in_a_transaction_takes_it_back_and_the_store_goes_on(
    tmp_path: Path, end: Callable[[PostgresqlStore], None]
) -> None:
    store = PostgresqlStore(tmp_path / "events")
    store.append([event(0)])

    def interrupted() -> Iterator[Event]:
        yield from (event(number) for number in range(1, PAGE + 2))
        end(store)
        yield event(PAGE + 2)

    with pytest.raises(StoreError, match="its connection was lost"):
        store.append(interrupted())
    assert [entry.event for entry in store.read()] == [event(0)]
    assert store.pending() == 1
    assert store.append(event(number) for number in range(PAGE + 3)).added == PAGE + 2
    assert [entry.position for entry in store.read()] == list(range(1, PAGE + 4))
    store.close()


def stored_ids(folder: Path) -> list[str]:
    """What a reader finds. One that came before the server noticed the SIGKILL is lost with the rest, and says so."""
    for _ in range(3):
        with suppress(StoreError), closing(PostgresqlStore(folder)) as reader:
            return [entry.event.event_id for entry in reader.read()]
    raise AssertionError("the server does not come back")


def test_no_acknowledged_event_is_lost_when_backends_are_killed(tmp_path: Path) -> None:
    """Every tenth kill is SIGKILL, after which the whole server recovers from its log; the others are SIGTERM."""
    chance = random.Random(7)
    store = PostgresqlStore(tmp_path / "events")
    acknowledged = lost = 0
    over = threading.Event()

    def append() -> None:
        nonlocal acknowledged, lost
        while not over.is_set():
            try:
                store.append([event(number) for number in range(acknowledged, acknowledged + APPENDED)])
                acknowledged += APPENDED
            except StoreError:
                lost += 1

    writer = threading.Thread(target=append)
    writer.start()
    watcher = Server(os.environ[postgres.VARIABLE], lambda connection: None)
    others = "SELECT pid FROM pg_stat_activity WHERE application_name = 'strata' AND pid <> pg_backend_pid()"
    for number in range(KILLS):
        time.sleep(chance.uniform(0.005, 0.03))
        before = acknowledged
        try:
            for (pid,) in watcher.rows(others):
                os.kill(pid, signal.SIGTERM if number % 10 else signal.SIGKILL)
        except (StoreError, ProcessLookupError):
            continue
        ids = stored_ids(tmp_path / "events")
        assert len(ids) >= before
        assert len(ids) % APPENDED == 0, "an append is stored whole or not at all"
        assert ids == [f"e{number}" for number in range(len(ids))]
    over.set()
    writer.join()
    watcher.close()
    assert store.position == store.pending() == acknowledged
    assert lost > 5 and acknowledged > 10 * APPENDED
    store.close()


def test_a_commit_waits_for_the_disk_also_where_the_server_would_not(tmp_path: Path, dsn: str) -> None:
    relaxed = f"{dsn}&options=-csynchronous_commit%3Doff"
    store = PostgresqlStore(tmp_path / "events", [relaxed])
    assert store._value("SHOW synchronous_commit") == "on"
    store.close()


def test_a_stored_event_cannot_be_changed(tmp_path: Path) -> None:
    store = PostgresqlStore(tmp_path / "events")
    store.append([event(0)])
    for statement in ("UPDATE event SET text = 'bye'", "DELETE FROM event", "TRUNCATE event"):
        with (
            pytest.raises(psycopg.errors.RaiseException, match="never changes"),
            store._server.transaction() as connection,
        ):
            connection.execute(statement)
    store.close()


def test_readers_do_not_wait_for_an_append(tmp_path: Path) -> None:
    store, reader = PostgresqlStore(tmp_path / "events"), PostgresqlStore(tmp_path / "events")
    seen = []

    def slow() -> Iterator[Event]:
        yield from (event(number) for number in range(PAGE + 1))
        seen.append((reader.position, list(reader.read()), reader.pending()))
        yield event(PAGE + 1)

    store.append(slow())
    assert seen == [(0, [], 0)]
    assert reader.position == PAGE + 2
    store.close()
    reader.close()


def test_an_event_id_that_no_index_can_hold_is_named(tmp_path: Path) -> None:
    store = PostgresqlStore(tmp_path / "events")
    long = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))
    with pytest.raises(StoreError, match=r"event 'zz.* cannot be stored: .*index"):
        store.append([event(0), event(1, event_id="zz" + long)])
    assert store.position == 0
    store.close()


def test_two_stores_share_a_database_and_do_not_meet(tmp_path: Path) -> None:
    one, other = PostgresqlStore(tmp_path / "one"), PostgresqlStore(tmp_path / "other")
    one.append([event(0)])
    assert (one.position, other.position) == (1, 0)
    assert one.size_bytes() > 0
    moved = (tmp_path / "one").rename(tmp_path / "elsewhere")
    assert PostgresqlStore(moved).position == 1
    one.close()
    other.close()


_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_METADATA = st.dictionaries(
    _TEXT, _TEXT | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
)


@settings(max_examples=25)
@given(
    st.lists(
        st.builds(
            Event,
            event_id=_TEXT.filter(bool),
            session_id=_TEXT.filter(bool),
            timestamp=st.integers(EARLIEST, LATEST),
            text=_TEXT,
            kind=st.sampled_from(get_args(Kind)),
            role=st.sampled_from(get_args(Role)),
            agent=_TEXT,
            metadata=_METADATA,
        ),
        unique_by=lambda event: event.event_id,
        max_size=8,
    )
)
def test_it_holds_what_sqlite_holds(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    folder = tmp_path_factory.mktemp("stores")
    stores = [PostgresqlStore(folder / "events"), SqliteStore(folder / "events.db")]
    contents = []
    for store in stores:
        store.append(events[:5])
        store.append(events[3:])
        contents.append(
            (
                list(store.read()),
                store.agents(),
                store.newest(),
                store.pending(),
                store.get([e.event_id for e in events]),
            )
        )
        store.close()
    assert contents[0] == contents[1]
    assert [entry.event for entry in contents[0][0]] == events


def test_text_keeps_its_order_and_its_nuls() -> None:
    texts = sorted(
        ["", "\x00", "\x00\x00", "\x00\x01", "\x01", "\x01\x00", "\x01\x01", "\x02", "a", "a\x00b", "a\x01", "ab"]
    )
    assert [read_text(stored_text(text)) for text in texts] == texts
    assert sorted(map(stored_text, texts)) == [stored_text(text) for text in texts]
    assert not any("\x00" in stored_text(text) for text in texts)


def test_servers_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    absent = f"postgresql://someone@/nothing?host={tmp_path}"
    with pytest.raises(StoreError, match=rf"PostgreSQL at {tmp_path}/nothing cannot be used: .*see that it runs"):
        strata.open(tmp_path / "store", store="postgresql", servers=[absent])
    with pytest.raises(StoreError, match="holds a password"):
        strata.open(tmp_path / "store", store="postgresql", servers=[dsn.replace("postgres@", "postgres:secret@")])
    with pytest.raises(StoreError, match="cannot be read"):
        strata.open(tmp_path / "store", store="postgresql", servers=["postgresql://[::1/x"])
    monkeypatch.delenv(postgres.VARIABLE)
    with pytest.raises(StoreError, match="no PostgreSQL server is named: give --server DSN"):
        strata.open(tmp_path / "store", store="postgresql")
    assert not (tmp_path / "store").exists()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for module in ("strata.postgresql", "strata.postgresql_store"):
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MissingLibraryError, match=r"pip install 'retrospeed\[postgresql\]'"):
        strata.open(tmp_path / "store", store="postgresql", servers=[dsn])
    assert not (tmp_path / "store").exists()


def test_a_store_remembers_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    with strata.open(tmp_path / "store", store="postgresql", servers=[dsn]) as stack:
        assert stack.ingest([event(number) for number in range(3)]).added == 3
        assert stack.build(["toc", "bm25"]) == {"toc": 3, "bm25": 3}
    monkeypatch.delenv(postgres.VARIABLE)
    with strata.open(tmp_path / "store", create=False) as stack:
        assert (stack.store.position, stack.store.pending()) == (3, 0)
        assert [hit.text for hit in stack.search("bm25", "hello", 1)] == ["hello"]
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("CREATE DATABASE another")
    wrong = dsn.replace("/postgres?", "/another?")
    with strata.open(tmp_path / "store", servers=[wrong]) as stack, pytest.raises(StoreError, match="which was there"):
        _ = stack.store.position


def test_a_log_of_a_newer_format_and_one_of_something_else(tmp_path: Path) -> None:
    store = PostgresqlStore(tmp_path / "events")
    for change, said in (
        ("version = 9, kind = kind", "of format 9, this program reads up to 1"),
        ("version = 1, kind = 'x'", "of the x strata_"),
    ):
        with store._server.transaction() as connection:
            connection.execute(f"UPDATE signature SET {change}")
        with pytest.raises(StoreError, match=said):
            PostgresqlStore(tmp_path / "events")
    store.close()


def test_servers_are_named_without_their_passwords() -> None:
    secret = "postgresql://me:secret@db.example:5433/notes"
    assert named(secret) == "db.example:5433/notes"
    with pytest.raises(StoreError) as caught:
        without_password(secret)
    assert "secret" not in str(caught.value)


def test_the_command_line_makes_a_store_on_a_server(tmp_path: Path, dsn: str) -> None:
    trace = tmp_path / "trace.jsonl"
    trace.write_text('{"event_id": "a", "session_id": "s", "timestamp": 1, "text": "the walrus"}\n')

    made = run("ingest", "store", str(trace), "--store", "postgresql", "--server", dsn, folder=tmp_path)
    assert (made.returncode, made.stdout) == (0, f"{trace}: 1 event stored, 0 already there\n")
    assert run("build", "store", "--layer", "toc", folder=tmp_path).returncode == 0
    assert "1 event," in run("stats", "store", folder=tmp_path).stdout
    absent = run(
        "ingest", "b", str(trace), "--store", "postgresql", "--server", f"host={tmp_path} dbname=x", folder=tmp_path
    )
    assert (absent.returncode, absent.stdout) == (2, "")
    assert (
        absent.stderr.startswith(f"strata: PostgreSQL at {tmp_path}/x cannot be used")
        and "Traceback" not in absent.stderr
    )
