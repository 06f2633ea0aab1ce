"""Which environment is used, where the suite may lie, and what is said where there is no environment."""

from pathlib import Path
from typing import Any

import pytest
from asv.config import Config

from retrospeed.exit_codes import ExitCode, FailOn
from retrospeed.gate import builds
from retrospeed.gate.report import footer
from retrospeed.gate.verdict import verdict
from retrospeed.gate.worker_pair import SideName
from tests.retrospeed.gate.scratch_suite import ScratchSuite

BENCHMARKS = """
import work


def track_units():
    return work.UNITS
"""


@pytest.fixture
def suite(tmp_path: Path) -> ScratchSuite:
    return ScratchSuite(tmp_path / "suite", {"bench": BENCHMARKS}, 300, 200)


def configured(suite: ScratchSuite, **settings: Any) -> Any:
    suite.configure(**settings)
    return Config.load(str(suite.folder / "asv.conf.json"))


def test_of_several_environments_the_first_is_used_and_the_others_are_known(suite: ScratchSuite) -> None:
    conf = configured(suite, environment_type="virtualenv", matrix={"env": {"MODE": ["one", "two"]}})
    first, second = (one.name for one in builds.environments(conf, None))
    assert first != second and first.startswith("layered-")
    # Named as asv names it, or as the gate does.
    for name in (second, second.replace("layered", "virtualenv")):
        assert [one.name for one in builds.environments(conf, name)] == [second]


def test_the_environments_not_used_are_told(suite: ScratchSuite) -> None:
    measured = suite.measure(built={"not_used": ("other",)})
    assert "Not measured, name one with --env: other." in footer(verdict(measured, FailOn.SEVERE))


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ("conda", "Could not find 'conda'"),
        ("virtualenv:2.9", "no environment of type virtualenv"),
        ("nonsense", "no environment of type nonsense"),
    ],
)
def test_a_missing_tool_is_one_sentence(
    suite: ScratchSuite, environment: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONDA_EXE", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    code, output = suite.gate("HEAD~1", "HEAD", "--env", environment)
    assert code == ExitCode.CANNOT_WORK
    (sentence,) = [line for line in output.splitlines() if line.startswith("retrospeed: ")]
    assert complaint in sentence and "Traceback" not in output


def test_the_suite_may_lie_in_a_folder_and_the_project_in_another(suite: ScratchSuite) -> None:
    nested = suite.folder / "performance"
    nested.mkdir()
    (suite.folder / "benchmarks").rename(nested / "cases")
    suite.git("mv", "work", "moved")
    (suite.folder / "lib").mkdir()
    suite.git("mv", "moved", "lib/work")
    suite.git("commit", "--quiet", "--message", "move")
    source = suite.folder / "lib" / "work" / "__init__.py"
    source.write_text(source.read_text(encoding="utf-8").replace("UNITS = 200", "UNITS = 100"), encoding="utf-8")
    suite.git("commit", "--quiet", "--all", "--message", "next")
    suite.configure(repo="..", repo_subdir="lib", benchmark_dir="cases")
    (suite.folder / "asv.conf.json").rename(nested / "asv.conf.json")
    code, output = suite.gate("HEAD~1", "HEAD", "--config", "performance/asv.conf.json")
    assert code == ExitCode.OK, output
    assert "bench.track_units" in output and "improved" in output


def test_a_name_of_a_commit_is_resolved_where_the_configuration_says(suite: ScratchSuite) -> None:
    built = builds.build(suite.folder / "asv.conf.json", "HEAD~1", "HEAD")
    assert built.commits == {SideName.BASE: suite.base, SideName.HEAD: suite.head}
    assert built.not_used == ()


def test_a_comment_changes_no_process_because_byte_code_is_there_already(
    suite: ScratchSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else each process would compile the sources, and lay out its memory by their length.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (suite.folder / "work" / "template.py").write_text("{{ this is no Python }}\n", encoding="utf-8")
    (suite.folder / "work" / "other.py").touch()
    suite.git("add", "-A")
    suite.git("commit", "--quiet", "--message", "a template")
    built = builds.build(suite.folder / "asv.conf.json", suite.base, suite.git("rev-parse", "HEAD"))
    compiled = {
        name: sorted(path.name.split(".")[0] for path in Path(side.variables["PYTHONPATH"]).rglob("*.pyc"))
        for name, side in built.sides.items()
    }
    assert compiled == {SideName.BASE: ["__init__"], SideName.HEAD: ["__init__", "other"]}
