"""Finds the benchmark that was asked for, or says what comes near it."""

import difflib
from collections.abc import Sequence

from retrospeed.errors import RetrospeedError
from retrospeed.gate.discovery import Discovery, Series

NEAR_MATCHES = 5
MOST_LISTED = 12


def one_series(found: Discovery, bench: str) -> Series:
    """The series that `bench` names. Raises RetrospeedError listing what comes near it."""
    by_name = {str(series.key): series for series in found.series}
    if bench in by_name:
        return by_name[bench]
    with_parameters = [name for name, series in by_name.items() if series.key.benchmark == bench]
    if len(with_parameters) == 1:
        return by_name[with_parameters[0]]
    if with_parameters:
        raise RetrospeedError(f"{bench} has several sets of parameters; name one: {_listed(with_parameters)}.")
    names = list(by_name)
    near = [name for name in names if bench.lower() in name.lower()]
    near = near or difflib.get_close_matches(bench, names, NEAR_MATCHES, cutoff=0.5)
    broken = sorted(
        {f"{place or 'the suite'}: {why}" for failed in found.broken.values() for place, why in failed.items()}
    )
    text = f"The suite has no benchmark {bench}"
    text += f"; near it: {_listed(near)}" if near else f"; it has {len(names)}: {_listed(names)}" if names else ""
    text += f" (not importable: {'; '.join(broken)})" if broken else ""
    raise RetrospeedError(text + ".")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
