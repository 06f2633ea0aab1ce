"""Generations: whatever happens, the old index or the new one is there, whole."""

import random
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from strata.errors import StoreError
from strata.generation import Generations
from tests.strata import forked


def _open(root: Path, version: int = 1) -> Generations:
    return Generations(root, "numbers", version)


def _read(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in ("a", "b")]


def _write(root: Path, position: int) -> None:
    generations = _open(root)
    loaded = generations.load(_read)
    with generations.write(position, follows=loaded[0] if loaded else 0) as folder:
        (folder / "a").write_text(str(position))
        (folder / "b").write_text(str(position))


def test_an_empty_folder_has_no_generation(tmp_path: Path) -> None:
    assert _open(tmp_path).load(_read) is None
    assert _open(tmp_path).size_bytes() == 0


def test_the_newest_generation_counts_and_the_others_are_gone(tmp_path: Path) -> None:
    for position in (3, 5, 9):
        _write(tmp_path, position)
    assert _open(tmp_path).load(_read) == (9, ["9", "9"])
    assert [path.name for path in tmp_path.glob("generation-*")] == ["generation-3"]
    assert _open(tmp_path).size_bytes() > 2


def test_a_failure_while_writing_changes_nothing(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    with pytest.raises(RuntimeError, match="disk"), _open(tmp_path).write(2, follows=1) as folder:
        (folder / "a").write_text("2")
        raise RuntimeError("disk")
    assert _open(tmp_path).load(_read) == (1, ["1", "1"])
    assert len(list(tmp_path.glob("generation-*"))) == 1


def test_leftovers_of_a_killed_process_are_cleaned_at_open(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    (tmp_path / "generation-2").mkdir()
    (tmp_path / "generation-2" / "a").write_text("2")
    assert _open(tmp_path).load(_read) == (1, ["1", "1"])
    assert not (tmp_path / "generation-2").exists()


def test_opening_does_not_clean_what_another_process_is_writing(tmp_path: Path) -> None:
    with _open(tmp_path).write(1) as folder:
        (folder / "a").write_text("1")
        reader = _open(tmp_path)
        assert reader.load(_read) is None
        (folder / "b").write_text("1")
    assert reader.load(_read) == (1, ["1", "1"])


def test_two_writers_cannot_overwrite_each_other(tmp_path: Path) -> None:
    _write(tmp_path, 3)
    with pytest.raises(StoreError, match="another process"), _open(tmp_path).write(2, follows=1):
        pass
    assert _open(tmp_path).load(_read) == (3, ["3", "3"])


def test_a_newer_version_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with _open(tmp_path, version=2).write(1):
        pass
    with pytest.raises(StoreError, match=r"version 2.*up to version 1"):
        _open(tmp_path).load(_read)


def test_an_older_version_counts_as_nothing_and_is_replaced(tmp_path: Path) -> None:
    _write(tmp_path, 4)
    newer = _open(tmp_path, version=2)
    assert newer.load(_read) is None
    with newer.write(5) as folder:
        (folder / "a").write_text("5")
        (folder / "b").write_text("5")
    assert newer.load(_read) == (5, ["5", "5"])


def test_a_damaged_generation_says_what_to_do(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    (tmp_path / "generation-1" / "b").unlink()
    with pytest.raises(StoreError, match="delete"):
        _open(tmp_path).load(_read)


def _write_for_ever(root: Path, begun: Event) -> None:
    for position in range(2, 1_000_000):
        _write(root, position)
        begun.set()


def test_a_kill_at_any_moment_leaves_a_whole_generation(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    forked.start_server()
    moments = random.Random(7)
    seen = set()
    for _ in range(25):
        begun = forked.processes.Event()
        writer = forked.child_of(_write_for_ever, tmp_path, begun)
        writer.start()
        try:
            assert begun.wait(60)
            time.sleep(moments.uniform(0.0, 0.03))
        finally:
            writer.kill()
            writer.join()
        loaded = _open(tmp_path).load(_read)
        assert loaded is not None
        position, content = loaded
        assert content == [str(position)] * 2
        assert len(list(tmp_path.glob("generation-*"))) == 1
        seen.add(position)
    assert max(seen) > 1
