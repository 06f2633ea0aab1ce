"""Indexing a source tree: what is taken, what is left out and why, and what a second run does."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import strata
from strata.code.catalog import Catalog
from strata.code.indexing import Indexed, index_tree
from strata.code.place import place
from strata.code.source_tree import LONGEST_LINE
from strata.errors import ConflictError, StoreError
from strata.event import Event
from strata.stack import Strata
from tests.strata.test_cli import run

PYTHON = 'def weigh(telescope):\n    """Say how heavy it is."""\n    return telescope.kilograms\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "sky").mkdir(parents=True)
    (folder / "sky" / "telescope.py").write_text(PYTHON)
    (folder / "notes.txt").write_text("The observatory opens at nine.\n")
    return folder


def index(store: Path, tree: Path) -> Indexed:
    with strata.open(store, embedder="static") as stack:
        found = index_tree(stack.store, store / "code", tree)
        stack.build(["bm25"])
    return found


def found(store: Path, query: str) -> list[str]:
    """Places of what the keyword index finds."""
    with strata.open(store, create=False) as stack:
        return _places(stack, query)


def _places(stack: Strata, query: str, layer: str = "bm25") -> list[str]:
    hits = stack.search(layer, query, 10)
    events = stack.store.get([hit.doc_id for hit in hits])
    return [place(events[hit.doc_id]) or "" for hit in hits]


def test_files_are_found_by_what_is_in_them(tmp_path: Path, tree: Path) -> None:
    done = index(tmp_path / "store", tree)
    assert (done.added, done.chunks, done.skipped, done.notes) == (2, 2, {}, ())
    assert found(tmp_path / "store", "telescope kilograms") == ["sky/telescope.py:1  weigh"]
    assert found(tmp_path / "store", "observatory") == ["notes.txt:1"]


def test_a_second_run_takes_what_changed_and_finds_nothing_of_what_was(tmp_path: Path, tree: Path) -> None:
    store = tmp_path / "store"
    index(store, tree)
    assert index(store, tree) == Indexed(
        added=0, changed=0, unchanged=2, removed=0, chunks=0, skipped={}, notes=()
    )  # fmt: skip
    (tree / "sky" / "telescope.py").write_text("\n\n" + PYTHON.replace("kilograms", "pounds"))
    (tree / "notes.txt").unlink()
    (tree / "new.py").write_text("TIDE = 'high'\n")
    done = index(store, tree)
    assert (done.added, done.changed, done.unchanged, done.removed, done.chunks) == (1, 1, 0, 1, 2)
    assert found(store, "kilograms observatory") == []
    assert found(store, "pounds") == ["sky/telescope.py:3  weigh"]


def test_a_file_that_comes_back_is_found_again(tmp_path: Path, tree: Path) -> None:
    store = tmp_path / "store"
    index(store, tree)
    text = (tree / "notes.txt").read_text()
    for _ in range(2):
        (tree / "notes.txt").unlink()
        assert index(store, tree).removed == 1
        assert found(store, "observatory") == []
        (tree / "notes.txt").write_text(text)
        assert index(store, tree).added == 1
        assert found(store, "observatory") == ["notes.txt:1"]


def test_a_file_that_is_only_touched_is_not_indexed_again(tmp_path: Path, tree: Path) -> None:
    index(tmp_path / "store", tree)
    os.utime(tree / "notes.txt", (1, 1))
    assert index(tmp_path / "store", tree).unchanged == 2


def test_indexes_made_anew_from_the_log_find_the_same(tmp_path: Path, tree: Path) -> None:
    store = tmp_path / "store"
    index(store, tree)
    (tree / "notes.txt").write_text("The observatory is closed.\n")
    index(store, tree)
    with strata.open(store, vector="numpy", embedder="static") as stack:
        stack.build(["vector"])
        by_vector = _places(stack, "when is the observatory open", "vector")
        nearest = stack.search("vector", "when is the observatory open", 1)
        assert "is closed" in nearest[0].text
    assert sorted(by_vector) == ["notes.txt:1", "sky/telescope.py:1  weigh"]
    before = found(store, "observatory telescope")
    shutil.rmtree(store / "bm25")
    (store / "code" / "files.msgpack").unlink()
    assert index(store, tree).unchanged == 2
    assert found(store, "observatory telescope") == before


def test_a_run_killed_after_it_stored_is_taken_up(tmp_path: Path, tree: Path) -> None:
    store = tmp_path / "store"
    index(store, tree)
    kept = (store / "code" / "files.msgpack").read_bytes()
    (tree / "notes.txt").write_text("changed\n")
    index(store, tree)
    # As if the process had died before the catalog was written.
    (store / "code" / "files.msgpack").write_bytes(kept)
    os.utime(tree / "notes.txt", (2, 2))
    assert index(store, tree).unchanged == 2


def test_what_is_no_source_text_is_listed_with_the_reason(tmp_path: Path, tree: Path) -> None:
    (tree / "image.png").write_bytes(b"\x89PNG\0\0")
    (tree / "huge.txt").write_text("x\n" * 600_000)
    (tree / "latin.py").write_bytes("# one\nname = 'Müller'\n".encode("latin-1"))
    (tree / "wide.txt").write_text("text\n", encoding="utf-16")
    (tree / "min.js").write_text("x" * (LONGEST_LINE + 1))
    (tree / "link.py").symlink_to("notes.txt")
    (tree / "secret.py").write_text("SECRET = 1\n")
    (tree / "secret.py").chmod(0)
    os.mkfifo(tree / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tree)  # a socket's path is short
        try:
            listening.bind("socket.py")
        finally:
            os.chdir(here)
    Path(os.fsdecode(bytes(tree) + b"/name-\xff.py")).write_text("NAME = 1\n")
    (tree / ".hidden.py").write_text("HIDDEN = 1\n")
    (tree / "__pycache__").mkdir()
    (tree / "__pycache__" / "x.pyc").write_bytes(b"\0")
    skipped = index(tmp_path / "store", tree).skipped
    if os.geteuid() == 0:  # who may read everything
        skipped["secret.py"] = "unreadable: Permission denied"
    assert skipped == {
        "image.png": "binary",
        "huge.txt": "huge: 1,200,000 bytes, more than 1,000,000",
        "latin.py": "not UTF-8: byte 0xfc in line 2",
        "wide.txt": "binary",
        "min.js": "made by a machine: a line of 10,001 characters",
        "link.py": "a link",
        "secret.py": "unreadable: Permission denied",
        "pipe.py": "not a regular file",
        "socket.py": "not a regular file",
        "name-\\xff.py": "its name is not UTF-8",
    }


def test_a_file_that_is_no_source_text_any_more_is_not_found(tmp_path: Path, tree: Path) -> None:
    index(tmp_path / "store", tree)
    (tree / "notes.txt").write_bytes(b"\0observatory")
    done = index(tmp_path / "store", tree)
    assert (done.removed, done.skipped) == (1, {"notes.txt": "binary"})
    assert found(tmp_path / "store", "observatory") == []


def _git(tree: Path, *arguments: str) -> None:
    author = ("-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run(["git", "-C", str(tree), *author, *arguments], check=True, capture_output=True)


def test_a_git_repository_says_which_files_are_its_own(tmp_path: Path, tree: Path) -> None:
    _git(tree, "init")
    (tree / ".gitignore").write_text("build/\n*.log\n")
    (tree / "build").mkdir()
    (tree / "build" / "made.py").write_text("MADE = 1\n")
    (tree / "run.log").write_text("observatory log\n")
    (tree / ".github").mkdir()
    (tree / ".github" / "ci.yml").write_text("on: push\n")
    _git(tree, "add", "notes.txt", ".github")
    done = index(tmp_path / "store", tree)
    assert (done.added, done.skipped, done.notes) == (4, {}, ())
    assert found(tmp_path / "store", "made push") == [".github/ci.yml:1"]
    (tree / "notes.txt").unlink()  # tracked still
    assert index(tmp_path / "store", tree).removed == 1
    ignored = index(tmp_path / "other", tree / "build")
    assert ignored.added == 1
    assert "git ignores" in ignored.notes[0]


def test_two_trees_share_a_store_and_do_not_retire_each_other(tmp_path: Path, tree: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("The harbour closes at ten.\n")
    store = tmp_path / "store"
    index(store, tree)
    assert (index(store, other).removed, index(store, tree).unchanged) == (0, 2)
    assert found(store, "observatory") == found(store, "harbour") == ["notes.txt:1"]


def test_another_parser_cuts_again(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from strata.code import indexing

    monkeypatch.setattr(indexing, "parser_version", lambda language: None)
    without = index(tmp_path / "store", tree)
    assert "cut by lines for want of tree-sitter-python" in without.notes[0]
    assert found(tmp_path / "store", "kilograms") == ["sky/telescope.py:1"]
    monkeypatch.undo()
    done = index(tmp_path / "store", tree)
    assert (done.changed, done.unchanged, done.notes) == (1, 1, ())
    assert found(tmp_path / "store", "kilograms") == ["sky/telescope.py:1  weigh"]


def test_a_damaged_catalog_is_made_again(tmp_path: Path, tree: Path) -> None:
    store = tmp_path / "store"
    index(store, tree)
    (store / "code" / "files.msgpack").write_bytes(b"\xc1")
    assert index(store, tree).unchanged == 2
    with strata.open(store) as stack:
        assert set(Catalog(store / "code" / "files.msgpack", stack.store).files(str(tree))) == {
            "notes.txt", "sky/telescope.py",
        }  # fmt: skip


def test_a_log_with_other_sessions_of_that_name_is_not_overwritten(tmp_path: Path, tree: Path) -> None:
    with strata.open(tmp_path / "store", embedder="static") as stack:
        stack.ingest([Event(event_id="notes.txt:start", session_id="x", timestamp=0, text="mine")])
    with pytest.raises(ConflictError, match=r"notes\.txt:start"):
        index(tmp_path / "store", tree)


def test_what_is_no_folder_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "file.py").touch()
    for name in ("file.py", "missing"):
        done = run("index", name, "--store", "store", folder=tmp_path)
        assert (done.returncode, done.stderr) == (
            2,
            f"strata: {name} is not a folder: give the folder of a source tree\n",
        )
    assert not (tmp_path / "store").exists()


def test_the_command_indexes_searches_and_shows_the_place(tmp_path: Path, tree: Path) -> None:
    (tree / "image.png").write_bytes(b"\0")
    done = run("index", "tree", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "skipped: image.png: binary" in done.stderr
    assert done.stdout == (
        "tree: 2 files added, 0 changed, 0 removed, 0 unchanged, 1 skipped; 2 new chunks in tree/.strata\n"
    )
    for layer in ("bm25", "vector"):
        searched = run("search", "tree/.strata", "how heavy is the telescope", "-l", layer, "-k", "1", folder=tmp_path)
        assert "sky/telescope.py:1  weigh\n" in searched.stdout
    assert "sky/telescope.py:1  weigh\n" in run("route", "tree/.strata", "how heavy is it", folder=tmp_path).stdout
    again = json.loads(run("index", "tree", "--json", folder=tmp_path).stdout)
    assert (again["tree"]["unchanged"], again["built"]) == (2, {"bm25": 0, "vector": 0})
    assert again["tree"]["skipped"] == {"image.png": "binary"}


def test_an_unknown_layer_or_embedder_is_refused_before_anything_is_made(tmp_path: Path, tree: Path) -> None:
    for option, value in (("--layer", "cellar"), ("--embedder", "paper")):
        done = run("index", "tree", option, value, folder=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert value in done.stderr
    assert not (tree / ".strata").exists()


def test_two_runs_at_once_are_one_too_many(tmp_path: Path, tree: Path) -> None:
    from strata.code import indexing

    folder = tmp_path / "store" / "code"
    with (
        strata.open(tmp_path / "store") as stack,
        indexing._alone(folder),
        pytest.raises(StoreError, match="another run"),
    ):
        index_tree(stack.store, folder, tree)


def test_cutting_and_storing_import_no_numpy(tmp_path: Path, tree: Path) -> None:
    program = """
import sys
from pathlib import Path
import strata
from strata.code.indexing import index_tree
with strata.open(sys.argv[2]) as stack:
    assert index_tree(stack.store, Path(sys.argv[2], "code"), Path(sys.argv[1])).added == 2
assert not {"numpy", "torch"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program, str(tree), str(tmp_path / "store")], check=True)
