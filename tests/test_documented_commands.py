"""Every command that the README and the docs show is run as it stands there.

A block marked ``console`` holds commands after ``$``; a comment `# exits N` names the exit code of one that does not
end with 0. They run in a clone of this repository, in the order of the text. To be quick, the clone's suite is cut
down to two benchmarks of two layers, its environment to what they import, and its samples to what it takes under the
gate; results and history are the real ones.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from asv.config import Config

from retrospeed.gate.worker_pair import GATED

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("bm25", "toc")
KEPT_BENCHMARKS = {"__init__", "blocks", "logs", "metric", "quality", "stopwatch", "subject", "tiers", *LAYERS}
KEPT_PINS = {"numpy", "rank-bm25", "PyStemmer", "msgspec", "python-dateutil", "pip+hatchling", "pip+asv_runner"}
KEPT_OF_A_LAYER = """

for _class in [_value for _value in globals().values() if isinstance(_value, type) and _value.__module__ == __name__]:
    for _name in vars(_class).copy():
        if _name.startswith(("time", "track_", "peakmem_")) and _name not in ("time_search", "track_search_p50"):
            delattr(_class, _name)
"""
"""Appended to the modules of the layers."""
RUN_BY_CI_ITSELF = {"make test", "make lint"}
RUN_ONCE = {"make benchmark", "asv run HEAD^!"}
"""Of these a second page tells the same; each measures for half a minute."""
SERVES = "make site"


def commands(page: Path) -> list[tuple[str, int]]:
    """The page's commands, and the exit code that each should have."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                command, _, comment = line[2:].partition("  #")
                code = re.search(r"exits (\d)", comment)
                found.append((command.strip(), int(code.group(1)) if code else 0))
    return found


PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if commands(page)]


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository with a suite that runs in seconds."""
    path = tmp_path_factory.mktemp("newcomer") / "retrospeed"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(path)], check=True)
    # A checkout that CI made may be on no branch; asv asks for main.
    subprocess.run(["git", "checkout", "--quiet", "-B", "main"], cwd=path, check=True)
    for module in (path / "benchmarks").glob("*.py"):
        if module.stem not in KEPT_BENCHMARKS:
            module.unlink()
    for layer in LAYERS:
        with (path / "benchmarks" / f"{layer}.py").open("a", encoding="utf-8") as module_file:
            module_file.write(KEPT_OF_A_LAYER)
    config = Config.load(str(path / "asv.conf.json")).__dict__
    config["matrix"]["req"] = {key: pins for key, pins in config["matrix"]["req"].items() if key in KEPT_PINS}
    known = json.loads(re.sub(r"^\s*//.*$", "", (path / "asv.conf.json").read_text(), flags=re.MULTILINE))
    known["matrix"] = config["matrix"]
    del known["optional_requirements"]
    # The full environment has it from scikit-learn.
    known["matrix"]["req"]["threadpoolctl"] = [version("threadpoolctl")]
    (path / "asv.conf.json").write_text(json.dumps(known, indent=4))
    # Ranges such as HEAD~3..HEAD need not reach what a shallow checkout lacks.
    for message in ("cut the suite", "one", "two", "three"):
        author = ("-c", "user.name=t", "-c", "user.email=t@t")
        subprocess.run(["git", *author, "commit", "--quiet", "--allow-empty", "-am", message], cwd=path, check=True)
    tooling = path / ".venv"
    tooling.mkdir()
    (tooling / "bin").symlink_to(Path(sys.executable).parent)
    # Newer than what make compares them with: the environment is there already.
    for stamp in (".tooling", ".development"):
        (tooling / stamp).touch()
    return path


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RETROSPEED", "GITHUB", "ASV"))}
    home = tmp_path_factory.mktemp("home")
    return kept | {
        GATED: "1",
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="session")
def already() -> set[str]:
    """The commands of RUN_ONCE that have been run."""
    return set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of(page: Path, clone: Path, environment: dict[str, str], already: set[str]) -> None:
    shown = [(command, code) for command, code in commands(page) if command not in RUN_BY_CI_ITSELF | already]
    for command, code in shown:
        if command.startswith(SERVES):
            _assert_serves(command, clone, environment)
            continue
        done = subprocess.run(
            command, shell=True, cwd=clone, env=environment, capture_output=True, text=True, executable="/bin/bash"
        )
        assert done.returncode == code, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        already |= {command} & RUN_ONCE


def test_the_readme_shows_the_four_commands_of_plain_asv() -> None:
    shown = {" ".join(command.split()[:2]) for command, _ in commands(ROOT / "README.md")}
    assert {"asv run", "asv publish", "asv compare", "asv find", "make benchmark", "make test"} <= shown


def _assert_serves(command: str, clone: Path, environment: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([*command.split(), f"PORT={port}"], cwd=clone, env=environment, start_new_session=True)
    try:
        page = next(_pages(f"http://127.0.0.1:{port}/", server))
        assert "<html" in page.lower()
        assert json.loads((clone / ".asv" / "html" / "index.json").read_text())["project"] == "retrospeed"
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def _pages(url: str, server: "subprocess.Popen[bytes]") -> Iterator[str]:
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                yield answer.read().decode()
        except OSError:
            time.sleep(0.1)
