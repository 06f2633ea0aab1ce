"""Where a worker measures: a folder on its computer with a clone, the suites it was sent, and asv's environments.

    {cache}/retrospeed/backfill/{host}-{machine}/
        lock                         held by whoever measures, and by asv itself
        parcels/{digest}             what was sent
        clone.git/                   the commits of all parcels
        suites/{digest, short}/      one suite; its `results` are those of the order being worked on
        environments/                asv's, for all suites
        run.log                      what asv printed last

It may be deleted at any time at which nothing is measured.
"""

import fcntl
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from retrospeed import whole_file
from retrospeed.backfill.messages import Order
from retrospeed.backfill.parcel import CONFIG
from retrospeed.errors import RetrospeedError

FOLDER = "RETROSPEED_BACKFILL"
"""Environment variable: the folder to use instead of the one in the user's cache."""
_RETRY = 0.5


class AbandonedError(Exception):
    """Nobody waits for the order any more."""


class Workshop:
    """The folder of one machine on one host."""

    def __init__(self, host: str, machine: str) -> None:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        base = os.environ.get(FOLDER) or Path(cache) / "retrospeed" / "backfill"
        self.folder = Path(base).absolute() / f"{host}-{machine}"
        self._parcels = self.folder / "parcels"

    def has(self, digest: str) -> bool:
        """Whether this parcel is here."""
        return (self._parcels / digest).is_file()

    def keep(self, digest: str, content: bytes) -> None:
        """Keep a parcel."""
        self._parcels.mkdir(parents=True, exist_ok=True)
        whole_file.write(self._parcels / digest, content)

    @contextmanager
    def locked(self, abandoned: Callable[[], bool]) -> Iterator[int]:
        """Wait until nothing else measures here; the file descriptor of the lock, for what is started meanwhile.

        Raises AbandonedError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        pause = Event()
        with (self.folder / "lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if abandoned():
                        raise AbandonedError from None
                    pause.wait(_RETRY)
            yield lock.fileno()

    def prepare(self, order: Order) -> Path:
        """The folder of the order's suite, ready to be run. Raises RetrospeedError."""
        clone = self._clone(order)
        folder = self.folder / "suites" / order.suite[:16]
        if not folder.is_dir():
            partial = folder.with_name(f".{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            packed = io.BytesIO((self._parcels / order.suite).read_bytes())
            with tarfile.open(fileobj=packed, mode="r:gz") as tar:
                tar.extractall(partial, filter="data")
            (partial / CONFIG).replace(partial / "shipped.json")
            partial.replace(folder)
        config = json.loads((folder / "shipped.json").read_text(encoding="utf-8"))
        config |= {
            "repo": str(clone),
            # asv takes these for commits to list the benchmarks with, should the one to be measured not build.
            "branches": [*order.buildable, *order.tips],
            "env_dir": str(self.folder / "environments"),
            "results_dir": "results",
            "html_dir": "html",
        }
        (folder / CONFIG).write_text(json.dumps(config, indent=4), encoding="utf-8")
        results = folder / "results"
        shutil.rmtree(results, ignore_errors=True)
        (results / order.machine).mkdir(parents=True)
        for name, content in order.known.items():
            (results / order.machine / name).write_bytes(content)
        return folder

    def _clone(self, order: Order) -> Path:
        clone = self.folder / "clone.git"
        if not (clone / "HEAD").is_file():
            _git(self.folder, "init", "--quiet", "--bare", str(clone))
        if all(_has_commit(clone, tip) for tip in order.tips):
            return clone
        if order.shallow:
            shallow = clone / "shallow"
            known = set(shallow.read_text().split()) if shallow.is_file() else set()
            shallow.write_text("".join(f"{line}\n" for line in sorted(known | set(order.shallow.split()))))
        _git(clone, "index-pack", "--stdin", content=(self._parcels / order.history).read_bytes())
        for tip in order.tips:
            # What no branch reaches, git may throw away.
            _git(clone, "update-ref", f"refs/heads/{tip}", tip)
        _git(clone, "symbolic-ref", "HEAD", f"refs/heads/{order.tips[0]}")
        return clone


def _has_commit(clone: Path, commit: str) -> bool:
    command = ["git", "-C", str(clone), "rev-parse", "--verify", "--quiet", f"refs/heads/{commit}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _git(folder: Path, *arguments: str, content: bytes | None = None) -> None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, input=content, capture_output=True, check=False)
    except OSError as error:
        raise RetrospeedError(f"git cannot be run: {error.strerror}.") from error
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()
        raise RetrospeedError(f"git {arguments[0]} failed in {folder}: {words}.")
