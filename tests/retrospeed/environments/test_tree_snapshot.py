import os
from pathlib import Path

import pytest

from retrospeed.tree_snapshot import snapshot, sweep


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file").write_text("one")
    (root / "empty").mkdir()
    (root / "link").symlink_to("a")
    return root


def test_an_untouched_folder_is_left_alone(folder: Path) -> None:
    entries = snapshot(folder)
    assert sorted(entries) == ["a", "a/b", "a/b/file", "empty", "link"]
    assert sweep(folder, entries) == []
    assert snapshot(folder) == entries


def test_what_is_new_is_removed(folder: Path, tmp_path: Path) -> None:
    entries = snapshot(folder)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    (folder / "new" / "deep").mkdir(parents=True)
    (folder / "new" / "deep" / "file").write_text("")
    (folder / "a" / "b" / "other").write_text("")
    (folder / "empty" / "link").symlink_to(outside)
    assert sweep(folder, entries) == []
    assert snapshot(folder) == entries
    assert (outside / "kept").exists()


def test_what_was_changed_or_removed_is_told(folder: Path) -> None:
    (folder / "a" / "other").write_text("same")
    entries = snapshot(folder)
    status = (folder / "a" / "other").stat()
    (folder / "a" / "other").write_text("size")
    os.utime(folder / "a" / "other", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    (folder / "a" / "b" / "file").unlink()
    (folder / "link").unlink()
    (folder / "link").symlink_to("empty")
    assert sweep(folder, entries) == ["a/b/file", "a/other", "link"]


def test_ignored_names_count_at_the_top_only(folder: Path) -> None:
    (folder / "a" / "skip").write_text("")
    (folder / "skip").write_text("")
    entries = snapshot(folder, {"skip"})
    assert "a/skip" in entries
    assert "skip" not in entries
    (folder / "skip").write_text("longer")
    assert sweep(folder, entries, {"skip"}) == []
    assert (folder / "skip").exists()
