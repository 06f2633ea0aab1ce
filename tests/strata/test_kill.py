"""SIGKILL at random moments, during ingest and during build.

A child process does the work and reports each acknowledgement through a pipe before it goes on; the parent kills it
after a random time. Whatever was acknowledged must be there when the store is opened again, every index must open, and
after the next build every index must answer exactly as an undisturbed one does.

The children are forked from a server process that has the stack imported, so that a kill costs milliseconds. The vector
layer gets an embedder that draws each text's vector from its checksum: what is tested is what reaches the disk.
"""

import random
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import strata
from strata import Event
from strata.engines import DEFAULTS, ENGINES, INDEXES, load
from strata.hit import Hit
from tests.strata import forked, installed

KILLS = 50
KILLS_OF_OTHERS = 8
"""For each engine that is no default."""
ENOUGH = 5
"""Kills that must have hit work in progress, however busy the machine is; usually most do."""
EVENTS = 240
APPENDED = 20
BATCH = 20
SEED = 20_240_115
VOCABULARY = ["orders", "index", "server", "coffee", "migration", "budget", "review", "plan", "walrus"]
QUERIES = ("walrus budget", "orders index", "coffee")


class ChecksumEmbedder:
    """Unit vectors drawn with the text's checksum as the seed."""

    space = "checksum/1"
    dimensions = 16

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        drawn = [np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dimensions) for text in texts]
        vectors = np.array(drawn, np.float32).reshape(len(texts), self.dimensions)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def register_embedder() -> None:
    ENGINES.setdefault("embedder", {})["checksum"] = f"{__name__}:ChecksumEmbedder"


def event(number: int) -> Event:
    words = random.Random(number).choices(VOCABULARY, k=12)
    return Event(
        event_id=f"e{number}",
        session_id=f"s{number % 7}",
        agent=f"a{number % 3}",
        timestamp=1_700_000_000_000 + number * 120_000,
        text=f"Message {number} says: {' '.join(words)}.",
    )


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """The server that children are forked from; what they register is theirs, what the tests register goes again."""
    known = dict(ENGINES.get("embedder", {}))
    forked.start_server()
    yield
    if "embedder" in ENGINES:
        ENGINES["embedder"].clear()
        ENGINES["embedder"].update(known)


def kill_after(delay: float, target: Callable[..., None], *arguments: object) -> tuple[list[Any], bool]:
    """Run `target(*arguments, pipe)` in a process and kill it `delay` seconds after it is ready.

    Returns what it had sent, and whether the kill came before it was done.
    """
    receiver, sender = forked.processes.Pipe(duplex=False)
    child = forked.child_of(target, *arguments, sender)
    child.start()
    sender.close()
    assert receiver.recv() == "ready"
    time.sleep(delay)
    child.kill()
    child.join()
    received: list[Any] = []
    try:
        while True:
            received.append(receiver.recv())
    except EOFError:
        receiver.close()
        return received, child.exitcode != 0


def append_on(path: Path, engine: str, start: int, pipe: Connection) -> None:
    store = load("store", engine)(path)
    pipe.send("ready")
    for first in range(start, start + 1_000_000, APPENDED):
        store.append([event(number) for number in range(first, first + APPENDED)])
        pipe.send(first + APPENDED)


@pytest.mark.parametrize("engine", sorted(ENGINES["store"]))
def test_no_acknowledged_event_is_lost_when_ingest_is_killed(tmp_path: Path, engine: str) -> None:
    chance = random.Random(SEED)
    opened = installed.engine("store", engine)
    trial = opened(tmp_path / "trial.db")
    start = time.perf_counter()
    for first in range(0, 5 * APPENDED, APPENDED):
        trial.append([event(number) for number in range(first, first + APPENDED)])
    longest = time.perf_counter() - start
    trial.close()
    path = tmp_path / "events.db"
    stored = grown = 0
    for _ in range(KILLS):
        acknowledged, _killed = kill_after(chance.uniform(0, longest), append_on, path, engine, stored)
        store = opened(path)
        store.append([])  # waits until a server has ended, or taken back, what its killed client had begun
        ids = [entry.event.event_id for entry in store.read()]
        assert len(ids) >= max([stored, *acknowledged])
        assert len(ids) % APPENDED == 0, "an append is stored whole or not at all"
        assert ids[stored:] == [f"e{number}" for number in range(stored, len(ids))]
        assert store.pending() == len(ids), "what is stored is in the outbox too"
        grown += len(ids) > stored
        stored = len(ids)
        store.close()
    assert grown > ENOUGH, "the kills came too early to show anything"


