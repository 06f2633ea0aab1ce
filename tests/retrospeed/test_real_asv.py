"""What asv itself writes is what we read: a small suite, really run at two commits."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from retrospeed.cli import app

SUITE = """
import os

SLOWDOWN = float(os.environ["SLOWDOWN"])

def says(**attributes):
    def attach(function):
        vars(function).update(attributes, version="1")
        return function
    return attach

class Search:
    params = (["small", "medium"],)
    param_names = ("tier",)

    def setup(self, tier):
        if tier == "medium" and SLOWDOWN > 10:
            raise NotImplementedError

    @says(layer="bm25", metric="p99", mode="warm", unit="seconds", label="search")
    def track_p99(self, tier):
        return {"samples": [0.010 * SLOWDOWN + i / 1e5 for i in range(12)], "number": 1}

    @says(layer="bm25", metric="quality", unit="loss", label="1 - recall@10", deterministic=True)
    def track_recall_loss(self, tier):
        return 0.05 * SLOWDOWN

    @says(layer="bm25", metric="peak_memory", unit="bytes")
    def peakmem_search(self, tier):
        return bytearray(10**6)

def track_broken():
    raise ValueError("always")
"""


def asv(root, *arguments, slowdown="1"):
    home = {"HOME": str(root.parent), "SLOWDOWN": slowdown}
    command = [sys.executable, "-m", "asv", *arguments]
    return subprocess.run(command, cwd=root, env=os.environ | home, capture_output=True, text=True, check=False)


@pytest.fixture
def measured(suite):
    for path in (suite.root / "results").iterdir():
        path.unlink()
    (suite.root / "benchmarks").mkdir()
    (suite.root / "benchmarks" / "__init__.py").write_text("")
    (suite.root / "benchmarks" / "layers.py").write_text(SUITE)
    for commit, slowdown in zip(suite.commits, ("1", "1.5", "20"), strict=True):
        assert asv(suite.root, "machine", "--yes", "--machine", "bench-1").returncode == 0
        arguments = ["--environment", "existing:same", "--set-commit-hash", commit, "--machine", "bench-1"]
        done = asv(suite.root, "run", *arguments, "--record-samples", slowdown=slowdown)
        assert "layers.Search.track_p99" in done.stdout, done.stdout + done.stderr
    return suite


def test_results_that_asv_wrote(measured):
    done = CliRunner().invoke(app, ["compare", "HEAD~2", "HEAD~1", "--json", "v.json"])
    assert done.exit_code == 1, done.stdout
    verdict = json.loads((measured.root / "v.json").read_text())
    entries = {(e["benchmark"], e["params"].get("tier")): e for e in verdict["comparisons"]}
    p99 = entries["layers.Search.track_p99", "small"]
    assert (p99["class"], p99["layer"], p99["metric"], p99["mode"]) == ("severe", "bm25", "p99", "warm")
    assert p99["effect"]["method"] == "samples"
    assert p99["effect"]["base_count"] == 12 * 1
    recall = entries["layers.Search.track_recall_loss", "medium"]
    assert (recall["class"], recall["why"], recall["effect"]["method"]) == (
        "severe",
        "0.0250 worse, beyond 0.02",
        "exact",
    )
    assert entries["layers.Search.peakmem_search", "small"]["class"] == "unchanged"
    assert entries["layers.track_broken", None]["class"] == "unmeasured"
    assert "| Change" in done.stdout

    later = CliRunner().invoke(app, ["compare", "HEAD~2", "HEAD", "--bench", "medium", "--no-asv-table"])
    assert later.exit_code == 4
    assert "vanished: layers.Search.track_p99('medium'), measured at BASE, skipped at HEAD" in later.stdout

    shown = CliRunner().invoke(app, ["show", "HEAD~1"])
    assert [line.split()[:4] for line in shown.stdout.splitlines()[1:4]] == [
        ["layer", "tier", "p99", "peak"],
        ["bm25", "small", "15.1", "ms"],
        ["medium", "15.1", "ms", shown.stdout.splitlines()[3].split()[3]],
    ]
    assert CliRunner().invoke(app, ["baseline", "write", "HEAD~2"]).exit_code == 0
    assert CliRunner().invoke(app, ["baseline", "check", "HEAD~2"]).exit_code == 0
    assert CliRunner().invoke(app, ["baseline", "check", "HEAD~1"]).exit_code == 1
