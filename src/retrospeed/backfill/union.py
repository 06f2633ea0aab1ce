"""The union of two asv result files, or of two lists of benchmarks: nothing measured is lost by merging.

A benchmark that only one of them has is taken. Where both have it in the same version, the union is taken value by
value, one for every combination of parameters: a measurement stands above "does not apply", and that above a failure;
of two equals the one that was there stays, or, where it was asked for again, the new one. A benchmark of another
version cannot be compared with the old one, and replaces it, unless it measured nothing and the old one did.
"""

import json
import math
from typing import Any

Content = dict[str, Any]
Row = dict[str, Any]

_WHOLE = {"params", "version", "started_at", "duration", "profile"}
"""Columns that hold one thing for the whole benchmark; the others hold one for every combination of parameters."""


def merged(old: Content, new: Content, *, again: bool = False) -> Content:
    """The union of two result files of the same commit, machine and environment, as decoded from JSON."""
    columns = [*old["result_columns"], *(name for name in new["result_columns"] if name not in old["result_columns"])]
    rows = {name: _row(old, name) for name in old["results"]}
    for name in new["results"]:
        row = _row(new, name)
        rows[name] = _union(rows[name], row, again=again) if name in rows else row
    return {
        **new,
        **old,
        "result_columns": columns,
        "results": {name: _trimmed([row.get(column) for column in columns]) for name, row in rows.items()},
        "durations": {**new.get("durations", {}), **old.get("durations", {})},
    }


def merged_listing(old: Content, new: Content) -> Content:
    """The union of two benchmarks.json; where both describe a benchmark, the new one, which was listed last."""
    return {**old, **new}


def encoded(content: Content, *, compact: bool) -> bytes:
    """JSON as asv writes it: result files compact, the list of benchmarks indented and sorted."""
    return (json.dumps(content) if compact else json.dumps(content, indent=4, sort_keys=True)).encode()


def _row(content: Content, name: str) -> Row:
    return dict(zip(content["result_columns"], content["results"][name], strict=False))


def _union(old: Row, new: Row, *, again: bool) -> Row:
    before, after = _ranks(old), _ranks(new)
    if (old.get("version"), old.get("params")) != (new.get("version"), new.get("params")):
        return old if max(before, default=0) == _MEASURED > max(after, default=0) else new
    size = max(len(before), len(after))
    before += [0] * (size - len(before))
    after += [0] * (size - len(after))
    taken = [b > a or (again and b == a) for a, b in zip(before, after, strict=True)]
    if not any(taken):
        return old
    if all(taken):
        return new
    both = {**old, **{name: new[name] for name in _WHOLE if name in new}}
    for name in (old.keys() | new.keys()) - _WHOLE:
        olds, news = _column(old, name, size), _column(new, name, size)
        values = [b if from_new else a for a, b, from_new in zip(olds, news, taken, strict=True)]
        both[name] = values if any(value is not None for value in values) else None
    return both


_FAILED, _INAPPLICABLE, _MEASURED = 0, 1, 2


def _ranks(row: Row) -> list[int]:
    return [_rank(value) for value in row.get("result") or ()]


def _rank(value: float | None) -> int:
    if value is None:
        return _FAILED
    return _INAPPLICABLE if math.isnan(value) else _MEASURED


def _column(row: Row, name: str, size: int) -> list[Any]:
    values = row.get(name)
    return [None] * size if values is None else values


def _trimmed(values: list[Any]) -> list[Any]:
    while values and values[-1] is None:
        values.pop()
    return values