def create_and_append(path: Path, engine: str, pipe: Connection) -> None:
    load("store", engine)
    pipe.send("ready")
    with strata.open(path, store=engine) as stack:
        stack.ingest([event(0)])
        pipe.send(1)


@pytest.mark.parametrize("engine", sorted(ENGINES["store"]))
def test_a_store_whose_creation_is_killed_can_be_used(tmp_path: Path, engine: str) -> None:
    installed.engine("store", engine)
    chance = random.Random(SEED)
    interrupted = 0
    start = time.perf_counter()
    with strata.open(tmp_path / "trial", store=engine) as stack:
        stack.ingest([event(0)])
    longest = max(0.02, time.perf_counter() - start)
    for number in range(KILLS):
        path = tmp_path / f"store-{number}"
        acknowledged, _killed = kill_after(chance.uniform(0, longest), create_and_append, path, engine)
        interrupted += not acknowledged
        with strata.open(path, store=engine) as stack:
            stack.ingest([])  # waits as above
            before = stack.store.position
            assert before >= len(acknowledged)
            assert stack.ingest([event(0), event(1)]).added == 2 - before
    assert interrupted, "the kills came too late to show anything"


def open_stack(path: Path, engines: dict[str, str]) -> strata.Strata:
    register_embedder()
    return strata.open(path, **engines, embedder="checksum")  # type: ignore[arg-type]


def small_batches(stack: strata.Strata) -> None:
    for layer in INDEXES:
        index: Any = stack.index(layer)
        index.batch_size = BATCH
        if hasattr(index, "tail"):
            index.tail = 2 * BATCH  # so that segments are made, kept and made anew


def build(path: Path, engines: dict[str, str], pipe: Connection) -> None:
    stack = open_stack(path, engines)
    small_batches(stack)
    pipe.send("ready")
    stack.build(progress=lambda layer, position, end: pipe.send((layer, position)))


def answers(stack: strata.Strata) -> dict[str, list[list[Hit]]]:
    return {layer: [stack.search(layer, query, 20) for query in QUERIES] for layer in INDEXES}


DEFAULT = {layer: DEFAULTS[layer] for layer in INDEXES}
COMBINATIONS = [DEFAULT] + [
    DEFAULT | {layer: name} for layer in INDEXES for name in ENGINES[layer] if name != DEFAULTS[layer]
]
"""The defaults together, and every other engine among them."""


@pytest.mark.parametrize("engines", COMBINATIONS, ids=lambda engines: "+".join(engines.values()))
def test_no_index_is_harmed_when_build_is_killed(tmp_path: Path, engines: dict[str, str]) -> None:
    for layer, name in engines.items():
        installed.engine(layer, name)
    chance = random.Random(SEED)
    whole = tmp_path / "whole"
    with open_stack(whole, engines) as stack:
        stack.ingest([event(number) for number in range(EVENTS)])
    victim = tmp_path / "victim"
    shutil.copytree(whole, victim)
    with open_stack(whole, engines) as stack:
        small_batches(stack)
        start = time.perf_counter()
        stack.build()
        longest = time.perf_counter() - start
        expected = answers(stack)
        lengths = {layer: len(stack.index(layer)) for layer in INDEXES}
    cut_short = 0
    for _ in range(KILLS if engines == DEFAULT else KILLS_OF_OTHERS):
        reached, killed = kill_after(chance.uniform(0, longest), build, victim, engines)
        cut_short += killed
        with open_stack(victim, engines) as stack:
            positions = {layer: stack.index(layer).position for layer in INDEXES}
            for layer, position in positions.items():
                assert max([0, *(at for name, at in reached if name == layer)]) <= position
                assert position % BATCH == 0, "a batch is taken in whole or not at all"
            assert stack.store.position == EVENTS
            verify = min(positions.values()) == EVENTS or chance.random() < 0.3
            if verify:
                stack.build()
                assert answers(stack) == expected
                assert {layer: len(stack.index(layer)) for layer in INDEXES} == lengths
                assert stack.store.pending() == 0
        if verify:
            for layer in INDEXES:
                shutil.rmtree(victim / layer)
    assert cut_short > (ENOUGH if engines == DEFAULT else 1), "the kills came too late to show anything"
