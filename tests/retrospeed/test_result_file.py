import json
import math

import pytest

from retrospeed.benchmarks_file import read as read_benchmarks
from retrospeed.errors import ResultsError
from retrospeed.measurement import FAILED, SKIPPED, SeriesKey
from retrospeed.result_file import read
from tests.retrospeed.doctored import Given, timing


def test_a_row_holds_a_value_for_each_combination_of_parameters(suite):
    params = [["'small'", "'large'"], ["1", "2"]]
    path = suite.measured(suite.commits[0], {"t.grid": Given([[1.0] * 8, None, math.nan, 4.0], params=params)})
    series = read(path).series
    assert series[SeriesKey("t.grid", ("'small'", "1"))].repeat == 8
    assert series[SeriesKey("t.grid", ("'small'", "2"))] == FAILED
    assert series[SeriesKey("t.grid", ("'large'", "1"))] == SKIPPED
    assert series[SeriesKey("t.grid", ("'large'", "2"))].value == 4.0
    assert not series[SeriesKey("t.grid", ("'large'", "2"))].is_sampled


def test_a_benchmark_that_failed_as_a_whole_failed_for_every_parameter(suite):
    path = suite.measured(suite.commits[0], {"t.grid": Given([None, None], params=[["1", "2"]])})
    assert json.loads(path.read_text())["results"]["t.grid"][0] is None
    assert list(read(path).series.values()) == [FAILED, FAILED]


def test_an_infinite_interval_is_read_as_asv_writes_it(suite):
    path = suite.measured(suite.commits[0], {"t.time_x": timing(1.0)})
    row = json.loads(path.read_text())["results"]["t.time_x"]
    row[5:7] = [[-math.inf], [math.inf]]
    damaged(path, results={"t.time_x": row})
    assert read(path).series[SeriesKey("t.time_x")].interval == (-math.inf, math.inf)


def damaged(path, **changes):
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 1}, "format version 1, only 2"),
        ({"version": 3}, "format version 3, only 2"),
        ({"version": None}, "not an asv result file"),
        ({"result_columns": 7}, "not an asv result file"),
        ({"params": {}}, "names no machine"),
        ({"results": {"t.time_x": [["fast"]]}}, "damaged at benchmark t.time_x"),
        ({"results": {"t.time_x": [[1.0, 2.0], []]}}, "2 values for 1 combinations"),
    ],
)
def test_a_foreign_file_is_named(suite, changes, told):
    path = damaged(suite.measured(suite.commits[0], {"t.time_x": timing(1.0)}), **changes)
    with pytest.raises(ResultsError, match=told) as raised:
        read(path)
    assert path.name in str(raised.value)


def test_a_truncated_file_is_named(suite):
    path = suite.measured(suite.commits[0], {"t.time_x": timing(1.0)})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ResultsError, match=r"68f1d6f4-.* is not complete JSON"):
        read(path)


def test_attributes_of_a_benchmark_are_read_and_have_defaults(suite):
    suite.describe(
        a__track_recall={"type": "track", "unit": "loss", "layer": "bm25", "metric": "quality", "mode": "warm"},
        a__time_plain={},
        a__track_rate={"unit": "events/s"},
        a__track_score={"unit": "unit", "direction": "higher"},
    )
    benchmarks = read_benchmarks(suite.root / "results")
    recall = benchmarks["a.track_recall"]
    assert (recall.layer, recall.metric, recall.mode, recall.unit) == ("bm25", "quality", "warm", "loss")
    assert [benchmarks[name].lower_is_better for name in sorted(benchmarks)] == [True, False, True, False]


def test_a_direction_that_means_nothing_is_refused(suite):
    suite.describe(a__time_x={"direction": "up"})
    with pytest.raises(ResultsError, match=r"describes benchmark a\.time_x.*'up'"):
        read_benchmarks(suite.root / "results")
