"""The words of each row: which terms it holds and how often, in one file that only grows and is mapped into memory.

A term is known by 64 bits of its BLAKE2 digest, so that no vocabulary need be loaded to look at a row: of 100,000
terms two share a number with a probability below one in a thousand million.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.errors import StoreError

ENTRY = np.dtype([("term", "<u8"), ("text", "<u4"), ("author", "<u4")])
"""A term of a row, and how often its text and the name of its author hold it."""


@lru_cache(maxsize=200_000)
def number(term: str) -> int:
    """The 64 bits that stand for a term."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "little")


def entries_of(documents: Iterable[tuple[list[str], list[str]]]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The entries of documents, each given as the terms of its text and of its author, and how many each has."""
    packed: list[tuple[int, int, int]] = []
    sizes = []
    for text, author in documents:
        spoken, named = Counter(text), Counter(author)
        held = spoken.keys() | named.keys()
        packed += [(number(term), spoken[term], named[term]) for term in sorted(held)]
        sizes.append(len(held))
    return np.array(packed, ENTRY), np.array(sizes, np.int64)


class Forward(msgspec.Struct, frozen=True):
    """Rows of entries: those of row r are `entries[ends[r - 1]:ends[r]]`, with `ends[-1]` counted as 0."""

    entries: NDArray[Any]
    ends: NDArray[np.int64]

    def of(self, rows: NDArray[np.integer]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """All entries of some rows one after the other, and for each entry the place of its row in `rows`."""
        ends = self.ends[rows]
        sizes = ends - np.where(rows > 0, self.ends[rows - 1], 0)
        owner = np.repeat(np.arange(len(rows)), sizes)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(ends - sizes, sizes)
        return self.entries[place], owner

    def lengths(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How many terms each row's text has, and its author's name; repeats counted."""
        edges = np.concatenate([[0], self.ends])
        totals = [np.concatenate([[0], np.cumsum(self.entries[part], dtype=np.float64)]) for part in ("text", "author")]
        text, author = (total[edges[1:]] - total[edges[:-1]] for total in totals)
        return text, author


def append(path: Path, entries: NDArray[Any], after: int) -> None:
    """Write entries behind the first `after` of the file, durably; what lay beyond, of a killed process, is cut off."""
    with path.open("r+b" if path.exists() else "x+b") as stream:
        stream.truncate(after * ENTRY.itemsize)
        stream.seek(after * ENTRY.itemsize)
        stream.write(entries.tobytes())
        stream.flush()
        os.fsync(stream.fileno())


def mapped(path: Path, ends: NDArray[np.int64]) -> Forward:
    """The rows that end at `ends`. Raises StoreError if the file is shorter than that."""
    count = int(ends[-1]) if len(ends) else 0
    if not count:
        return Forward(np.empty(0, ENTRY), ends)
    try:
        return Forward(np.asarray(np.memmap(path, ENTRY, mode="r", shape=(count,))), ends)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} has lost words ({error}): delete {path.parent} to rebuild it") from error


class Frequencies(msgspec.Struct, frozen=True):
    """In how many rows each term is; `terms` ascending."""

    terms: NDArray[np.uint64]
    rows: NDArray[np.int64]

    def grown(self, entries: NDArray[Any]) -> "Frequencies":
        """These and those of the entries of further rows."""
        terms, where = np.unique(np.concatenate([self.terms, entries["term"]]), return_inverse=True)
        seen = np.concatenate([self.rows, np.ones(len(entries), np.int64)])
        return Frequencies(terms, np.bincount(where, seen, len(terms)).astype(np.int64))

    def of(self, terms: Sequence[int]) -> NDArray[np.int64]:
        """In how many rows each of these terms is."""
        wanted = np.array(terms, np.uint64)
        if not len(self.terms):
            return np.zeros(len(wanted), np.int64)
        place = np.minimum(np.searchsorted(self.terms, wanted), len(self.terms) - 1)
        return np.where(self.terms[place] == wanted, self.rows[place], 0)
