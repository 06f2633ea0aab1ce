"""The private virtualenv of one commit: its own packages, and behind them those of a shared environment."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import msgspec
from asv import util
from asv.console import log

from retrospeed.tree_snapshot import Entries, snapshot, sweep

RECORD = "commit.json"
# Sorts after the names that packages give their own .pth files, so that those keep their place.
LINK = "zz_shared_dependencies.pth"
SCRATCH = {
    "TMPDIR": "tmp",
    "TEMP": "tmp",
    "TMP": "tmp",
    "XDG_CACHE_HOME": "cache",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
}


class Stamp(msgspec.Struct, frozen=True):
    """All that decides what a commit's virtualenv holds; one made under another stamp is not used."""

    commit: str
    """The commit's full hash."""
    shared: str
    """Identity of the shared environment it stands on."""
    commands: str
    """How the project is built and installed."""


class _Record(msgspec.Struct, frozen=True):
    stamp: Stamp
    entries: Entries


class CommitVenv:
    """A folder holding one commit's virtualenv; complete if, and only if, it has been sealed.

    `path` is where it is or will be; `shared` is the virtualenv whose packages it sees after its own.
    """

    def __init__(self, path: Path, shared: Path) -> None:
        self.path = path
        self.shared = shared

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @cached_property
    def site_packages(self) -> Path:
        return site_packages(self.path)

    @property
    def scratch(self) -> dict[str, str]:
        """Environment variables that keep temporary files and caches inside this folder."""
        return {variable: str(self.path / name) for variable, name in SCRATCH.items()}

    def create(self) -> None:
        """Make the virtualenv anew, with nothing installed. Raises asv.util.ProcessError."""
        self.remove()
        command = [sys.executable, "-m", "virtualenv", "--quiet", "--no-seed", "-p", str(self.shared / "bin/python")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("VIRTUALENV_")}
        try:
            subprocess.run([*command, str(self.path)], check=True, capture_output=True, text=True, env=environment)
        except subprocess.CalledProcessError as error:
            log.error(f"{error}\n{error.stdout}{error.stderr}")
            raise util.ProcessError(error.cmd, error.returncode, error.stdout, error.stderr) from error
        # addsitedir, unlike a bare path, also obeys the .pth files it finds there.
        link = f"import site; site.addsitedir({str(site_packages(self.shared))!r})\n"
        (self.site_packages / LINK).write_text(link, encoding="utf-8")
        self._mirror_executables()
        for name in set(SCRATCH.values()):
            (self.path / name).mkdir()

    def _mirror_executables(self) -> None:
        """Offer the shared environment's commands here too, run by this virtualenv's interpreter.

        So `pip install`, as well as `python -m pip install`, installs into this virtualenv.
        """
        own, shared = self.path / "bin", self.shared / "bin"
        for original in sorted(shared.iterdir()):
            copy = own / original.name
            if copy.is_symlink() or copy.exists() or original.name.startswith("python"):
                continue
            with original.open("rb") as stream:
                # Long paths are wrapped: the interpreter then stands on the second line.
                head = b"".join(stream.readline(4096) for _ in range(3))
                if head.startswith(b"#!") and bytes(shared) in head:
                    copy.write_bytes(head.replace(bytes(shared), bytes(own)) + stream.read())
                    shutil.copymode(original, copy)
                else:
                    copy.symlink_to(original)

    def seal(self, stamp: Stamp) -> None:
        """Declare the virtualenv complete: what it holds now is what every use of it will find."""
        record = _Record(stamp, snapshot(self.path, {RECORD}))
        unfinished = self.path / f"{RECORD}.part"
        unfinished.write_bytes(msgspec.json.encode(record))
        unfinished.replace(self.path / RECORD)

    def is_sealed(self, stamp: Stamp) -> bool:
        """Whether the virtualenv is complete and was made under just this stamp."""
        record = self._record()
        return record is not None and record.stamp == stamp

    def sweep(self) -> bool:
        """Remove all that was written here since it was sealed; False if it is not as it was sealed even so."""
        record = self._record()
        return record is not None and not sweep(self.path, record.entries, {RECORD})

    def mark_used(self) -> None:
        """Note that the virtualenv is in use now (see `last_used`)."""
        now = time.time_ns()
        os.utime(self.path / RECORD, ns=(now, now))

    def last_used(self) -> float:
        """Seconds since the epoch; 0 for one that is not sealed."""
        try:
            return (self.path / RECORD).stat().st_mtime
        except OSError:
            return 0.0

    def remove(self) -> None:
        if not self.path.exists():
            return
        # Without its record it is no longer used, however far the removal of the rest gets.
        (self.path / RECORD).unlink(missing_ok=True)
        shutil.rmtree(self.path)

    def _record(self) -> _Record | None:
        try:
            return msgspec.json.decode((self.path / RECORD).read_bytes(), type=_Record)
        except (OSError, msgspec.DecodeError):
            return None


def remove_longest_unused(venvs: Sequence[CommitVenv], kept: int, since: float, kept_since: int) -> None:
    """Remove all but the `kept` used last; of those used after `since` (epoch seconds), `kept_since` stay instead."""
    for rank, venv in enumerate(sorted(venvs, key=CommitVenv.last_used, reverse=True)):
        used_now = venv.last_used() >= since and rank < kept_since
        if not ((rank < kept and venv.last_used()) or used_now):
            venv.remove()


def site_packages(venv: Path) -> Path:
    """Where a virtualenv keeps its packages. Raises FileNotFoundError."""
    for path in sorted(venv.glob("lib/*/site-packages")):
        return path
    raise FileNotFoundError(f"{venv} has no lib/*/site-packages: it is not a whole virtualenv; delete it")
