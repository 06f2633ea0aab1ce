"""Everything a search has measured, kept on disk as it is measured, so that an interrupted search goes on.

A folder a search, in ``.asv/retrospeed/bisect/``; its name holds BAD and a digest of all that makes another search:
both ends, the series and its version, the environment and the machine. In it

    search.json        what was asked, and how pairs are taken
    pair-0001.json     one pair of two commits
    unmeasurable-….json  a commit that does not build, or where the benchmark does not run

each written in one step. A file that is not whole is named and skipped.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from retrospeed import whole_file
from retrospeed.errors import RetrospeedError
from retrospeed.gate.samples import Pair, Rhythm

FOLDER = Path(".asv") / "retrospeed" / "bisect"
SCHEMA = 1

T = TypeVar("T", bound=msgspec.Struct)


class SearchKey(msgspec.Struct, frozen=True):
    """What makes two searches the same."""

    good: str
    bad: str
    series: str
    version: str
    environment: str
    machine: str

    @property
    def folder(self) -> str:
        """The name of the search's folder."""
        return f"{self.bad[:8]}-{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]}"


class SearchFacts(msgspec.Struct, kw_only=True):
    """What was asked, and what holds for the whole search."""

    schema: int = SCHEMA
    key: SearchKey
    rhythm: Rhythm | None = None
    together: bool = True
    first_guess: str = ""
    """Full hash of the commit that ``asv find`` named."""
    first_guess_why: str = ""
    """Why it named none, if it was asked; "" if it was not, or named one."""


class KeptPair(msgspec.Struct, frozen=True, kw_only=True):
    """A pair, and of which commits."""

    low: str
    """Full hash."""
    high: str
    confirms: bool = False
    pair: Pair


class Unmeasurable(msgspec.Struct, frozen=True):
    """A commit that cannot be measured, and why."""

    commit: str
    why: str


class ProbeLog:
    """The log of one search. Raises RetrospeedError if it cannot be written."""

    def __init__(self, root: Path, key: SearchKey, *, fresh: bool = False) -> None:
        self.folder = root / FOLDER / key.folder
        self.skipped: list[str] = []
        """Files that could not be read, in words."""
        self.pairs: list[KeptPair] = []
        self.unmeasurable: dict[str, str] = {}
        """Why, by commit."""
        self.facts = SearchFacts(key=key)
        self._number = 0
        try:
            if fresh and self.folder.exists():
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RetrospeedError(f"{self.folder} cannot be written: {error.strerror}.") from error
        self._read()
        self.kept = len(self.pairs)
        """Pairs that an earlier run measured."""

    def add(self, kept: KeptPair) -> None:
        """Keep a pair."""
        self._number += 1
        self._write(f"pair-{self._number:04}.json", kept)
        self.pairs.append(kept)

    def mark(self, commit: str, why: str) -> None:
        """Keep that a commit cannot be measured."""
        self._write(f"unmeasurable-{commit[:12]}.json", Unmeasurable(commit, why))
        self.unmeasurable[commit] = why

    def save_facts(self) -> None:
        """Keep the facts as they are now."""
        self._write("search.json", self.facts)

    def seconds_a_pair(self) -> float | None:
        """What a pair takes, None if none was taken."""
        spent: Sequence[float] = sorted(kept.pair.seconds for kept in self.pairs)
        return spent[len(spent) // 2] if spent else None

    def _write(self, name: str, content: msgspec.Struct) -> None:
        whole_file.write(self.folder / name, msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")

    def _read(self) -> None:
        for path in sorted(self.folder.glob("pair-*.json")):
            self._number = max(self._number, int(path.stem[5:]) if path.stem[5:].isdigit() else 0)
            kept = self._decoded(path, KeptPair)
            if kept is not None:
                self.pairs.append(kept)
        for path in sorted(self.folder.glob("unmeasurable-*.json")):
            unmeasurable = self._decoded(path, Unmeasurable)
            if unmeasurable is not None:
                self.unmeasurable[unmeasurable.commit] = unmeasurable.why
        path = self.folder / "search.json"
        facts = self._decoded(path, SearchFacts) if path.is_file() else None
        if facts is not None:
            self.facts = facts

    def _decoded(self, path: Path, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError) as error:
            self.skipped.append(f"{path} was skipped: {error}")
            return None
