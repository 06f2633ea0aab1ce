"""The gate on code that nobody here wrote: does it agree with the changelogs of released packages?

    python studies/gate_releases.py FOLDER

For each case: the sources of two releases are fetched from the package index, become two commits of a scratch
repository under FOLDER, and a few lines of asv suite, or a file of the package's own suite, are gated over them, once
forwards and once backwards. Prints what the changelog says beside what the gate says, and exits 1 where they disagree.
About half an hour, most of it for pydicom and xarray.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from retrospeed.comparison import Class
from retrospeed.exit_codes import FailOn
from retrospeed.gate import record
from retrospeed.gate.verdict import verdict

FASTER, SAME, SLOWER = "faster", "same", "slower"
EXPECTED = {FASTER: {Class.IMPROVED}, SAME: {Class.UNCHANGED}, SLOWER: {Class.SEVERE, Class.WARNING}}
OPPOSITE = {FASTER: SLOWER, SAME: SAME, SLOWER: FASTER}


@dataclass(frozen=True)
class Case:
    """Two releases of a package, benchmarks, and what the changelog leads one to expect of each."""

    package: str
    old: str
    new: str
    suite: str
    """The text of a suite, or the path of a benchmark file or folder in the source distribution of `suite_from`."""
    expected: dict[str, str]
    """Name of a benchmark → FASTER at the new release, SLOWER or SAME."""
    changelog: str
    suite_from: str = ""
    """The release that ships the package's own suite."""
    bench: str = "."
    """A pattern for benchmarks of the suite, all of which run."""
    requirements: dict[str, list[str]] = field(default_factory=dict)
    build_constraints: tuple[str, ...] = ()
    """What the release builds with, where that no longer is the newest."""


PACKAGING = """
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

VERSIONS = [f"{major}.{minor}.{patch}rc1" for major in range(5) for minor in range(5) for patch in range(5)]


def time_version():
    for version in VERSIONS:
        Version(version)


def time_canonicalize_name():
    for version in VERSIONS:
        canonicalize_name("Some_Name.of-" + version)


def time_requirement():
    for version in VERSIONS[:25]:
        Requirement(f'name[extra]>={version},<9; python_version > "3.8"')
"""
IDNA = """
import idna

# Each joiner is looked up against all letters before and after it, unless the nearest ones settle it.
CRAFTED = "\\u0628" + "a\\u200c" * 200 + "\\u0628"


def time_encode():
    for _ in range(100):
        idna.encode("b\\u00fccher.example")


def time_crafted():
    try:
        idna.encode(CRAFTED)
    except idna.IDNAError:
        pass
"""
NESTED = "benchmarks/bench_nested_seq.py"
CASES = (
    Case(
        "packaging",
        "25.0",
        "26.0",
        PACKAGING,
        {"time_version": FASTER, "time_canonicalize_name": FASTER, "time_requirement": FASTER},
        "26.0: 'Make Version a little faster', 'Much faster canonicalize_name by avoiding a regex', 'Avoid recompiling "
        "regexes in the tokenizer for a 3x speedup'",
    ),
    Case(
        "idna",
        "3.6",
        "3.7",
        IDNA,
        {"time_crafted": FASTER},
        "3.7: 'Fix issue where specially crafted inputs to encode() could take exceptionally long amount of time'",
    ),
    Case(
        "idna",
        "3.5",
        "3.6",
        IDNA,
        {"time_encode": SAME, "time_crafted": SAME},
        "3.6: 'Fix regression to include tests in source distribution', nothing else",
    ),
    Case(
        "pydicom",
        "2.3.1",
        "2.4.0",
        NESTED,
        dict.fromkeys(("time_iterate_nested_elems", "time_index_to_nested_items"), FASTER),
        "2.4.0: 'Improved speed of creating and accessing highly nested structures'",
        suite_from="3.0.2",
    ),
    Case(
        "pydicom",
        "3.0.1",
        "3.0.2",
        NESTED,
        dict.fromkeys(("time_iterate_nested_elems", "time_index_to_nested_items", "time_iterate_preload_tags"), SAME),
        "3.0.2: a security issue of File-sets, which the suite does not use, 'Fixed', nothing else",
        suite_from="3.0.2",
    ),
    Case(
        "xarray",
        "2022.10.0",
        "2022.11.0",
        "asv_bench/benchmarks",
        {
            **{f"time_variable_insertion({count})": FASTER for count in (0, 10, 100, 1000)},
            **{f"time_merge_two_datasets({count})": FASTER for count in (10, 100, 1000)},
            "Repr.time_repr_html": SLOWER,
            "ReprMultiIndex.time_repr_html": SLOWER,
        },
        "2022.11.0: 'Display the indexes in a new section of the text and HTML reprs'. It says nothing of adding "
        "variables to a dataset, for which the release brought a benchmark of its own",
        suite_from="2022.11.0",
        bench="DatasetAddVariable|^repr",
        requirements={"numpy": ["1.26.4"], "pandas": ["1.5.3"], "packaging": [""]},
        build_constraints=("setuptools<70", "setuptools-scm<8"),
    ),
)
GIT = ("git", "-c", "user.name=study", "-c", "user.email=study@example.org")


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--case", help="only the case of this package and new release, as in idna-3.7")
    given = parser.parse_args()
    agreed = True
    for case in CASES:
        if given.case in (None, f"{case.package}-{case.new}"):
            folder = given.folder.absolute() / f"{case.package}-{case.new}"
            folder.mkdir(parents=True, exist_ok=True)
            constraints = folder / "constraints.txt"
            constraints.write_text("\n".join(case.build_constraints), encoding="utf-8")
            # pip hands this on to the environments in which it builds.
            os.environ["PIP_CONSTRAINT"] = str(constraints)
            repository = prepared(case, folder)
            print(f"\n## {case.package} {case.old} to {case.new}\n\nThe changelog of {case.changelog}.\n")
            agreed &= forwards(case, repository)
            agreed &= backwards(case, repository)
    return 0 if agreed else 1


