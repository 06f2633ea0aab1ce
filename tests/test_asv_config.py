"""asv.conf.json says the same as the files that say it elsewhere."""

import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from asv.config import Config
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
CONFIG = Config.load(str(ROOT / "asv.conf.json"))


def matrix_pins() -> dict[str, str]:
    pins = {}
    for key, versions in CONFIG.matrix["req"].items():
        assert len(versions) == 1, f"{key}: every further version doubles the run"
        pins[canonicalize_name(key.removeprefix("pip+"))] = versions[0]
    return pins


def test_the_matrix_pins_what_constraints_txt_pins() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    constraints = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    pins = matrix_pins()
    assert pins == {name: constraints.get(name) for name in pins}


def test_the_optional_requirements_are_pinned_alike_and_are_no_part_of_the_matrix() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    constraints = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    optional = {canonicalize_name(name): version for name, version in CONFIG.optional_requirements.items()}
    assert optional == {name: constraints.get(name) for name in optional}
    assert not set(optional) & set(matrix_pins())


def test_the_optional_requirements_hold_what_they_need_themselves() -> None:
    # They are installed without dependencies, over what the matrix brings.
    there = {canonicalize_name(name) for name in CONFIG.optional_requirements}
    waiting = list(matrix_pins())
    brought: set[str] = set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in brought:
            brought.add(name)
            waiting += needs(name)
    lacking = {need for name in there for need in needs(name)} - there - brought
    assert not lacking


def needs(name: str) -> list[str]:
    """What an installed package requires here, extras left aside; nothing for one that is not installed here."""
    try:
        found = map(Requirement, distribution(name).requires or ())
    except PackageNotFoundError:
        return []
    return [canonicalize_name(one.name) for one in found if one.marker is None or one.marker.evaluate({"extra": ""})]


def test_every_extra_that_an_engine_names_is_measured() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    there = {canonicalize_name(name) for name in CONFIG.optional_requirements} | set(matrix_pins())
    for extra in ("onnx", "fast", "faiss", "igraph", "postgresql"):
        assert {canonicalize_name(Requirement(line).name) for line in extras[extra]} <= there


def test_the_matrix_holds_all_that_a_commit_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["strata"]
    wanted += project["build-system"]["requires"]
    pins = matrix_pins()
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), str(requirement)


def test_torch_is_installed_before_anything_that_would_bring_another() -> None:
    assert next(iter(CONFIG.matrix["req"])) == "torch"


@pytest.mark.parametrize(("threads", "expected"), [(None, "1"), ("2", "2")])
def test_measurements_run_on_the_threads_asked_for_and_offline(threads: str | None, expected: str) -> None:
    environment = {"PATH": "", "OMP_NUM_THREADS": "64"} | ({"RETROSPEED_THREADS": threads} if threads else {})
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "HF_HUB_OFFLINE")
    code = f"import benchmarks, os; print(*(os.environ[name] for name in {names}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stdout.decode().split() == [expected, expected, expected, "1"]


def test_numpy_that_was_imported_before_the_suite_runs_on_one_thread_too() -> None:
    # As under asv: its memory benchmarks bring pympler, which imports numpy before the suite can set the environment.
    code = (
        "import asv_runner.benchmarks.mem, sys\n"
        "assert 'numpy' in sys.modules\n"
        "import benchmarks, threadpoolctl\n"
        "print(*(pool['num_threads'] for pool in threadpoolctl.threadpool_info()))"
    )
    environment = {"PATH": "", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert set(done.stdout.split()) == {"1"}, done.stderr
