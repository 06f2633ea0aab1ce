"""The source files of a folder: which there are, and what is in one or why it is left out.

In a git repository the files are those that git tracks or would offer to track, so .gitignore is respected. Elsewhere
they are all files but those whose name, or whose folder's, begins with a dot, and `__pycache__`.
"""

import hashlib
import os
import stat
import subprocess
from pathlib import Path

import msgspec

from strata.errors import StoreError

LARGEST = 1_000_000
"""Bytes of the largest file that is read."""
LONGEST_LINE = 10_000
"""Characters of the longest line that a person is taken to have written."""


class SourceFile(msgspec.Struct, frozen=True):
    """A file's text, the SHA-256 of its bytes, and when it was last changed, epoch ms."""

    text: str
    sha256: str
    modified: int


class Listing(msgspec.Struct, frozen=True):
    """Paths of files relative to the root, with slashes, sorted, and what kept others from being listed."""

    paths: list[str]
    unreadable: dict[str, str] = {}
    """Folders that could not be read, and why."""
    note: str = ""
    """What the user should know of how the files were found."""


def list_files(root: Path, but: Path) -> Listing:
    """The files under `root` that are not under `but`. Raises StoreError if it is not a folder that can be read."""
    listing = _list_files(root)
    if but.is_relative_to(root):
        inside = f"{but.relative_to(root)}/"
        listing.paths[:] = [path for path in listing.paths if not path.startswith(inside)]
    return listing


def _list_files(root: Path) -> Listing:
    if not root.is_dir():
        raise StoreError(f"{root} is not a folder: give the folder of a source tree")
    try:
        next(root.iterdir(), None)
    except OSError as error:
        raise StoreError(f"{root} cannot be read: {error.strerror}") from error
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return _walk(root)
    try:
        if _git(root, "check-ignore", "-q", ".").returncode == 0:
            return _walk(root, f"git ignores {root} itself: every file in it is taken")
        listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    except FileNotFoundError:
        return _walk(root, "git is not installed: .gitignore is not respected")
    if listed.returncode:
        reason = listed.stderr.decode(errors="replace").strip().partition("\n")[0]
        return _walk(root, f"git cannot list the files ({reason}): .gitignore is not respected")
    paths = {os.fsdecode(path) for path in listed.stdout.split(b"\0") if path}
    # What git tracks and is not there was deleted, and is no file to be skipped.
    return Listing(sorted(path for path in paths if os.path.lexists(root / path)))


def read_source(file: Path, largest: int = LARGEST) -> SourceFile | str:
    """The file's content, or in one phrase why it is not source text."""
    try:
        os.fsencode(file).decode()
    except UnicodeDecodeError:
        return "its name is not UTF-8"
    try:
        found = file.lstat()
        if stat.S_ISLNK(found.st_mode):
            return "a link"
        if stat.S_ISDIR(found.st_mode):
            return "a git submodule: index it by itself"
        # Reading a pipe would wait for its writer for ever.
        if not stat.S_ISREG(found.st_mode):
            return "not a regular file"
        if found.st_size > largest:
            return f"huge: {found.st_size:,} bytes, more than {largest:,}"
        content = file.read_bytes()
    except OSError as error:
        return f"unreadable: {error.strerror}"
    if b"\0" in content:
        return "binary"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"not UTF-8: byte 0x{content[error.start]:02x} in line {line}"
    longest = max(map(len, text.split("\n")))
    if longest > LONGEST_LINE:
        return f"made by a machine: a line of {longest:,} characters"
    return SourceFile(text, hashlib.sha256(content).hexdigest(), found.st_mtime_ns // 1_000_000)


def _git(root: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)


def _walk(root: Path, note: str = "") -> Listing:
    found = []
    unreadable = {}

    def failed(error: OSError) -> None:
        unreadable[os.path.relpath(error.filename, root)] = f"unreadable: {error.strerror}"

    for folder, folders, names in os.walk(root, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        found += [os.path.relpath(Path(folder, name), root) for name in names if not name.startswith(".")]
    return Listing(sorted(found), unreadable, note)
