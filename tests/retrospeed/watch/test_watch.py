import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from retrospeed import asv_config
from retrospeed.cli import app
from retrospeed.watch import json_form, page, ratio_file, site
from retrospeed.watch.alert import Fate, Severity
from retrospeed.watch.change import Kind
from retrospeed.watch.command import watched
from retrospeed.watch.ratio_file import PairedValues, RatioFile
from tests.retrospeed import golden
from tests.retrospeed.watch.histories import stepped, write_history

QUERY = {"layer": "bm25", "metric": "p50"}


def analysed(root: Path, **options: object):  # type: ignore[no-untyped-def]
    return watched(asv_config.load(root / "asv.conf.json"), **options)  # type: ignore[arg-type]


def run(root: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["watch", "--config", str(root / "asv.conf.json"), *arguments])
    return result.exit_code, result.output


def test_a_step_is_told_at_its_commit(tmp_path: Path) -> None:
    suite = write_history(tmp_path, {"search.time_query": stepped(30, 18, 1.5)}, search__time_query=QUERY)
    code, output = run(tmp_path, "--json", str(tmp_path / "out.json"))
    (alert,) = json.loads((tmp_path / "out.json").read_text())["alerts"]
    assert code == 1
    assert alert["commits"] == [suite.commits[18]]
    assert alert["severity"] == "severe" and alert["confirmation"] == "unconfirmed"
    assert f"{suite.commits[18][:8]} step 18  unconfirmed" in output
    text = output.replace(str(tmp_path), "ROOT")
    golden.check("watch.txt", "\n".join(line for line in text.splitlines()))


def test_the_form_for_programs_keeps_its_schema_also_where_numbers_are_unknown(tmp_path: Path) -> None:
    losses = np.r_[np.full(10, 0.0), np.full(10, 0.2)] + 1e-12
    drift = 0.01 * np.exp(np.random.default_rng(4).normal(0, 0.01, 20))
    columns = {"search.track_loss": losses, "search.time_query": stepped(20, 12, 1.4), "search.time_short": drift}
    columns["search.time_short"][:17] = np.nan
    described = {"search__track_loss": {"unit": "loss", "type": "track", "deterministic": True}}
    write_history(tmp_path, columns, **described, search__time_query=QUERY)
    run(tmp_path, "--json", str(tmp_path / "out.json"))
    told = json.loads((tmp_path / "out.json").read_text())
    schema = json_form.json_schema()
    jsonschema.validate(told, schema)
    assert {change["benchmark"] for alert in told["alerts"] for change in alert["changes"]} == {
        "search.track_loss",
        "search.time_query",
    }
    told["alerts"][0]["severity"] = "awful"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema)


def test_commits_that_were_not_measured_are_named_as_a_range(tmp_path: Path) -> None:
    values = stepped(30, 15, 1.5)
    values[13:17] = np.nan
    suite = write_history(tmp_path, {"search.time_query": values}, search__time_query=QUERY)
    (alert,) = analysed(tmp_path).alerts
    assert (alert.good, alert.bad) == (12, 17)
    assert f"after {suite.commits[12][:8]} up to {suite.commits[17][:8]} (one of 5 commits)" in run(tmp_path)[1]


def test_an_undone_regression_says_so_and_does_not_fail(tmp_path: Path) -> None:
    values = stepped(30, 10, 1.5)
    values[20:] /= 1.5
    write_history(tmp_path, {"search.time_query": values}, search__time_query=QUERY)
    analysis = analysed(tmp_path)
    assert analysis.alerts[-1].changes[0].fate is Fate.UNDONE
    assert analysis.open_alerts == []
    assert run(tmp_path)[0] == 0


def test_a_cost_that_moved_between_layers_is_a_shift(tmp_path: Path) -> None:
    up, down = stepped(30, 15, 1.5), 0.005 + stepped(30, 15, 1.0, seed=1)
    down[15:] -= 0.005
    columns = {"search.time_query": up, "vector.time_query": down}
    write_history(tmp_path, columns, search__time_query=QUERY, vector__time_query={"layer": "vector", "metric": "p50"})
    (alert,) = analysed(tmp_path).alerts
    assert alert.severity is Severity.SHIFT
    assert {one.moved_to for one in alert.changes} == {"vector to bm25"}
    assert run(tmp_path)[0] == 0


