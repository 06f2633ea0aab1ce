"""Postings: for each term the rows that hold it and how often, in arrays that a query reads only in part."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray


class Postings(msgspec.Struct, frozen=True):
    """Compressed columns, one a term: column t is `rows[starts[t]:starts[t + 1]]`, ascending, with as many `counts`."""

    vocabulary: dict[str, int]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    lengths: NDArray[np.int32]
    """Terms in each row, repeats counted."""

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The rows that hold a term and how often each does."""
        column = self.vocabulary.get(term)
        if column is None:
            return self.rows[:0], self.counts[:0]
        part = slice(self.starts[column], self.starts[column + 1])
        return self.rows[part], self.counts[part]

    def frequencies(self) -> NDArray[np.int64]:
        """In how many rows each term is, in the order of the vocabulary."""
        return np.diff(self.starts)

    def extended(self, documents: Sequence[Sequence[str]]) -> "Postings":
        """These postings and those of the documents that follow, each a list of terms."""
        vocabulary = dict(self.vocabulary)
        lengths = np.array([len(document) for document in documents], np.int32)
        codes = [vocabulary.setdefault(term, len(vocabulary)) for document in documents for term in document]
        # One number a (term, row) pair, so that a single sort counts the repeats and orders the columns.
        height = max(1, len(documents))
        pairs = np.array(codes, np.int64) * height + np.repeat(np.arange(len(documents)), lengths)
        pairs, repeats = np.unique(pairs, return_counts=True)
        column = np.concatenate([np.repeat(np.arange(len(self.starts) - 1), self.frequencies()), pairs // height])
        order = np.argsort(column, kind="stable")
        rows = np.concatenate([self.rows, (pairs % height + len(self.lengths)).astype(np.int32)])
        sizes = np.bincount(column, minlength=len(vocabulary))
        return Postings(
            vocabulary=vocabulary,
            starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            rows=rows[order],
            counts=np.concatenate([self.counts, repeats.astype(np.int32)])[order],
            lengths=np.concatenate([self.lengths, lengths]),
        )

    def save(self, folder: Path, name: str) -> None:
        """Write the postings of one field into a folder."""
        (folder / f"{name}-vocabulary.msgpack").write_bytes(msgspec.msgpack.encode(list(self.vocabulary)))
        for column in ("starts", "rows", "counts", "lengths"):
            np.save(folder / f"{name}-{column}.npy", getattr(self, column))

    @staticmethod
    def load(folder: Path, name: str) -> "Postings":
        """Map what `save` wrote into memory: a query reads only its own columns from the disk."""
        vocabulary = msgspec.msgpack.decode((folder / f"{name}-vocabulary.msgpack").read_bytes(), type=list[str])
        return Postings(
            vocabulary={term: column for column, term in enumerate(vocabulary)},
            starts=_mapped(folder / f"{name}-starts.npy"),
            rows=_mapped(folder / f"{name}-rows.npy"),
            counts=_mapped(folder / f"{name}-counts.npy"),
            lengths=_mapped(folder / f"{name}-lengths.npy"),
        )


def no_postings() -> Postings:
    """Postings of an empty index."""
    none = np.empty(0, np.int32)
    return Postings(vocabulary={}, starts=np.zeros(1, np.int64), rows=none, counts=none, lengths=none)


def _mapped(path: Path) -> NDArray[Any]:
    # A plain array over the mapping: slicing a numpy.memmap itself costs far more.
    return np.asarray(np.load(path, mmap_mode="r" if path.stat().st_size > 4096 else None))
