"""asv itself reads, checks and runs the suite."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A scratch repository and an asv configuration that points at this suite."""
    repository = tmp_path / "repository"
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    subprocess.run(
        ["git", "-C", str(repository), *identity, "commit", "-q", "--allow-empty", "-m", "first"], check=True
    )
    configuration = {
        "version": 1,
        "project": "scratch",
        "repo": str(repository),
        "branches": ["HEAD"],
        "environment_type": "existing",
        "benchmark_dir": str(ROOT / "benchmarks"),
        "results_dir": str(tmp_path / "results"),
    }
    (tmp_path / "asv.conf.json").write_text(json.dumps(configuration))
    (tmp_path / "home").mkdir()
    return tmp_path


def asv(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "HOME": str(project / "home")}
    environment |= {"ASV_PYTHONPATH": str(ROOT / "src"), "RETROSPEED_TIERS": "small"}
    return subprocess.run(
        [sys.executable, "-m", "asv", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_asv_check_finds_nothing_to_complain_about(project: Path) -> None:
    done = asv(project, "check", "-E", f"existing:{sys.executable}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No problems found" in done.stdout


def test_asv_runs_a_layer_and_keeps_what_its_benchmarks_say(project: Path) -> None:
    assert asv(project, "machine", "--yes", "--machine", "scratch").returncode == 0
    head = subprocess.run(
        ["git", "-C", str(project / "repository"), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    done = asv(
        project, "run", "-E", f"existing:{sys.executable}", "--machine", "scratch", "--set-commit-hash", head,
        "--quick", "--record-samples", "--bench", r"^(?!.*'(medium|large)').*bm25\.",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    listed = json.loads((project / "results" / "benchmarks.json").read_text())
    p99 = listed["bm25.WarmBm25.track_search_p99"]
    assert (p99["layer"], p99["metric"], p99["mode"], p99["unit"]) == ("bm25", "p99", "warm", "seconds")
    (file,) = (project / "results" / "scratch").glob(f"{head[:8]}-*.json")
    content = json.loads(file.read_text())
    result = dict(zip(content["result_columns"], content["results"]["bm25.WarmBm25.track_search_p99"], strict=False))
    assert result["version"] == p99["version"]
    assert len(result["samples"][0]) == 10
    assert all(values[0][0] is not None for name, values in content["results"].items() if name.startswith("bm25.")), (
        done.stdout
    )