def test_what_the_machine_does_to_all_is_not_a_step_of_each(tmp_path: Path) -> None:
    common = np.exp(np.where(np.arange(30) >= 12, 0.3, 0.0))
    columns = {f"search.time_{n}": stepped(30, 22, 1.0, seed=n) * common for n in range(12)}
    columns["search.time_0"] = columns["search.time_0"] * np.where(np.arange(30) >= 22, 1.4, 1.0)
    write_history(tmp_path, columns, **{name.replace(".", "__"): QUERY for name in columns})
    analysis = analysed(tmp_path)
    assert [(a.bad, [c.change.series.name for c in a.changes]) for a in analysis.alerts] == [(22, ["search.time_0"])]
    assert [change.likeliest for change in analysis.common] == [(11, 12)]


def test_broken_and_foreign_files_are_named_and_skipped(tmp_path: Path) -> None:
    suite = write_history(tmp_path, {"search.time_query": stepped(20, 10, 1.0)}, search__time_query=QUERY)
    folder = tmp_path / "results" / "bench-1"
    first, second, *_ = sorted(path for path in folder.glob("*.json") if path.name != "machine.json")
    first.write_text(first.read_text()[:-40])
    second.write_text(second.read_text().replace('"bench-1"', '"bench-2"'))
    (folder / "notes.json").write_text("{}")
    code, output = run(tmp_path)
    assert code == 0
    assert len(analysed(tmp_path).series[0]) == len(suite.commits) - 2
    for path in (first, second, folder / "notes.json"):
        assert str(path) in output


def test_a_benchmark_that_fails_at_the_newest_commit_is_severe(tmp_path: Path) -> None:
    suite = write_history(tmp_path, {"search.time_query": stepped(20, 10, 1.0)}, search__time_query=QUERY)
    path = next((tmp_path / "results" / "bench-1").glob(f"{suite.commits[-1][:8]}-*"))
    content = json.loads(path.read_text())
    content["results"]["search.time_query"][0] = None
    path.write_text(json.dumps(content))
    code, output = run(tmp_path)
    assert code == 1
    assert f"search.time_query since {suite.commits[-1][:8]}" in output


def test_since_tells_only_later_changes(tmp_path: Path) -> None:
    suite = write_history(tmp_path, {"search.time_query": stepped(30, 18, 1.5)}, search__time_query=QUERY)
    assert len(analysed(tmp_path, since=suite.commits[17]).alerts) == 1
    assert analysed(tmp_path, since=suite.commits[18]).alerts == []


def test_too_few_points_are_inconclusive(tmp_path: Path) -> None:
    write_history(tmp_path, {"search.time_query": stepped(4, 2, 1.5)}, search__time_query=QUERY)
    assert run(tmp_path)[0] == 4


def test_ratios_stand_before_absolute_times(tmp_path: Path) -> None:
    suite = write_history(tmp_path, {"search.time_query": stepped(24, 12, 2.0)}, search__time_query=QUERY)
    for commit in suite.commits:
        paired = PairedValues(
            benchmark="search.time_query",
            params=[],
            version="1",
            reference=[0.01, 0.02, 0.03],
            commit=[0.01, 0.02, 0.03],
        )
        ratios = RatioFile(
            machine="bench-1",
            commit=commit,
            reference=suite.commits[0],
            environment="virtualenv-py3.11",
            series=[paired],
        )
        ratio_file.write(ratios, tmp_path / "results")
    analysis = analysed(tmp_path)
    assert [series.is_ratio for series in analysis.series] == [True]
    assert analysis.alerts == []


