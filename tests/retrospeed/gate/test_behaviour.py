"""Whatever a benchmark does, the run goes on, and the benchmark gets the class that it deserves."""

import os
from pathlib import Path

import pytest

from retrospeed.comparison import Class
from retrospeed.exit_codes import ExitCode, FailOn
from retrospeed.gate.judge_series import CONFIRMATIONS
from retrospeed.gate.record import read, write
from retrospeed.gate.two_stage import Plan
from retrospeed.gate.verdict import GateVerdict, verdict
from tests.retrospeed.gate.scratch_suite import ScratchSuite

BENCHMARKS = '''
import os
import signal
import socket
import subprocess
import sys
import time

import work

AT_HEAD = work.SIDE == "head"
PORT = {port}


def time_plain():
    work.score()


if AT_HEAD:
    def time_only_at_head():
        work.score()

    def time_new_but_fails():
        raise ValueError("never worked")
else:
    def time_only_at_base():
        work.score()


def time_fails_at_head():
    if AT_HEAD:
        raise ValueError("no such index")


def time_fails_at_base():
    if not AT_HEAD:
        raise ValueError("no such index")


def time_fails_on_both():
    raise ValueError("no such index")


def time_hangs_at_head():
    if AT_HEAD:
        time.sleep(60)


time_hangs_at_head.timeout = 3


def time_of_another_version():
    pass


time_of_another_version.version = work.SIDE


def time_prints():
    print('{{"ok": false}}')
    os.write(1, b"noise" * 1000)
    work.score()


def time_changes_directory():
    os.chdir("/")
    work.score()


def time_exits():
    if AT_HEAD:
        sys.exit(0)


def time_dies():
    if AT_HEAD:
        os.kill(os.getpid(), signal.SIGSEGV)


def time_forks_and_forgets():
    os.fork()
    work.score()


class Leaks:
    def setup(self):
        subprocess.Popen(["sleep", "{sleep}"])
        subprocess.Popen(["sleep", "{sleep}"], start_new_session=True)

    def time_leaks(self):
        work.score()


class Skips:
    params = ["base", "head", "both"]

    def setup(self, where):
        if where in (work.SIDE, "both"):
            raise NotImplementedError

    def time_skips(self, where):
        work.score()


class Alone:
    """Cannot be set up twice at the same time."""

    def setup(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", PORT))

    def teardown(self):
        self.socket.close()

    def time_alone(self):
        work.score()


class CacheFails:
    def setup_cache(self):
        if AT_HEAD:
            raise ValueError("no data")
        return 1

    def time_without_cache(self, cache):
        work.score()


class Cached:
    def setup_cache(self):
        with open("store", "w") as stream:
            stream.write(work.SIDE)
        return {{"side": work.SIDE}}

    def setup(self, cache):
        assert open("store").read() == cache["side"] == work.SIDE

    def time_cached(self, cache):
        work.score()


class FailsNowAndThen:
    def setup(self):
        if AT_HEAD and os.environ["PYTHONHASHSEED"] in ("2", "3"):
            raise ValueError("one in a few")

    def time_fails_now_and_then(self):
        work.score()


class MeasuredInSetupCache:
    """Reports a noisy number that was found while the cache was made."""

    def setup_cache(self):
        return [time.perf_counter() % 1 + 1]

    def track_reported(self, cache):
        return cache[0]


def timeraw_import():
    return "import work; work.score()"


def track_nothing_countable():
    return "three"


def track_not_a_number():
    return float("nan")


def track_number_at_base():
    return float("nan") if work.SIDE == "head" else 1.0


def track_same():
    return 3.25


def track_samples():
    return {{"samples": [1.0, 2.0, 3.0], "number": 1}}


def track_higher_is_better():
    return 90 if AT_HEAD else 100


track_higher_is_better.direction = "higher"


def track_grown():
    return 130 if AT_HEAD else 100


def track_loss():
    return 0.103 if AT_HEAD else 0.1


track_loss.unit = "loss"


def peakmem_grown():
    return bytearray((60 if AT_HEAD else 20) * 2**20).count(1)


def mem_list():
    return [0] * 100
'''
BROKEN = """
import work
if work.SIDE == "head":
    raise ImportError("moved")


def time_in_broken_module():
    work.score()
"""
SLEEP = f"86399.{os.getpid()}"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, free_port: int) -> GateVerdict:
    benchmarks = {"cases": BENCHMARKS.format(port=free_port, sleep=SLEEP), "broken": BROKEN}
    suite = ScratchSuite(tmp_path_factory.mktemp("behaviour") / "suite", benchmarks, 100, 100)
    # So few pairs can show no change of a time; here only what happens besides is looked at.
    return verdict(suite.measure(plan=Plan(stage_1_pairs=5, looks=(5,), early_looks=None)), FailOn.SEVERE)


