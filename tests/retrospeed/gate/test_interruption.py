"""Ctrl-C, or a cancelled job, ends a run without leaving a process, and what is known is printed."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.retrospeed.gate.scratch_suite import ScratchSuite
from tests.retrospeed.gate.test_behaviour import processes_with

BENCHMARKS = """
import subprocess

import work


def track_first():
    return 1


def time_second():
    subprocess.Popen(["sleep", {sleep!r}], start_new_session=True)
    open({flag!r}, "w").close()
    import time
    time.sleep(60)


time_second.warmup_time = 0
time_second.number = 1


def track_third():
    return 3
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_and_what_is_known_is_printed(tmp_path: Path, how: signal.Signals) -> None:
    flag = tmp_path / "running"
    # Its own number of seconds tells this test's process from those of tests that run at the same time.
    sleep = f"86398.{os.getpid()}{how.value}"
    suite = ScratchSuite(tmp_path / "suite", {"bench": BENCHMARKS.format(flag=str(flag), sleep=sleep)})
    with suite.start("HEAD~1", "HEAD", "--json", str(tmp_path / "gate.json")) as process:
        deadline = time.monotonic() + 180
        while not flag.exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(how)
        # Impatience changes nothing.
        time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "bench.track_first" in output and "unchanged" in output
    assert "bench.time_second" in output and "bench.track_third" in output
    assert "the run ended before" in output
    assert "interrupted" in output and "Traceback" not in output
    assert (tmp_path / "gate.json").is_file()
    assert processes_with(sleep) == []
    assert processes_with(str(suite.folder)) == []
    assert [pid for pid in marked() if str(tmp_path) in pid] == []


def marked() -> list[str]:
    """Working directories of all living workers."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"RETROSPEED_WORKER=" in (entry / "environ").read_bytes():
                found.append(str((entry / "cwd").readlink()))
        except OSError:
            continue
    return found