@pytest.mark.skipif(not page.is_available(), reason="vl-convert-python is not installed")
def test_the_page_needs_no_network_and_is_linked_once_from_every_front_page(tmp_path: Path) -> None:
    write_history(tmp_path, {"search.time_query": stepped(30, 18, 1.5)}, search__time_query=QUERY)
    folder = tmp_path / "html"
    assert run(tmp_path, "--site")[0] == 2
    folder.mkdir()
    for name in site.FRONT_PAGES:
        (folder / name).write_text(f"<html><body><p>{name}</p></body></html>")
    for _ in range(2):
        code, output = run(tmp_path, "--site")
        assert code == 0
        assert "history-bench-1.html is linked" in output
    assert run(tmp_path, "--html", str(folder / "other.html"))[0] == 1
    assert run(tmp_path, "--html", str(tmp_path / "elsewhere.html"))[0] == 1
    text = (folder / "history-bench-1.html").read_text()
    assert 'src="http' not in text and 'rel="stylesheet"' not in text and "@DATA@" not in text
    for name in site.FRONT_PAGES:
        front = (folder / name).read_text()
        assert front.count('href="history-bench-1.html"') == front.count('href="other.html"') == 1
        assert "elsewhere" not in front
        assert front.count("<nav") == 1 and f"<p>{name}</p>" in front and front.endswith("</body></html>")


@pytest.mark.skipif(not page.is_available(), reason="vl-convert-python is not installed")
@pytest.mark.parametrize(
    ("points", "changed", "axis"),
    [(1, "That cannot be told yet.", False), (4, "That cannot be told yet.", True), (20, "Nothing changed.", True)],
)
def test_the_page_claims_no_more_than_its_points_can_tell(
    tmp_path: Path, points: int, changed: str, axis: bool
) -> None:
    write_history(tmp_path, {"search.time_query": stepped(20, 10, 1.0)[:points]}, search__time_query=QUERY)
    text = page.page(analysed(tmp_path))
    assert f"<p>{changed}</p>" in text
    assert ("Charts begin with the second commit" in text) is not axis
    assert ('<input type="radio" name="axis"' in text) is axis


def test_a_gradual_change_of_many_series_is_one_alert(tmp_path: Path) -> None:
    ramp = np.exp(np.clip((np.arange(30) - 8) / 14, 0, 1) * 0.4)
    columns = {f"search.time_{n}": stepped(30, 15, 1.0, seed=n) * ramp for n in range(5)}
    write_history(tmp_path, columns, **{name.replace(".", "__"): QUERY for name in columns})
    (alert,) = analysed(tmp_path).alerts
    assert {one.change.series.name for one in alert.changes} == set(columns)
    assert {one.change.kind for one in alert.changes} == {Kind.DRIFT}


def test_an_outlier_beside_a_step_makes_no_alert_of_its_own(tmp_path: Path) -> None:
    columns = {f"search.time_{n}": stepped(30, 15, 1.3, seed=n) for n in range(4)}
    columns["search.time_0"][14] *= 1.3
    write_history(tmp_path, columns, **{name.replace(".", "__"): QUERY for name in columns})
    (alert,) = analysed(tmp_path).alerts
    assert (alert.good, alert.bad, len(alert.changes)) == (14, 15, 4)


def test_two_points_before_a_huge_step_are_enough(tmp_path: Path) -> None:
    suite = write_history(tmp_path, {"search.time_query": stepped(22, 2, 1 / 13)}, search__time_query=QUERY)
    (alert,) = analysed(tmp_path).alerts
    assert analysed(tmp_path).archive.order.commits[alert.bad].hash == suite.commits[2]


def test_wild_points_at_the_end_are_no_step_where_a_suite_has_many_of_them(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    columns = {f"search.track_{n}": stepped(30, 15, 1.0, seed=n) for n in range(6)}
    for values in columns.values():
        values[random.choice([4, 8, 12, 16, 20, 24], 2, replace=False)] *= 1.5
    columns["search.track_0"][28:] *= 1.5
    described = {name.replace(".", "__"): {"unit": "ms", "type": "track"} for name in columns}
    write_history(tmp_path, columns, **described)
    assert analysed(tmp_path).alerts == []
    calm = {name: stepped(30, 15, 1.0, seed=n) for n, name in enumerate(columns)}
    calm["search.track_0"][28:] *= 1.5
    (tmp_path / "calm").mkdir()
    write_history(tmp_path / "calm", calm, **described)
    assert [alert.bad for alert in analysed(tmp_path / "calm").alerts] == [28]
