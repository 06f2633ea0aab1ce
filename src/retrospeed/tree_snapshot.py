"""What a folder held at one moment, and how to bring it back to that: the proof that a folder is still clean."""

import contextlib
import os
import shutil
from collections.abc import Container
from pathlib import Path

Entries = dict[str, tuple[int, int]]
"""Path relative to the folder → (size in bytes, modification time in ns); a sub-folder is ``(-1, 0)``."""

FOLDER = (-1, 0)


def snapshot(folder: Path, ignore: Container[str] = ()) -> Entries:
    """List everything under `folder`, links not followed; names in `ignore` are left out at the top level only."""
    entries: Entries = {}
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(folder / prefix) as listing:
            for entry in listing:
                if not prefix and entry.name in ignore:
                    continue
                name = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    entries[name] = FOLDER
                    pending.append(f"{name}/")
                else:
                    status = entry.stat(follow_symlinks=False)
                    entries[name] = (status.st_size, status.st_mtime_ns)
    return entries


def sweep(folder: Path, entries: Entries, ignore: Container[str] = ()) -> list[str]:
    """Remove whatever `folder` gained since `entries` was taken.

    Returns the sorted paths that were changed or removed since, which cannot be brought back.
    """
    found = snapshot(folder, ignore)
    damaged = sorted(name for name, entry in entries.items() if found.get(name) != entry)
    for name in sorted(found.keys() - entries.keys()):
        path = folder / name
        # A folder goes with all it holds, so what was listed below it is gone already.
        if found[name] == FOLDER:
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
    return damaged