def prepared(case: Case, folder: Path) -> Path:
    """A repository with the two releases as commits `old` and `new`, and the suite beside them."""
    repository = folder / "repository"
    if repository.exists():
        return repository
    repository.mkdir(parents=True)
    run(*GIT, "init", "--quiet", "--initial-branch", "main", cwd=repository)
    for tag, release in (("old", case.old), ("new", case.new)):
        run(*GIT, "rm", "-rq", "--ignore-unmatch", ".", cwd=repository)
        source = fetched(f"{case.package}=={release}", folder / tag)
        run("cp", "-r", f"{source}/.", str(repository), cwd=folder)
        run(*GIT, "add", "--all", "--force", cwd=repository)
        run(*GIT, "commit", "--quiet", "--message", release, cwd=repository)
        run(*GIT, "tag", tag, cwd=repository)
    suite = folder / "benchmarks"
    shipped = fetched(f"{case.package}=={case.suite_from}", folder / "suite") / case.suite if case.suite_from else None
    if shipped is not None and shipped.is_dir():
        shutil.copytree(shipped, suite)
    else:
        suite.mkdir()
        (suite / "__init__.py").touch()
        (suite / "bench.py").write_text(shipped.read_text() if shipped else case.suite, encoding="utf-8")
    config = {
        "version": 1,
        "project": case.package,
        "repo": "repository",
        "branches": ["main"],
        "environment_type": "virtualenv",
        "matrix": {"req": case.requirements},
        "build_command": ["python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}"],
        "install_command": ["in-dir={env_dir} python -m pip install --no-deps --force-reinstall {wheel_file}"],
    }
    (folder / "asv.conf.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    return repository


def fetched(requirement: str, folder: Path) -> Path:
    """The unpacked source distribution of a release."""
    folder.mkdir()
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", str(folder))
    run(*pip, requirement, cwd=folder)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    return source


def forwards(case: Case, repository: Path) -> bool:
    """Whether the gate finds what the changelog says."""
    code, classes, output = gate(case, repository, "old", "new")
    print(f"```\n{output.strip()}\n```\n")
    agree = all(found(classes, name) in EXPECTED[what] for name, what in case.expected.items())
    agree &= code == (1 if SLOWER in case.expected.values() else 0)
    print(f"Forwards: the gate {'agrees' if agree else 'DISAGREES'} (exit {code}).", flush=True)
    return agree


def backwards(case: Case, repository: Path) -> bool:
    """Whether what became faster is called slower when the old release is judged by the new one, and the reverse."""
    code, classes, _ = gate(case, repository, "new", "old")
    agree = all(found(classes, name) in EXPECTED[OPPOSITE[what]] for name, what in case.expected.items())
    agree &= code == (1 if Class.SEVERE in classes.values() else 0)
    said = ", ".join(f"{name} {what}" for name, what in sorted(classes.items()))
    print(f"Backwards: {said}; the gate {'agrees' if agree else 'DISAGREES'} (exit {code}).", flush=True)
    return agree


def found(classes: dict[str, Class], name: str) -> Class:
    """The class of the benchmark of that name, whatever is before it."""
    (only,) = (found for key, found in classes.items() if f".{key}".endswith(f".{name}"))
    return only


def gate(case: Case, repository: Path, base: str, head: str) -> tuple[int, dict[str, Class], str]:
    """Exit status of the gate, the class of each benchmark, and what it printed."""
    folder = repository.parent
    written = folder / f"{base}-{head}.json"
    command = [sys.executable, "-m", "retrospeed", "gate", base, head, "--bench", case.bench, "--json", str(written)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        raise SystemExit(done.stderr)
    judged = verdict(record.read(written), FailOn.SEVERE)
    return done.returncode, {str(one.key): one.classification for one in judged.findings}, done.stdout


def run(*command: str, cwd: Path) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, cwd=cwd, check=True)


if __name__ == "__main__":
    sys.exit(main())
