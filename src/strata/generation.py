"""Generations of an index on disk: a new one is written beside the old one and takes its place in one rename.

    <root>/CURRENT           name of the generation that counts
    <root>/generation-7/     its files, and manifest.json with the log position it holds
    <root>/LOCK              held while a generation is written or cleaned away

A process that is killed at any moment leaves the old generation or the new one, never a mix: CURRENT is
replaced only after every file of the new generation and its folder have reached the disk.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from strata.errors import StoreError

Loaded = TypeVar("Loaded")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a generation says of itself: its layout and the log position it holds."""

    format: str
    version: int
    position: int


class Generations:
    """The generations under one folder. `format` names the layout of their files, `version` its revision."""

    def __init__(self, root: Path, format: str, version: int) -> None:
        self._root = root
        self._format = format
        self._version = version
        root.mkdir(parents=True, exist_ok=True)
        with self._lock(wait=False) as held:
            if held:
                self._remove_leftovers()

    def load(self, read: Callable[[Path], Loaded]) -> tuple[int, Loaded] | None:
        """The position of the current generation and what `read` makes of its folder; None if there is none.

        A generation of an older version counts as none: an index is rebuilt from the log.
        Reads again if another process put a new generation in place, and removed this one, meanwhile.
        Raises StoreError if the generation was made by a newer program, or is broken.
        """
        while (name := self._current()) is not None:
            folder = self._root / name
            try:
                manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
                if manifest.format != self._format or manifest.version > self._version:
                    raise StoreError(
                        f"{self._root} holds a {manifest.format} index of version {manifest.version}, this program "
                        f"reads {self._format} up to version {self._version}: update it or delete the folder"
                    )
                if manifest.version < self._version:
                    return None
                return manifest.position, read(folder)
            except (OSError, ValueError, EOFError) as error:
                if self._current() == name:
                    raise StoreError(f"{folder} cannot be read ({error}): delete {self._root} to rebuild it") from error
        return None

    @contextmanager
    def write(self, position: int, *, follows: int = 0) -> Iterator[Path]:
        """Give an empty folder to fill; on leaving, it becomes the current generation durably, or nothing changes.

        `follows` is the position of the generation that the new one continues. Raises StoreError if that is no
        longer the current one: two processes extend the index at once.
        """
        with self._lock(wait=True):
            self._remove_leftovers()
            current = self._current()
            found = self._position(current)
            if found != follows:
                raise StoreError(
                    f"{self._root} was extended to position {found} by another process while this one worked on "
                    f"position {follows}: open it again"
                )
            number = int(current.rpartition("-")[2]) + 1 if current else 1
            folder = self._root / f"generation-{number}"
            folder.mkdir()
            try:
                yield folder
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            manifest = Manifest(format=self._format, version=self._version, position=position)
            (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
            for file in folder.rglob("*"):
                sync(file)
            sync(folder)
            replace(self._root / "CURRENT", folder.name.encode())
            self._remove_leftovers()

    def size_bytes(self) -> int:
        """Bytes of the current generation's files."""
        name = self._current()
        return sum(file.stat().st_size for file in (self._root / name).rglob("*") if file.is_file()) if name else 0

    def _current(self) -> str | None:
        try:
            return (self._root / "CURRENT").read_text()
        except FileNotFoundError:
            return None

    def _position(self, name: str | None) -> int:
        if name is None:
            return 0
        manifest = msgspec.json.decode((self._root / name / "manifest.json").read_bytes(), type=Manifest)
        return manifest.position if manifest.version == self._version else 0

    def _remove_leftovers(self) -> None:
        current = self._current()
        for path in self._root.iterdir():
            if path.name.startswith("generation-") and path.name != current:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _lock(self, wait: bool) -> Iterator[bool]:
        with (self._root / "LOCK").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


@contextmanager
def unchanged_by_failure(index: object) -> Iterator[None]:
    """Put the attributes of an index back if the block raises: what is in memory must not be ahead of the disk."""
    before = dict(vars(index))
    try:
        yield
    except BaseException:
        vars(index).clear()
        vars(index).update(before)
        raise


def replace(path: Path, content: bytes) -> None:
    """Put a file in place durably and in one step: a reader sees the old content or the new."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
