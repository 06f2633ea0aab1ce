"""What it takes to multiply stored vectors with a query, in three ways, with the caches warm and emptied before.

    python studies/vector_product.py

Prints microseconds, medians of ways taken in turns on one thread: BLAS' product of the matrix, one dot product a row
(what the vector layer takes from a megabyte of vectors on), and faiss' flat index with its search for the ten best,
where faiss is installed. Before a cold one, 64 MB of other memory are read.
"""

import argparse
import importlib
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

DIMENSIONS = 384
ELSEWHERE = 64 << 20
"""Bytes that are read to empty the caches."""
Way = Callable[[NDArray[np.float32]], Any]


def ways(vectors: NDArray[np.float32]) -> dict[str, Way]:
    """Each way by its name."""
    found: dict[str, Way] = {
        "matrix product": lambda query: vectors @ query,
        "a dot product a row": lambda query: np.vecdot(vectors, query),
    }
    try:
        faiss = importlib.import_module("faiss")
    except ImportError:
        return found
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(DIMENSIONS)
    index.add(vectors)
    return found | {"faiss": lambda query: index.search(query[None], 10)}


def microseconds(count: int, rounds: int) -> dict[tuple[str, bool], float]:
    """Median by way and by whether the caches were emptied before; `count` vectors."""
    chance = np.random.default_rng(0)
    vectors = chance.standard_normal((count, DIMENSIONS)).astype(np.float32)
    queries = chance.standard_normal((rounds, DIMENSIONS)).astype(np.float32)
    elsewhere = np.ones(ELSEWHERE // 8)
    taken: dict[tuple[str, bool], list[float]] = {}
    every = ways(vectors)
    for query in queries:
        for name, way in random.sample(list(every.items()), len(every)):
            elsewhere.sum()
            # The first finds its vectors in memory, the fourth where the third left them.
            for place in range(4):
                started = time.perf_counter()
                way(query)
                if place in (0, 3):
                    taken.setdefault((name, place == 0), []).append(time.perf_counter() - started)
    return {(name, cold): statistics.median(taken[name, cold]) * 1e6 for name in every for cold in (False, True)}


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[500, 1000, 2000, 5000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    given = parser.parse_args()
    figures = []
    for number, rows in enumerate(given.rows):
        with threadpool_limits(1):
            found = microseconds(rows, given.rounds)
        names = list(dict.fromkeys(name for name, _ in found))
        if not number:
            print("| vectors | MB | caches | " + " | ".join(names) + " |")
            print("| ---: | ---: | --- |" + " ---: |" * len(names))
        for cold in (False, True):
            figures.append({"rows": rows, "cold": cold, "us": {name: found[name, cold] for name in names}})
            told = " | ".join(f"{found[name, cold]:.0f}" for name in names)
            print(f"| {rows:,} | {rows * DIMENSIONS * 4 / 1e6:.1f} | {'cold' if cold else 'warm'} | {told} |")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
