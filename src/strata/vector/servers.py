"""Several PostgreSQL servers asked at once, each in a thread; one that does not answer holds nobody up for long."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from strata.errors import StoreError
from strata.postgresql import Connection, Server

ANSWER_SECONDS = 5.0
THREADS = 32


class Servers:
    """The servers by their number, which is their place in the list of DSNs."""

    def __init__(self, dsns: Sequence[str], prepare: Callable[[int, Connection], None]) -> None:
        """`prepare` is called with the number and every new connection. Raises StoreError if a DSN cannot be read."""
        self._servers = [
            Server(dsn, lambda connection, number=number: prepare(number, connection))  # type: ignore[misc]
            for number, dsn in enumerate(dsns)
        ]
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def __len__(self) -> int:
        return len(self._servers)

    def __getitem__(self, number: int) -> Server:
        """Raises StoreError if no DSN is given for that number."""
        if number >= len(self._servers):
            raise StoreError(f"server {number + 1} of the vectors is not named: name as many as when they were built")
        return self._servers[number]

    def ask(
        self, numbers: Iterable[int], query: str, parameters: Sequence[Any] | Mapping[str, Any]
    ) -> tuple[dict[int, list[tuple[Any, ...]]], dict[int, str]]:
        """The rows of each server that answered, and why each other did not."""
        if self._pool is None or self._process != os.getpid():
            # The threads of a pool are not there in a forked process.
            self._pool, self._process = ThreadPoolExecutor(THREADS, "strata-servers"), os.getpid()
        waiting = {
            self._pool.submit(lambda number=number: self[number].rows(query, parameters, binary=True)): number  # type: ignore[misc]
            for number in sorted(set(numbers))
        }
        _, late = wait(waiting, ANSWER_SECONDS)
        answers: dict[int, list[tuple[Any, ...]]] = {}
        reasons: dict[int, str] = {}
        for future, number in waiting.items():
            if future in late:
                self[number].abandon()
                reasons[number] = f"PostgreSQL at {self[number].name} did not answer within {ANSWER_SECONDS:g} s"
                continue
            try:
                answers[number] = future.result()
            except StoreError as error:
                reasons[number] = str(error)
        return answers, reasons

    def close(self) -> None:
        for server in self._servers:
            server.close()
        if self._pool is not None and self._process == os.getpid():
            self._pool.shutdown(wait=False)
        self._pool = None
