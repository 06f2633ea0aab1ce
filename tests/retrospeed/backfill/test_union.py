"""Merging result files loses no measurement, whatever the two hold."""

import json
import math
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retrospeed.backfill.union import encoded, merged, merged_listing

COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "samples"]
PARAMS: list[list[str]] = [["1", "2", "3"], ["'a'", "'b'"]]
SIZES = {"plain": [], "sized": PARAMS[:1], "square": PARAMS}


def values(size: int) -> st.SearchStrategy[list[float | None]]:
    value = st.one_of(st.none(), st.just(math.nan), st.floats(-10, 10))
    return st.lists(value, min_size=size, max_size=size)


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """A result file as asv writes it: some benchmarks, every value with samples that tell where it came from."""
    rows = {}
    for name in draw(st.sets(st.sampled_from(sorted(SIZES)))):
        params = SIZES[name]
        result = draw(values(len(list(product(*params)))))
        samples = [None if value is None or math.isnan(value) else [value] for value in result]
        row = [
            None if all(value is None for value in result) else result,
            params,
            draw(st.sampled_from(["1", "2"])),
            draw(st.integers(0, 9)),
            None,
            None,
            samples if any(samples) else None,
        ]
        while row[-1] is None:
            row.pop()
        rows[name] = row
    return {"commit_hash": "c", "result_columns": COLUMNS, "results": rows, "durations": {}, "version": 2}


def row(file: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(zip(file["result_columns"], file["results"][name], strict=False))


def measured(file: dict[str, Any], name: str) -> dict[int, float]:
    if name not in file["results"]:
        return {}
    result = row(file, name).get("result") or []
    return {index: value for index, value in enumerate(result) if value is not None and not math.isnan(value)}


def same(a: Any, b: Any) -> bool:
    """Equal, where NaN equals itself."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


@given(files(), files())
def test_what_was_measured_stays_and_what_was_not_is_added(old, new):
    union = merged(old, new)
    assert union["results"].keys() == old["results"].keys() | new["results"].keys()
    for name in union["results"]:
        before, after, found = measured(old, name), measured(new, name), measured(union, name)
        versions = {row(file, name)["version"] for file in (old, new) if name in file["results"]}
        if len(versions) == 1:
            assert found == {**after, **before}
        else:
            assert found == (after or before)


@given(files(), files())
def test_asked_for_again_the_new_values_count_but_none_is_lost(old, new):
    union = merged(old, new, again=True)
    for name in union["results"]:
        versions = {row(file, name)["version"] for file in (old, new) if name in file["results"]}
        if len(versions) == 1:
            assert measured(union, name) == {**measured(old, name), **measured(new, name)}


@given(files(), files())
def test_every_value_keeps_its_own_samples(old, new):
    union = merged(old, new)
    for name in union["results"]:
        samples = row(union, name).get("samples") or []
        for index, value in measured(union, name).items():
            assert samples[index] == [value]


@given(files(), files(), files())
def test_merging_twice_changes_nothing_and_the_order_of_arrival_loses_nothing(a, b, c):
    assert same(merged(a, a), a)
    once = merged(a, b)
    assert same(merged(once, b), once)
    for name in SIZES:
        versions = {row(file, name)["version"] for file in (a, b, c) if name in file["results"]}
        if len(versions) == 1:
            left = measured(merged(merged(a, b), c), name).keys()
            assert left == measured(merged(merged(c, b), a), name).keys()


@given(files(), files())
def test_the_union_is_written_as_json_that_reads_back(old, new):
    union = merged(old, new)
    assert same(json.loads(encoded(union, compact=True)), union)


def test_the_list_of_benchmarks_keeps_what_the_suite_no_longer_has_and_describes_the_rest_anew():
    old = {"gone": {"version": "1"}, "kept": {"version": "1"}, "version": 2}
    new = {"kept": {"version": "2"}, "added": {"version": "1"}, "version": 2}
    assert merged_listing(old, new) == {
        "gone": {"version": "1"},
        "kept": {"version": "2"},
        "added": {"version": "1"},
        "version": 2,
    }
