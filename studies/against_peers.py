"""strata's layers and its routed query beside what a user would pick instead, in one run, in turns.

    RETROSPEED_DATA=... python studies/against_peers.py --markdown peers.md --json peers.json
    python studies/against_peers.py --beir FOLDER --peers sqlite-fts5 --queries 20

All get the same documents, questions and vectors, on one thread each. Every peer has a fresh process a round; builds
go one after the other in random order, and questions in blocks, between which the peers take turns in random order.
A peer that is not installed, or that breaks, has a line that says so.
"""

import multiprocessing
import random
import sys
import tempfile
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer
from rich.console import Console

from judged_options import DEFAULT_CACHE, Cache, Conversations, Data, Documents, folders
from peers.inputs import Source, environment
from peers.peer import Kind
from peers.registry import REGISTRY
from peers.report import Row, markdown, table
from peers.worker import serve

BLOCK = 10
PATIENCE = 300
"""Seconds after which a peer that does not answer is given up."""


def main(
    data: Data = None,
    documents: Documents = [],  # noqa: B006 typer copies it
    spoken: Conversations = [],  # noqa: B006
    peers: Annotated[
        list[str],
        typer.Option(help="Only this peer, and strata's default of its kind; may be repeated. A kind means all of it."),
    ] = [],  # noqa: B006
    queries: Annotated[int, typer.Option(min=1, help="Questions that are timed; all are judged.")] = 150,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each peer.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the order of turns, and of which questions are timed.")] = 1,
    cache: Cache = DEFAULT_CACHE,
    as_markdown: Annotated[Path | None, typer.Option("--markdown", help="Write the tables here too.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print build time, latency, memory and quality of each peer, and their ratios to strata's default."""
    chosen = _chosen(peers)
    sources = folders(data, documents, spoken)
    environment()
    console, chance = Console(width=180), random.Random(seed)
    tables: dict[str, dict[str, list[Row]]] = {}
    with tempfile.TemporaryDirectory() as place:
        for layout, folder in sources:
            source = Source(layout, folder, Path(place) / folder.name / "vectors")
            with console.status(f"embedding {folder.name}"):
                source.embed(cache)
            for kind in get_args(Kind):
                names = [name for name in chosen if REGISTRY[name].kind == kind]
                if not names:
                    continue
                with console.status(f"{folder.name}: {kind}"):
                    rows = measure(names, source, source.vectors.parent / kind, queries, rounds, chance)
                tables.setdefault(folder.name, {})[kind] = rows
                console.print(table(folder.name, kind, rows))
                # After each, so that a run that is stopped keeps what it has.
                if as_markdown:
                    as_markdown.write_text(markdown(tables), encoding="utf-8")
                if as_json:
                    as_json.write_bytes(msgspec.json.format(msgspec.json.encode(tables)))


def _chosen(asked: list[str]) -> list[str]:
    known = [*REGISTRY, *get_args(Kind)]
    for name in asked:
        if name not in known:
            raise typer.BadParameter(f"no peer is called {name!r}: there is {', '.join(known)}")
    if not asked:
        return list(REGISTRY)
    firsts = {entry.kind: name for name, entry in reversed(REGISTRY.items())}
    wanted = {*asked, *(firsts[REGISTRY[name].kind] for name in asked if name in REGISTRY)}
    return [name for name, entry in REGISTRY.items() if name in wanted or entry.kind in wanted]


def measure(
    names: list[str], source: Source, folder: Path, queries: int, rounds: int, chance: random.Random
) -> list[Row]:
    """The figures of some peers on one collection: they live side by side, a fresh process each a round."""
    rows = {name: Row(name=name) for name in names}
    count = len(source.read().questions)
    timed = chance.sample(range(count), min(queries, count))
    folder.mkdir()
    for turn in range(rounds):
        _round([row for row in rows.values() if not row.failure], source, folder / str(turn), timed, chance, turn == 0)
    return [row.summed() for row in rows.values()]


def _round(
    rows: list[Row], source: Source, folder: Path, timed: list[int], chance: random.Random, judged: bool
) -> None:
    folder.mkdir()
    workers = {row.name: Worker(row, source, folder / str(number)) for number, row in enumerate(rows)}
    try:
        # All load their libraries at once; nothing is timed yet.
        live = [worker for worker in workers.values() if worker.get("versions")]
        chance.shuffle(live)
        live = [worker for worker in live if worker.ask("build")]
        for start in range(0, len(timed), BLOCK):
            chance.shuffle(live)
            live = [worker for worker in live if worker.ask(("time", timed[start : start + BLOCK]))]
        if judged:
            for worker in live:
                worker.send("quality")
            live = [worker for worker in live if worker.get("quality")]
        for worker in live:
            worker.end()
    finally:
        for worker in workers.values():
            worker.stop()


class Worker:
    """A peer's process, and the row that its figures go to."""

    def __init__(self, row: Row, source: Source, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._row = row
        self._pipe: Connection
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=serve, args=(theirs, row.name, source, folder), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, task: Any) -> None:
        """Give it something to do."""
        self._pipe.send(task)

    def ask(self, task: Any) -> bool:
        """Give it something to do, and wait for it; whether it went well."""
        self.send(task)
        return self.get(task if isinstance(task, str) else task[0])

    def get(self, task: str) -> bool:
        """Wait for the answer to a task; whether it went well."""
        try:
            patient = self._pipe.poll(PATIENCE)
            answer = self._pipe.recv() if patient else f"broke: no answer to {task!r} in {PATIENCE} s"
        except EOFError:
            answer = f"broke: its process ended with code {self._process.exitcode}"
        if isinstance(answer, str):
            self._row.failure = answer
            return False
        if task == "time":
            self._row.seconds += answer[0]
            self._row.cpu_seconds += answer[1]
        else:
            self._row.take(answer)
        return True

    def end(self) -> None:
        """Ask for its peak of memory, unless the judging has told it, and let it go."""
        self.send(None)
        peak = self._pipe.recv()
        if not self._row.measured("peak_mb"):
            self._row.take({"peak_mb": peak})

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.join(timeout=1 if self._row.failure else 10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()


if __name__ == "__main__":
    sys.exit(typer.run(main))
