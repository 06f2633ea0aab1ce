"""The studies of growth, ingest and the IRC trace: they run, and their figures are of the right things."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def study(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "RETROSPEED_DATA"}
    environment |= {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "COLUMNS": "160", **variables}
    return subprocess.run(
        [sys.executable, str(ROOT / "studies" / f"{name}.py"), *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def figures(file: Path) -> Any:
    return json.loads(file.read_text())


def test_toc_growth_fits_an_exponent_over_sizes(tmp_path: Path) -> None:
    done = study("toc_growth", "--size", "200", "--size", "800", "--repeats", "1", "--json", str(tmp_path / "toc.json"))
    assert done.returncode == 0, done.stderr
    found = figures(tmp_path / "toc.json")
    small, large = found["sizes"]
    assert (small["events"], large["events"]) == (200, 800)
    assert small["nodes"] < large["nodes"]
    assert 0 < small["read_p50"] <= small["read_p99"]
    assert f"exponent of growth: {found['exponent']:.3f}" in done.stdout


def test_ingest_ratio_measures_both_sides(tmp_path: Path) -> None:
    done = study("ingest_ratio", "--size", "300", "--pairs", "4", "--json", str(tmp_path / "ingest.json"))
    assert done.returncode == 0, done.stderr
    (row,) = figures(tmp_path / "ingest.json")
    assert row["events"] == 300
    assert row["quartiles"][0] <= row["ratio"] <= row["quartiles"][1]
    assert min(row["strata_seconds"], row["bare_seconds"]) > 0


def test_the_irc_study_on_a_trace_of_the_same_form(tmp_path: Path) -> None:
    import gzip

    folder = tmp_path / "data" / "ubuntu-irc"
    folder.mkdir(parents=True)
    with gzip.open(folder / "events.jsonl.gz", "wt", encoding="utf-8") as file:
        for number in range(600):
            event = {
                "event_id": f"e{number}", "session_id": "channel", "agent": f"nick{number % 7}", "role": "user",
                "timestamp": f"2010-01-{1 + number // 30:02}T10:{number % 30:02}:00Z",
                "text": f"how do I mount drive number {number} at boot time?",
            }  # fmt: skip
            file.write(json.dumps(event) + "\n")
    done = study("irc", "--json", str(tmp_path / "irc.json"), RETROSPEED_DATA=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    found = figures(tmp_path / "irc.json")
    assert found["events"] == 600
    assert list(found["steps"]) == ["ingest", "toc", "bm25"]
    assert found["latencies"]["keyword"]["answered"] == 1
    assert "under 2 GiB" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["nowhere"]])
def test_the_irc_study_says_that_the_data_is_missing(arguments: list[str]) -> None:
    done = study("irc", *arguments)
    assert done.returncode == 2
    assert "RETROSPEED_DATA" in done.stderr
    assert "Traceback" not in done.stderr
