"""What of a suite is not measured yet at a commit."""

import re
from collections.abc import Iterable, Sequence
from itertools import product

from retrospeed.backfill.memory import Listing, Tried
from retrospeed.measurement import Outcome, SeriesKey
from retrospeed.pairing import Selection
from retrospeed.result_file import CommitResults


def missing(listing: Listing, results: Sequence[CommitResults], tried: Tried, selection: Selection) -> list[SeriesKey]:
    """The selected series of `listing` that one of the `results`, a file for each environment, lacks.

    A series is there if its benchmark's version is the listed one and it has a value, or none of the benchmark's series
    has one (a benchmark that does not apply, or a commit that does not build), or it is among those `tried`.
    """
    lacking: dict[SeriesKey, None] = {}
    for benchmark in listing.benchmarks.values():
        keys = [SeriesKey(benchmark.name, params) for params in product(*benchmark.params)]
        for key in filter(selection.takes, keys):
            if (str(key), benchmark.version) in tried:
                continue
            if not results or any(_lacks(file, key, keys, benchmark.version) for file in results):
                lacking[key] = None
    return list(lacking)


def patterns(lacking: Iterable[SeriesKey]) -> list[str]:
    """Expressions that select just these series in asv."""
    return [f"^{re.escape(str(key))}$" for key in lacking]


def _lacks(file: CommitResults, key: SeriesKey, keys: Sequence[SeriesKey], version: str | None) -> bool:
    found = file.series.get(key)
    if found is None or file.versions.get(key.benchmark) != version:
        return True
    if found.outcome is Outcome.MEASURED:
        return False
    return any(one in file.series and file.series[one].outcome is Outcome.MEASURED for one in keys)
