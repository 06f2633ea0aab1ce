"""Known changes are found, equal programs are not blamed, and a record is judged the same again."""

from pathlib import Path

import msgspec
import pytest

from retrospeed.comparison import Class
from retrospeed.exit_codes import ExitCode, FailOn
from retrospeed.gate import record
from retrospeed.gate.report import footer
from retrospeed.gate.verdict import verdict
from tests.retrospeed.gate.scratch_suite import ScratchSuite

BENCHMARKS = """
import work


def time_score():
    work.score()


def time_same():
    work.score(300)


class Sizes:
    params = [[150]]
    param_names = ["units"]

    def setup_cache(self):
        return {"factor": work.UNITS / 300}

    def setup(self, cache, units):
        self.units = round(units * cache["factor"])

    def time_size(self, cache, units):
        work.score(self.units)
"""


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> ScratchSuite:
    return ScratchSuite(tmp_path_factory.mktemp("slower") / "suite", {"bench": BENCHMARKS}, 300, 390)


@pytest.fixture(scope="module")
def outcome(slower: ScratchSuite, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Path]:
    """Exit status and output of the command over a commit that is 30 % slower, and its JSON."""
    written = tmp_path_factory.mktemp("written")
    arguments = ["HEAD~1", "HEAD", "--json", str(written / "gate.json"), "--markdown", str(written / "gate.md")]
    return *slower.gate(*arguments), written


def test_a_slowdown_is_severe_and_measured(outcome: tuple[int, str, Path]) -> None:
    code, output, written = outcome
    assert code == ExitCode.SEVERE, output
    found = verdict(record.read(written / "gate.json"), FailOn.SEVERE)
    by_name = {str(finding.key): finding for finding in found.findings}
    for name in ("bench.time_score", "bench.Sizes.time_size(150)"):
        assert by_name[name].classification is Class.SEVERE, output
        ratio = by_name[name].ratio
        assert ratio is not None and ratio[1] < ratio[0] < ratio[2]
        assert 1.2 < ratio[0] < 1.4
    assert by_name["bench.time_same"].classification is Class.UNCHANGED, output


def test_a_pair_tells_what_of_it_is_the_suites_own_set_up(outcome: tuple[int, str, Path]) -> None:
    _, _, written = outcome
    pairs = [pair for one in record.read(written / "gate.json").series for pair in one.first + one.second]
    assert pairs
    assert all(0 < pair.setup < pair.overhead < pair.seconds for pair in pairs)


def test_the_run_tested_itself(outcome: tuple[int, str, Path]) -> None:
    _, output, _ = outcome
    assert "Self-test: a program against itself" in output
    assert "5 % injected" in output


def test_markdown_shows_what_changed(outcome: tuple[int, str, Path]) -> None:
    text = (outcome[2] / "gate.md").read_text(encoding="utf-8")
    assert text.startswith("### Gate: severe regression")
    assert "| bench.time\\_score |" in text


def test_processor_time_that_was_withheld_is_told(outcome: tuple[int, str, Path]) -> None:
    _, _, written = outcome
    measured = record.read(written / "gate.json")
    assert measured.withheld is None or 0 <= measured.withheld <= 1
    lines = {
        share: "\n".join(footer(verdict(msgspec.structs.replace(measured, withheld=share), FailOn.SEVERE)))
        for share in (None, 0.001, 0.43)
    }
    assert "its host withheld 43 % of the processor time wanted" in lines[0.43]
    assert "withheld" not in lines[None] + lines[0.001]


def test_the_record_is_judged_the_same_again(slower: ScratchSuite, outcome: tuple[int, str, Path]) -> None:
    code, output, written = outcome
    again, said = slower.gate("--from", str(written / "gate.json"), "--json", str(written / "again.json"))
    assert again == code
    assert said.strip() and output.endswith(said)
    assert (written / "again.json").read_bytes() == (written / "gate.json").read_bytes()


def test_a_record_can_be_judged_by_other_thresholds(slower: ScratchSuite, outcome: tuple[int, str, Path]) -> None:
    lenient = outcome[2] / "lenient.toml"
    lenient.write_text("schema = 1\n[default]\nwarning = { relative = 0.6 }\nsevere = { relative = 0.7 }\n")
    code, output = slower.gate("--from", str(outcome[2] / "gate.json"), "--thresholds", str(lenient))
    assert code == ExitCode.OK, output


def test_a_commit_against_itself_passes(slower: ScratchSuite) -> None:
    slower.head, head = slower.base, slower.head
    try:
        found = verdict(slower.measure("time_same|time_score"), FailOn.WARNING)
    finally:
        slower.head = head
    assert [finding.classification for finding in found.findings] == [Class.UNCHANGED] * 2
    assert found.exit_code is ExitCode.OK


def test_a_faster_commit_is_an_improvement(slower: ScratchSuite) -> None:
    slower.base, slower.head = slower.head, slower.base
    try:
        found = verdict(slower.measure("time_score"), FailOn.SEVERE)
    finally:
        slower.base, slower.head = slower.head, slower.base
    assert [finding.classification for finding in found.findings] == [Class.IMPROVED]
    assert found.exit_code is ExitCode.OK


def test_a_self_test_that_misses_its_slowdown_voids_the_run(slower: ScratchSuite) -> None:
    # Nothing is injected where 5 % should be: just what a gate that sees nothing would find.
    found = verdict(slower.measure("time_same", self_test=True, injected=0.0), FailOn.SEVERE)
    assert found.distrust is not None and "an injected slowdown of 5%" in found.distrust
    assert found.exit_code is ExitCode.INCONCLUSIVE


def test_a_self_test_that_alarms_on_nothing_voids_the_run(outcome: tuple[int, str, Path]) -> None:
    measured = record.read(outcome[2] / "gate.json")
    # The program made slower, in the place of the one that should be equal.
    measured.equal_test = measured.slower_test
    found = verdict(measured, FailOn.SEVERE)
    assert found.distrust is not None and "against itself" in found.distrust
    assert found.exit_code is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"{}", "is not the JSON of a gate run"), (b"not json", "is not the JSON of a gate run")],
)
def test_a_foreign_file_is_refused(tmp_path: Path, slower: ScratchSuite, content: bytes, complaint: str) -> None:
    (tmp_path / "foreign.json").write_bytes(content)
    code, output = slower.gate("--from", str(tmp_path / "foreign.json"))
    assert code == ExitCode.CANNOT_WORK
    assert complaint in output and "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nonsense", "HEAD"], "has no commit"),
        (["HEAD"], "Name two commits"),
        (["HEAD~1", "HEAD", "--bench", "no_such"], "No benchmark is selected"),
        (["HEAD~1", "HEAD", "--bench", "("], "not a regular expression"),
    ],
)
def test_bad_usage_is_one_sentence(slower: ScratchSuite, arguments: list[str], complaint: str) -> None:
    code, output = slower.gate(*arguments)
    assert code == ExitCode.CANNOT_WORK
    assert complaint in output and "Traceback" not in output


def test_the_record_survives_encoding(outcome: tuple[int, str, Path]) -> None:
    measured = record.read(outcome[2] / "gate.json")
    assert msgspec.json.decode(msgspec.json.encode(measured), type=record.GateRecord) == measured
    pair = measured.series[0].first[0]
    assert len(pair.base) == len(pair.head) > 1
    assert pair.base_cpu is not None and len(pair.base_cpu) == len(pair.base)
