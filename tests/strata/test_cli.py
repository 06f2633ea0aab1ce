"""The command as a user meets it. `golden/*.txt` hold whole sessions: commands after `$`, and what they print.

Run with UPDATE_GOLDEN=1 to write them anew after a deliberate change, and read the difference.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from strata.cli import app
from tests.strata import installed

GOLDEN = Path(__file__).parent / "golden"
SOURCE = Path(__file__).parents[2] / "src"


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": str(SOURCE),
        "COLUMNS": "100",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "HF_HUB_OFFLINE": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "strata", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def transcript(commands: list[str], folder: Path) -> str:
    """What the commands print: stdout, then stderr without progress, then the exit code if it is not 0."""
    shown = []
    for command in commands:
        done = run(*shlex.split(command)[1:], folder=folder)
        errors = [line for line in done.stderr.splitlines() if line.startswith(("strata: ", "left out: "))]
        shown.append(f"$ {command}\n{done.stdout}" + "".join(f"{line}\n" for line in errors))
        if done.returncode:
            shown.append(f"[exit {done.returncode}]\n")
    return "".join(shown)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for trace in GOLDEN.glob("*.jsonl"):
        shutil.copy(trace, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.txt")))
def test_session(name: str, folder: Path) -> None:
    golden = GOLDEN / f"{name}.txt"
    written = golden.read_text()
    found = transcript([line[2:] for line in written.splitlines() if line.startswith("$ ")], folder)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found)
    assert found == written


def test_a_file_with_a_bad_line_leaves_nothing_behind(folder: Path) -> None:
    failed = run("ingest", "store", "bad.jsonl", folder=folder)
    assert failed.returncode == 2
    assert (failed.stdout, failed.stderr.count("\n")) == ("", 1)
    assert json.loads(run("stats", "store", "--json", folder=folder).stdout)["events"] == 0


def test_what_the_system_refuses_is_one_sentence_too(folder: Path) -> None:
    run("ingest", "store", "trace.jsonl", folder=folder)
    run("build", "store", "--layer", "toc", folder=folder)
    for arguments, message in (
        (("toc", "store", os.fsdecode(b"\xff")), "strata: an argument is not valid text in UTF-8\n"),
        (("ingest", "trace.jsonl/store", "trace.jsonl"), "strata: trace.jsonl/store is not a strata store: Not a"),
    ):
        refused = run(*arguments, folder=folder)
        assert (refused.returncode, refused.stdout) == (2, "") and refused.stderr.startswith(message)
    index = folder / "store" / "toc" / "sqlite"
    index.write_bytes(index.read_bytes()[:8192])
    refused = run("toc", "store", folder=folder)
    assert refused.returncode == 2 and "Traceback" not in refused.stderr and "strata build" in refused.stderr


def test_json_is_whole_and_nothing_else(folder: Path) -> None:
    run("ingest", "store", "trace.jsonl", folder=folder)
    assert json.loads(run("build", "store", "--layer", "toc", "--json", folder=folder).stdout) == {"toc": 5}
    roots = json.loads(run("toc", "store", "--json", folder=folder).stdout)
    assert [root["node_id"] for root in roots] == ["toc:year:2024", "toc:year:2025"]
    opened = json.loads(run("toc", "store", "toc:segment:2024-01-15:1", "--json", folder=folder).stdout)
    assert opened["events"] == ["e1", "e3"]
    assert set(opened["grips"]) == {grip for bullet in opened["node"]["bullets"] for grip in bullet["grip_ids"]}
    hits = json.loads(run("search", "store", "coffee", "--layer", "toc", "-k", "2", "--json", folder=folder).stdout)
    assert [set(hit) for hit in hits] == [{"doc_id", "score", "layer", "timestamp", "agent", "text"}] * 2
    found = json.loads(run("stats", "store", "--json", folder=folder).stdout)
    assert found["layers"]["toc"]["behind"] == 0


def test_a_store_remembers_the_engines_that_it_was_built_with(folder: Path) -> None:
    for layer, name in (("bm25", "tantivy"), ("vector", "usearch")):
        installed.engine(layer, name)
    run("ingest", "STORE", "trace.jsonl", folder=folder)
    built = run("build", "STORE", "--bm25", "tantivy", "--vector", "usearch", "--layer", "bm25", folder=folder)
    assert built.returncode == 0, built.stderr
    engines = json.loads(run("stats", "STORE", "--json", folder=folder).stdout)["engines"]
    assert (engines["bm25"], engines["vector"], engines["topics"]) == ("tantivy", "usearch", "networkx")
    assert len(json.loads(run("search", "STORE", "coffee", "--layer", "bm25", "--json", folder=folder).stdout)) > 0
    refused = run("build", "STORE", "--bm25", "paper", folder=folder)
    assert refused.returncode == 2
    assert refused.stderr.startswith("strata: no bm25 engine is called 'paper': there is bm25s, rank-bm25, tantivy")
    assert refused.stderr.count("\n") == 1


def test_progress_goes_to_stderr(folder: Path) -> None:
    run("ingest", "store", "trace.jsonl", folder=folder)
    built = run("build", "store", "--layer", "toc", folder=folder)
    assert "5/5" in built.stderr and "5/5" not in built.stdout


def test_every_command_argument_and_option_has_help() -> None:
    command = get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    assert {"ingest", "build", "toc", "search", "stats"} <= set(command.commands)
    for name, sub in command.commands.items():
        assert sub.help, name
        for parameter in sub.params:
            assert getattr(parameter, "help", None), (name, parameter.name)


def test_without_its_libraries_the_command_says_which_extra_brings_them(tmp_path: Path) -> None:
    (tmp_path / "Stemmer.py").write_text("raise ModuleNotFoundError(\"No module named 'Stemmer'\", name='Stemmer')\n")
    refused = run("stats", "store", folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith('strata: the library Stemmer is not installed: pip install "retrospeed[strata]"')
    assert len(refused.stderr.splitlines()) == 1


def test_a_fault_of_its_own_is_not_taken_for_a_missing_library(tmp_path: Path) -> None:
    (tmp_path / "Stemmer.py").write_text("import strata.absent\n")
    broken = run("stats", "store", folder=tmp_path)
    assert broken.returncode == 1
    assert "No module named 'strata.absent'" in broken.stderr
