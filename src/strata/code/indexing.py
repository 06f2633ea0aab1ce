"""From a source tree to the log: what is new or changed is cut into chunks, what was replaced or is gone is retired."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from strata.code.catalog import Catalog, Version
from strata.code.chunks import REVISION, cut
from strata.code.languages import INSTALL, LANGUAGES, definitions, language_of, parser_version
from strata.code.source_tree import LARGEST, Listing, SourceFile, list_files, read_source
from strata.errors import StoreError
from strata.event import EARLIEST, LATEST, Event
from strata.protocols import EventStore
from strata.retired import RETIRED

BATCH = 5_000
"""Events stored in one transaction; a file is never in two."""

Progress = Callable[[int, int], None]
"""Called with how many files were looked at, and how many there are."""


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a tree: counts of files, the chunks that are new, and the reason for each file left out."""

    added: int
    changed: int
    unchanged: int
    removed: int
    chunks: int
    skipped: dict[str, str]
    notes: tuple[str, ...]


def index_tree(
    store: EventStore, folder: Path, root: Path, largest: int = LARGEST, progress: Progress | None = None
) -> Indexed:
    """Bring the log up to date with the files under `root`; `folder`, in the store's own, keeps the catalog of files.

    Files are told apart by their content: one whose bytes and parser are the same as before is passed over. A run that
    is killed goes on where it was. Raises StoreError if `root` cannot be read, or another run is under way.
    """
    root = root.resolve()
    listing = list_files(root, folder.parent.resolve())
    with _alone(folder):
        return _index(store, Catalog(folder / "files.msgpack", store), root, listing, largest, progress)


def _index(
    store: EventStore, catalog: Catalog, root: Path, listing: Listing, largest: int, progress: Progress | None
) -> Indexed:
    known = dict(catalog.files(str(root)))
    skipped = dict(listing.unreadable)
    missing_parsers: set[str] = set()
    added = changed = unchanged = chunks = 0
    batch: list[Event] = []
    for number, path in enumerate(listing.paths, 1):
        if progress is not None:
            progress(number, len(listing.paths))
        source = read_source(root / path, largest)
        if isinstance(source, str):
            skipped[_printable(path)] = source
            continue
        language = language_of(path)
        parser = parser_version(language) if language else None
        if language and parser is None:
            missing_parsers.add(LANGUAGES[language].package)
        by = f"{parser or 'lines'}, revision {REVISION}"
        before = known.pop(path, None)
        if before and (before.sha256, before.cut) == (source.sha256, by):
            unchanged += 1
            continue
        if before:
            changed += 1
            batch.append(_end(root, path, before))
        else:
            added += 1
        start, *pieces = _events(root, path, catalog.next_session(path), source, by, language if parser else None)
        batch += [start, *pieces]
        chunks += len(pieces)
        if len(batch) >= BATCH:
            store.append(batch)
            batch = []
    # What is left of the known files is gone, or is no source text any more.
    store.append([*batch, *(_end(root, path, version) for path, version in sorted(known.items()))])
    catalog.catch_up()
    notes = [listing.note] if listing.note else []
    if missing_parsers:
        notes.append(f"cut by lines for want of {', '.join(sorted(missing_parsers))}: {INSTALL}")
    return Indexed(
        added=added,
        changed=changed,
        unchanged=unchanged,
        removed=len(known),
        chunks=chunks,
        skipped=dict(sorted(skipped.items())),
        notes=tuple(notes),
    )


def _events(root: Path, path: str, session: str, source: SourceFile, by: str, language: str | None) -> Iterator[Event]:
    """The events of one version of a file: its start, then a chunk each."""
    modified = min(max(source.modified, EARLIEST), LATEST)
    yield Event(
        event_id=f"{session}:start",
        session_id=session,
        timestamp=modified,
        text="",
        kind="session_start",
        role="system",
        metadata={"root": str(root), "path": path, "sha256": source.sha256, "cut": by},
    )
    for chunk in cut(source.text, definitions(source.text, language) if language else ()):
        yield Event(
            event_id=f"{session}:{chunk.first}-{chunk.last}",
            session_id=session,
            timestamp=modified,
            # A question may name the file or the class, which the lines of a method seldom do.
            text=f"{path} {chunk.symbol}".rstrip() + "\n" + chunk.text,
            kind="tool_result",
            role="tool",
            metadata={"path": path, "first_line": chunk.first, "last_line": chunk.last, "symbol": chunk.symbol},
        )


def _end(root: Path, path: str, version: Version) -> Event:
    return Event(
        event_id=f"{version.session_id}:end",
        session_id=version.session_id,
        timestamp=time.time_ns() // 1_000_000,
        text="",
        kind="session_end",
        role="system",
        metadata={"root": str(root), "path": path, RETIRED: True},
    )


def _printable(path: str) -> str:
    """A path as UTF-8 has it, with the bytes that are none escaped."""
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "LOCK").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"another run of `strata index` uses {folder.parent}: wait for it to end") from error
        yield
