"""Scratch repositories made from the sources of the `packaging` library, as it is installed here."""

import random
import shutil
import subprocess
from pathlib import Path

import packaging

BROKEN = '[build-system]\nrequires = ["no-such-backend"]\nbuild-backend = "nothing"\n'


def make_repository(folder: Path, suite: str) -> None:
    """The repository with its first commit on `main`, and beside it, unknown to git, benchmarks with this source."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(Path(packaging.__file__).parent, folder / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".gitignore").write_text(".asv\n__pycache__\nbenchmarks\nasv.conf.json\nresults*\n")
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "__init__.py").touch()
    (folder / "benchmarks" / "suite.py").write_text(suite)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", f"packaging {packaging.__version__}")


def write_innocent_change(
    folder: Path, place: int, chance: random.Random, *, docs_only: bool, broken: bool
) -> tuple[str, str]:
    """What a commit changes that changes nothing measured: its documentation, whether it builds, or some comments.

    The comments are of a module drawn at random. The name of the module and its new lines, both empty if there are
    none; whoever writes that module anew must add them.
    """
    build = folder / "pyproject.toml"
    build.unlink(missing_ok=True)
    if docs_only:
        (folder / "README.md").write_text(f"Number {place}.\n")
    elif broken:
        build.write_text(BROKEN)
    else:
        module = chance.choice(sorted((folder / "packaging").glob("*.py")))
        added = "".join(f"# Change {place}, line {line}.\n" for line in range(chance.randint(1, 30)))
        with module.open("a") as stream:
            stream.write(added)
        return module.name, added
    return "", ""


def commit_all(folder: Path, place: int) -> str:
    """Commit what is there, be it nothing; the commit's hash."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", f"change {place}")
    return git(folder, "rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    """Run git; what it says."""
    identity = ("-c", "user.name=Scratch", "-c", "user.email=scratch@example.org")
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()
