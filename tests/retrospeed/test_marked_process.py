"""Processes are found by their mark: those still being started, and those whose starter was interrupted."""

import os
import subprocess
import sys
import time
from pathlib import Path

from retrospeed.marked_process import MARK, kill_marked, new_mark

WITHOUT_END = """
import subprocess
while True:
    subprocess.Popen(["sleep", "86396"], start_new_session=True)
"""
FORGETS_IT = """
import os, subprocess
from retrospeed.marked_process import MARK, new_mark
mark = new_mark()
subprocess.Popen(["sleep", "86396"], env={**os.environ, MARK: mark}, start_new_session=True)
print(mark)
"""


def bearers(mark: str) -> list[str]:
    """The living processes with a mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_what_goes_on_starting_others_is_ended_with_all_of_them() -> None:
    for _ in range(10):
        mark = new_mark()
        with subprocess.Popen([sys.executable, "-c", WITHOUT_END], env={**os.environ, MARK: mark}):
            while len(bearers(mark)) < 5:
                time.sleep(0.01)
            kill_marked(mark)
            assert bearers(mark) == []


def test_what_a_program_forgets_ends_with_it() -> None:
    done = subprocess.run([sys.executable, "-c", FORGETS_IT], capture_output=True, text=True, check=True)
    mark = done.stdout.strip()
    assert len(mark) > 60 and bearers(mark) == []


def test_other_marks_are_left_alone() -> None:
    mine, other = new_mark(), new_mark()
    with subprocess.Popen(["sleep", "86396"], env={**os.environ, MARK: other}) as process:
        kill_marked(mine)
        assert process.poll() is None
        kill_marked(other)
        assert process.wait() == -9