MEASURED = {Class.UNCHANGED, Class.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("name", "classes", "why"),
    [
        ("cases.time_plain", MEASURED, ""),
        ("cases.time_only_at_head", {Class.NEW}, "at BASE the suite has no such benchmark"),
        ("cases.time_new_but_fails", {Class.FAILED}, "never worked"),
        ("cases.time_only_at_base", {Class.VANISHED}, "at HEAD the suite has no such benchmark"),
        ("cases.time_fails_at_head", {Class.FAILED}, "fails at HEAD: ValueError: no such index"),
        ("cases.time_fails_at_base", {Class.FIXED}, "fails at BASE: ValueError: no such index"),
        ("cases.time_fails_on_both", {Class.UNMEASURED}, "no such index"),
        ("cases.time_hangs_at_head", {Class.FAILED}, "timed out after 3 s"),
        ("cases.time_of_another_version", {Class.INCOMPARABLE}, "another version"),
        ("cases.time_prints", MEASURED, ""),
        ("cases.time_changes_directory", MEASURED, ""),
        ("cases.time_exits", {Class.FAILED}, "SystemExit"),
        ("cases.time_dies", {Class.FAILED}, "SIGSEGV"),
        ("cases.time_forks_and_forgets", MEASURED, ""),
        ("cases.Leaks.time_leaks", MEASURED, ""),
        ("cases.Skips.time_skips('base')", {Class.NEW}, "at BASE skipped"),
        ("cases.Skips.time_skips('head')", {Class.VANISHED}, "at HEAD skipped"),
        ("cases.Skips.time_skips('both')", {Class.UNMEASURED}, "at BASE skipped; at HEAD skipped"),
        ("cases.Alone.time_alone", MEASURED, "not alternated"),
        ("cases.CacheFails.time_without_cache", {Class.FAILED}, "setup_cache: ValueError: no data"),
        ("cases.Cached.time_cached", MEASURED, ""),
        ("cases.FailsNowAndThen.time_fails_now_and_then", MEASURED, "2 of its pairs failed"),
        ("cases.timeraw_import", MEASURED, ""),
        ("cases.track_nothing_countable", {Class.UNMEASURED}, "not a number"),
        ("cases.track_not_a_number", {Class.UNMEASURED}, "at BASE tells no number; at HEAD tells no number"),
        ("cases.track_number_at_base", {Class.VANISHED}, "at HEAD tells no number"),
        ("cases.track_same", {Class.UNCHANGED}, "identical"),
        ("cases.track_samples", {Class.UNCHANGED}, "identical"),
        ("cases.track_higher_is_better", {Class.SEVERE}, "deterministic"),
        ("cases.track_grown", {Class.SEVERE}, "deterministic"),
        ("cases.track_loss", {Class.UNCHANGED}, "within thresholds"),
        ("cases.mem_list", {Class.UNCHANGED}, "identical"),
        ("broken.time_in_broken_module", {Class.FAILED}, "broken cannot be imported: ImportError: moved"),
    ],
)
def test_each_case_has_its_class(found: GateVerdict, name: str, classes: set[Class], why: str) -> None:
    (finding,) = [finding for finding in found.findings if str(finding.key) == name]
    assert finding.classification in classes, finding.why
    assert why in finding.why


def test_every_series_is_found_once(found: GateVerdict) -> None:
    names = [str(finding.key) for finding in found.findings]
    assert len(names) == len(set(names)) == 35


def test_a_record_with_numbers_that_json_lacks_is_read_again(found: GateVerdict, tmp_path: Path) -> None:
    write(found.record, tmp_path / "gate.json")
    again = verdict(read(tmp_path / "gate.json"), FailOn.SEVERE)
    assert [(one.key, one.classification, one.why) for one in again.findings] == [
        (one.key, one.classification, one.why) for one in found.findings
    ]


def test_a_number_found_while_the_cache_was_made_is_not_taken_for_deterministic(found: GateVerdict) -> None:
    (finding,) = [finding for finding in found.findings if finding.key.benchmark.endswith("track_reported")]
    assert finding.decision is not None and finding.pairs > CONFIRMATIONS


def test_peak_memory_is_the_benchmarks_own(found: GateVerdict) -> None:
    (finding,) = [finding for finding in found.findings if finding.key.benchmark == "cases.peakmem_grown"]
    assert finding.base is not None and finding.head is not None
    # Not that of the gate, which started the process and holds more than both.
    assert 35 * 2**20 < finding.head - finding.base < 45 * 2**20
    assert finding.base < 70 * 2**20


def test_no_process_is_left(found: GateVerdict) -> None:
    assert processes_with(SLEEP) == []


def test_failures_make_it_severe(found: GateVerdict) -> None:
    assert found.exit_code is ExitCode.SEVERE


def processes_with(argument: str) -> list[str]:
    """Command lines of living processes that hold an argument."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if argument in line:
            lines.append(line)
    return lines
