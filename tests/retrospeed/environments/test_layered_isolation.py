"""Nothing of one commit is visible to another, and measuring leaves no trace in what all of them share."""

import json
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path

from retrospeed.shared_venv import NOT_DEPENDENCIES
from retrospeed.tree_snapshot import snapshot
from tests.retrospeed.environments.conftest import VALUES, History
from tests.retrospeed.scratch_project import Suite

MakeSuite = Callable[..., Suite]

# Every commit looks everywhere for what others left, then leaves something there itself.
ISOLATION = '''
import os, pathlib, site, subprocess, sys, tempfile

OWN = "mark-" + os.environ["ASV_COMMIT"]
PLACES = {place for place in {
    sys.prefix, sys.exec_prefix, os.environ["ASV_ENV_DIR"], tempfile.gettempdir(), *site.getsitepackages(),
    os.environ["XDG_CACHE_HOME"], os.environ["XDG_DATA_HOME"], os.environ["XDG_STATE_HOME"],
    *(path for path in sys.path if "site-packages" in path),
} if os.path.isdir(place)}

def files():
    found = {place: [] for place in PLACES}
    for place in PLACES:
        for folder, _, names in os.walk(place):
            found[place] += [pathlib.Path(folder) / name for name in names]
    return found

def count(wanted):
    return sum(wanted(path) for paths in files().values() for path in paths)

def track_1_foreign_marks():
    return count(lambda path: path.name.startswith("mark-") and path.name != OWN)

def track_2_first_module_imports():
    import toy
    try:
        import toy.only_first
    except ImportError:
        return 0
    return 1

def track_3_first_module_files():
    """Source and byte code of the module that only the first commit has."""
    return count(lambda path: path.name.startswith("only_first"))

def track_4_places_marked():
    for place in PLACES:
        (pathlib.Path(place) / OWN).write_text("")
        os.makedirs(pathlib.Path(place) / "folder", exist_ok=True)
        (pathlib.Path(place) / "folder" / OWN).write_text("")
    return sum(any(path.name == OWN for path in paths) for paths in files().values()) - len(PLACES)

def track_5_packages_of_the_project():
    import importlib.metadata
    return sum(distribution.name == "toy" for distribution in importlib.metadata.distributions())

def track_6_value():
    import toy
    return toy.VALUE

def track_7_command():
    return int(subprocess.run(["toy"], capture_output=True, text=True, check=True).stdout)

for function in list(globals().values()):
    if getattr(function, "__name__", "").startswith("track_"):
        function.rounds = 2
'''


def test_nothing_of_one_commit_reaches_another(suite: MakeSuite, history: History) -> None:
    project = suite(ISOLATION)
    project.asv("run", "--show-stderr", "--interleave-rounds", "main")
    for commit, value, has_first_module in zip(history.main, VALUES, (1, 0, 0, 0), strict=True):
        assert project.result(commit, "track_1_foreign_marks") == 0
        assert project.result(commit, "track_2_first_module_imports") == has_first_module
        assert bool(project.result(commit, "track_3_first_module_files")) == bool(has_first_module)
        assert project.result(commit, "track_4_places_marked") == 0
        assert project.result(commit, "track_5_packages_of_the_project") == 1
        assert project.result(commit, "track_6_value") == value
        assert project.result(commit, "track_7_command") == value


def test_what_a_benchmark_wrote_is_gone_when_its_commit_is_next_measured(suite: MakeSuite, history: History) -> None:
    project = suite(
        """
import os, sys
def track_found():
    places = sys.prefix, os.environ["TMPDIR"], os.environ["XDG_CACHE_HOME"]
    found = sum(os.path.exists(place + "/left") for place in places)
    for place in places:
        open(place + "/left", "w").close()
    return found
"""
    )
    for _ in range(2):
        project.asv("run", f"{history.main[0]}^!")
        assert project.result(history.main[0], "track_found") == 0


def test_measuring_writes_nothing_into_the_shared_environment(suite: MakeSuite, history: History) -> None:
    project = suite("def track_one():\n    return 1\n")
    project.asv("run", f"{history.main[3]}^!")
    (shared,) = project.shared_environments()
    recorded = {name: tuple(entry) for name, entry in json.loads((shared / "asv-files.json").read_text()).items()}
    assert snapshot(shared, NOT_DEPENDENCIES) == recorded
    # What has no byte code would be compiled by the first benchmark to import it. virtualenv itself compiles nothing.
    modules = list(shared.glob("lib/*/site-packages/pip/**/*.py"))
    assert modules
    assert [module for module in modules if not Path(cache_from_source(str(module))).exists()] == []
