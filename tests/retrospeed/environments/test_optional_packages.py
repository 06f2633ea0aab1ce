"""Packages that only some benchmarks need: beside the dependencies, seen by who asks for them, and no one else."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asv import util

from retrospeed.optional_packages import OptionalPackages
from tests.retrospeed.environments.conftest import VALUES, History
from tests.retrospeed.scratch_project import MACHINE, Suite

MakeSuite = Callable[..., Suite]
WANTED = {"texttable": "1.7.2"}
BENCHMARKS = """
import os, sys
def track_seen_by_itself():
    try:
        import texttable
    except ImportError:
        return 0
    return 1

def track_asked_for():
    sys.path.append(os.environ["RETROSPEED_OPTIONAL_PACKAGES"])
    import texttable
    # Fails if what another commit left here is still there.
    open(os.path.join(os.path.dirname(texttable.__file__), "left"), "x").close()
    return 1
def setup_asked_for():
    if "RETROSPEED_OPTIONAL_PACKAGES" not in os.environ:
        raise NotImplementedError
track_asked_for.setup = setup_asked_for

def track_value():
    import toy
    return toy.VALUE
"""


class Pip:
    """Writes down what it is asked to do, makes a file for each package, and has none of those in `lacking`."""

    def __init__(self, *lacking: str) -> None:
        self.lacking = lacking
        self.calls: list[list[str]] = []

    def __call__(self, arguments: list[str], **_: Any) -> str:
        self.calls.append(arguments)
        if arguments[0] == "freeze":
            return "listed\n"
        lines = [argument for argument in arguments if "==" in argument]
        if any(line in self.lacking for line in lines):
            raise util.ProcessError(arguments, 1, "", "no such package")
        for line in lines:
            (Path(arguments[arguments.index("--target") + 1]) / line.partition("==")[0]).write_text(line)
        return ""


def packages(folder: Path, wanted: Any) -> OptionalPackages:
    return OptionalPackages(folder / "optional", SimpleNamespace(optional_requirements=wanted))


def test_they_change_neither_the_name_nor_what_other_benchmarks_see(suite: MakeSuite, history: History) -> None:
    commit = history.main[1]
    before = suite(BENCHMARKS)
    before.asv("run", f"{commit}^!")
    assert before.result(commit, "track_seen_by_itself") == 0
    assert json.dumps(before.result(commit, "track_asked_for")) == "NaN"
    (shared,) = before.shared_environments()
    made = (shared / "asv-shared.json").read_bytes()

    project = suite(BENCHMARKS, optional_requirements=WANTED)
    output = project.asv("run", "--verbose", f"{history.main[0]}..{history.main[2]}")
    assert output.count("asv-optional/packages texttable==1.7.2") == 1
    for commit, value in zip(history.main[1:3], VALUES[1:3], strict=True):
        assert project.result(commit, "track_seen_by_itself") == 0
        assert project.result(commit, "track_asked_for") == 1
        assert project.result(commit, "track_value") == value
    # The same environment, under the same name.
    assert (shared / "asv-shared.json").read_bytes() == made
    names = [{path.name.partition("-")[2] for path in (s.results / MACHINE).glob("*.json")} for s in (before, project)]
    assert names[0] == names[1]
    (listing,) = (project.results / MACHINE).glob("*.optional.freeze.txt")
    assert listing.read_text() == "texttable==1.7.2\n"


def test_asv_own_virtualenv_type_skips_what_needs_them(suite: MakeSuite, history: History) -> None:
    project = suite(BENCHMARKS, environment_type="virtualenv", optional_requirements=WANTED)
    project.asv("run", f"{history.main[3]}^!")
    assert json.dumps(project.result(history.main[3], "track_asked_for")) == "NaN"
    assert project.result(history.main[3], "track_value") == VALUES[3]


def test_what_is_there_is_left_alone_and_what_was_changed_is_mended(tmp_path: Path) -> None:
    pip = Pip()
    packages(tmp_path, {"one": "1.0", "two": "2.0"}).ensure(pip)
    assert [call[0] for call in pip.calls] == ["install", "freeze"]
    optional = packages(tmp_path, {"one": "1.0", "two": "2.0"})
    optional.ensure(pip)
    assert len(pip.calls) == 2
    (optional.packages / "left").write_text("")
    optional.sweep()
    assert sorted(path.name for path in optional.packages.iterdir()) == ["one", "two"]
    (optional.packages / "one").write_text("other")
    with pytest.raises(util.UserError, match=r"one was changed: measure again"):
        optional.sweep()
    optional.ensure(pip)
    assert (optional.packages / "one").read_text() == "one==1.0"
    packages(tmp_path, {"one": "1.1"}).ensure(pip)
    assert [path.name for path in optional.packages.iterdir()] == ["one"]


def test_what_cannot_be_had_is_named_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pip = Pip("two==2.0")
    optional = packages(tmp_path, {"one": "1.0", "two": "2.0", "three": "3.0"})
    optional.ensure(pip)
    assert sorted(path.name for path in optional.packages.iterdir()) == ["one", "three"]
    assert "Without two==2.0: what needs them is skipped." in caplog.text
    pip.lacking = ()
    optional.ensure(pip)
    assert len(list(optional.packages.iterdir())) == 3


def test_without_the_setting_there_is_nothing(tmp_path: Path) -> None:
    pip = Pip()
    optional = OptionalPackages(tmp_path / "optional", SimpleNamespace())
    optional.ensure(pip)
    optional.sweep()
    assert optional.variables == {} and pip.calls == [] and not list(tmp_path.iterdir())


@pytest.mark.parametrize("wanted", [["faiss-cpu"], {"faiss-cpu": ["1.15.1"]}])
def test_a_setting_that_means_nothing_is_refused(tmp_path: Path, wanted: Any) -> None:
    with pytest.raises(util.UserError, match=r"optional_requirements of asv\.conf\.json must be an object"):
        packages(tmp_path, wanted)
