"""The parts of a backfill by themselves: order of commits, what is handed out, what is shipped, what is missing."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrospeed import asv_config
from retrospeed.backfill.agenda import Agenda
from retrospeed.backfill.arrivals import Arrivals
from retrospeed.backfill.commits import Commit, coarse_first, commits_of
from retrospeed.backfill.memory import Listing, Memory
from retrospeed.backfill.messages import Delivery, Introduction, Outcome
from retrospeed.backfill.missing import missing, patterns
from retrospeed.backfill.parcel import history_parcel, suite_parcel
from retrospeed.backfill.seats import Seat, unusable
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ResultsError, RevisionError
from retrospeed.measurement import FAILED, SKIPPED, Measurement, SeriesKey
from retrospeed.pairing import Selection
from retrospeed.result_file import CommitResults
from tests.retrospeed.backfill.scratch_range import SUITE, ScratchRange


def commits(count: int) -> list[Commit]:
    return [Commit(f"{number:040x}", "") for number in range(count)]


@given(st.integers(1, 70), st.data())
def test_wherever_it_is_broken_off_the_range_is_evenly_sampled(count, data):
    line = commits(count)
    order = coarse_first(line)
    assert sorted(order, key=line.index) == line
    taken = sorted(line.index(commit) for commit in order[: data.draw(st.integers(2, max(2, count)))])
    gaps = [later - earlier for earlier, later in pairwise(taken)]
    # Halving leaves gaps of two sizes that differ by a factor of two, and rounding.
    assert not gaps or max(gaps) <= 2 * min(gaps) + 2


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans())), st.booleans())
def test_every_commit_is_handed_out_once_and_again_if_given_back(takes, every):
    line = commits(4)
    agenda = Agenda(line, every_machine=every)
    machines = {machine for machine, _ in takes}
    for machine in machines:
        agenda.join(machine)
    done = []
    for machine, works in takes:
        commit = agenda.next(machine)
        if commit is None:
            assert not agenda.left(machine)
        elif works:
            done.append((commit, machine if every else ""))
        else:
            agenda.give_back(commit, machine)
            assert agenda.next(machine) == commit
            agenda.give_back(commit, machine)
    assert len(set(done)) == len(done)
    expected = {(commit, machine) for commit in line for machine in (machines if every else {""})}
    assert set(done) | set(agenda.rest()) == expected
    assert not set(done) & set(agenda.rest())


def test_a_machine_is_put_aside_after_two_failures_in_a_row():
    seat = Seat("m", "h", ["tcp://a"])
    seat.strike("once")
    assert seat.free
    seat.strike("no compiler")
    assert not seat.free
    assert seat.barred == "no compiler"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ModuleNotFoundError("No module named 'retrospeed'", name="retrospeed"), "retrospeed is not installed there"),
        (Introduction("m", "h", protocol=0), "another version of retrospeed"),
        (Introduction("../elsewhere", "h"), "cannot be the name of a folder"),
        (Introduction("", "h"), "cannot be the name of a folder"),
        (AttributeError("no such function"), "install the same retrospeed there"),
    ],
)
def test_a_worker_that_cannot_be_used_is_told_why(answer, words):
    assert words in unusable(answer)
    assert not unusable(Introduction("m", "h"))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> ScratchRange:
    return ScratchRange(tmp_path_factory.mktemp("parts") / "r", [1, 2, 3], SUITE)


def test_ranges_are_git_s(scratch):
    def names(wanted):
        return [commit.hash for commit in commits_of(scratch.folder, wanted)]

    assert names("main") == scratch.hashes
    assert names("HEAD~2..HEAD") == scratch.hashes[1:]
    assert names("HEAD~1^!") == [scratch.hashes[1]]
    for wrong in ("HEAD..HEAD", "nowhere", "--all", "--output=stolen"):
        with pytest.raises(RevisionError):
            names(wrong)


def test_the_same_benchmarks_are_the_same_parcel_and_others_another(scratch, tmp_path):
    suite = asv_config.load(scratch.folder / "asv.conf.json")
    first = suite_parcel(suite)
    module = scratch.folder / "benchmarks" / "suite.py"
    (module.parent / "__pycache__").mkdir(exist_ok=True)
    (module.parent / "__pycache__" / "suite.cpython-311.pyc").write_bytes(b"x")
    module.touch()
    assert suite_parcel(suite) == first
    module.write_text(module.read_text() + "\n# more\n")
    assert suite_parcel(suite).digest != first.digest


def test_the_history_is_whole_in_its_parcel(scratch, tmp_path):
    parcel = history_parcel(scratch.folder, [scratch.hashes[1]])
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path)], check=True)
    subprocess.run(["git", "index-pack", "--stdin"], input=parcel.content, cwd=tmp_path, check=True)
    listed = subprocess.run(["git", "rev-list", scratch.hashes[1]], cwd=tmp_path, capture_output=True, text=True)
    assert listed.stdout.split() == [scratch.hashes[1], scratch.hashes[0]]


def results_of(path: Path, series: dict[SeriesKey, Measurement], version: str = "1") -> CommitResults:
    versions = {key.benchmark: version for key in series}
    return CommitResults(path, "c", "m", "e", 0, 0, {}, "3.11", series, versions)


def test_what_is_missing_is_what_has_no_value_of_this_version_and_was_not_tried(tmp_path):
    plain = Benchmark(name="s.plain", version="1")
    sized = Benchmark(name="s.sized", version="1", params=[["'a'", "'b'", "'c'"]])
    listing = Listing({"s.plain": plain, "s.sized": sized}, ["e"])
    a, b, c = (SeriesKey("s.sized", (value,)) for value in sized.params[0])
    value = Measurement(value=1.0)
    everything = Selection()

    def lacking(series, *, version="1", tried=(), selection=everything):
        found = [results_of(tmp_path, series, version)]
        return missing(listing, found, {(str(key), "1") for key in tried}, selection)

    assert lacking({}) == [SeriesKey("s.plain"), a, b, c]
    assert lacking({SeriesKey("s.plain"): value, a: value, b: SKIPPED, c: FAILED}) == [b, c]
    assert lacking({SeriesKey("s.plain"): value, a: value, b: SKIPPED, c: FAILED}, tried=[b, c]) == []
    # A benchmark without any value was tried by whoever wrote the file.
    assert lacking({SeriesKey("s.plain"): FAILED, a: SKIPPED, b: SKIPPED, c: SKIPPED}) == []
    assert lacking({SeriesKey("s.plain"): value}, version="0") == [SeriesKey("s.plain"), a, b, c]
    assert lacking({}, selection=Selection.of("'b'", None, None)) == [b]
    assert patterns([b]) == [r"^s\.sized\('b'\)$"]


def test_a_result_that_is_not_what_was_asked_for_is_not_stored(tmp_path):
    arrivals = Arrivals(tmp_path / "results", Memory(tmp_path), "digest", again=False)
    file = {
        "commit_hash": "d" * 40,
        "env_name": "e",
        "date": 0,
        "params": {"machine": "other"},
        "result_columns": ["result"],
        "results": {},
        "version": 2,
    }
    commit = "c" * 40
    for content in (json.dumps(file).encode(), json.dumps({**file, "commit_hash": commit}).encode(), b"{"):
        files = {"cccccccc-e.json": content, "machine.json": b"{}"}
        with pytest.raises(ResultsError):
            arrivals.take(Delivery(commit, "m", Outcome.RAN, "", 1.0, files=files), Selection())
    assert not (tmp_path / "results").exists()
