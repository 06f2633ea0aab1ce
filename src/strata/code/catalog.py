"""Which version of each file the log holds: an index over the log like any other, in one file.

A version of a file is a session. Its first event, a `session_start`, carries in its metadata the tree's `root`, the
file's `path`, the `sha256` of its content and by what it was `cut`; its chunks follow. A version that was replaced or
whose file is gone is retired (`strata.retired`).
"""

from pathlib import Path

import msgspec

from strata.event import Event
from strata.generation import replace
from strata.protocols import EventStore
from strata.retired import retires

VERSION = 1


class Version(msgspec.Struct, frozen=True, array_like=True):
    """The version of a file that is found now."""

    session_id: str
    sha256: str
    cut: str


class _Kept(msgspec.Struct):
    version: int = VERSION
    position: int = 0
    trees: dict[str, dict[str, Version]] = {}
    """Root -> path -> version."""
    counts: dict[str, int] = {}
    """Path -> versions of it that there ever were, in all trees."""


class Catalog:
    """The catalog in `file`, made from the log where it is missing, damaged or of another layout."""

    def __init__(self, file: Path, store: EventStore) -> None:
        self._file = file
        self._store = store
        try:
            kept = msgspec.msgpack.decode(file.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            kept = _Kept()
        self._kept = kept if kept.version == VERSION and kept.position <= store.position else _Kept()
        self.catch_up()

    def catch_up(self) -> None:
        """Take in what the log holds after the catalog's position, and keep it durably."""
        before = self._kept.position
        for entry in self._store.read(before):
            self._take(entry.event)
            self._kept.position = entry.position
        if self._kept.position != before:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace(self._file, msgspec.msgpack.encode(self._kept))

    def files(self, root: str) -> dict[str, Version]:
        """The files of a tree by their paths."""
        return self._kept.trees.get(root, {})

    def next_session(self, path: str) -> str:
        """Id of the session that a new version of a file makes: the path, and from the second on its number.

        No path of a file has two slashes in a row, so no two sessions have one id.
        """
        count = self._kept.counts.get(path, 0) + 1
        return path if count == 1 else f"{path}//{count}"

    def _take(self, event: Event) -> None:
        fields = event.metadata
        root, path = fields.get("root"), fields.get("path")
        if not isinstance(root, str) or not isinstance(path, str):
            return
        tree = self._kept.trees.setdefault(root, {})
        if retires(event):
            if path in tree and tree[path].session_id == event.session_id:
                del tree[path]
        elif event.kind == "session_start":
            tree[path] = Version(event.session_id, str(fields.get("sha256")), str(fields.get("cut")))
            self._kept.counts[path] = self._kept.counts.get(path, 0) + 1
