"""What the workers need of this computer: the benchmarks as they stand here, and the commits. Named by its content."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asv import util

from retrospeed.asv_config import Suite
from retrospeed.errors import ConfigError, RetrospeedError, RevisionError

CONFIG = "asv.conf.json"
_CANNOT_BUILD = "existing"


@dataclass(frozen=True)
class Parcel:
    """Some bytes and their SHA-256, by which a worker knows what it has."""

    content: bytes
    digest: str

    @classmethod
    def of(cls, content: bytes) -> "Parcel":
        """A parcel of these bytes."""
        return cls(content, hashlib.sha256(content).hexdigest())


def suite_parcel(suite: Suite) -> Parcel:
    """The configuration and the benchmarks' folder of the working tree, as a compressed tar archive.

    Committed or not, everything in the folder is taken but byte code; the same files always give the same bytes.
    Raises ConfigError if the configuration is one that builds no commits.
    """
    try:
        config = util.load_json(str(suite.config_file), js_comments=True)
    except (util.UserError, ValueError, OSError) as error:
        raise ConfigError(f"asv cannot use {suite.config_file}: {error}") from error
    if config.get("environment_type") == _CANNOT_BUILD or config.get("pythons") == ["same"]:
        raise ConfigError(
            f"{suite.config_file} describes an existing environment, in which asv builds no commits; set "
            '"environment_type" to "layered" or "virtualenv".'
        )
    folder = _inside(suite)
    config["benchmark_dir"] = str(folder)
    archive = io.BytesIO()
    try:
        with (
            gzip.GzipFile(fileobj=archive, mode="wb", mtime=0, compresslevel=6) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            _add(tar, CONFIG, json.dumps(config, indent=4, sort_keys=True).encode(), executable=False)
            for path in _files(suite.benchmark_dir):
                name = folder / path.relative_to(suite.benchmark_dir).as_posix()
                _add(tar, str(name), path.read_bytes(), executable=os.access(path, os.X_OK))
    except OSError as error:
        raise RetrospeedError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return Parcel.of(archive.getvalue())


def history_parcel(repository: Path, tips: Sequence[str]) -> Parcel:
    """All that is reached from `tips`, full hashes, as a git pack. Raises RevisionError if git cannot make it."""
    command = ["git", "-C", str(repository), "pack-objects", "--revs", "--stdout", "-q", "--threads=1"]
    done = subprocess.run(command, input="\n".join(tips).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()
        raise RevisionError(f"git cannot pack the commits of {repository}: {words}.")
    return Parcel.of(done.stdout)


def shallow_list(repository: Path) -> str:
    """git's list of the commits whose parents a shallow clone lacks, "" where nothing is missing."""
    command = ["git", "-C", str(repository), "rev-parse", "--git-path", "shallow"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    file = repository / done.stdout.strip()
    return file.read_text() if file.is_file() else ""


def _inside(suite: Suite) -> PurePosixPath:
    """The benchmarks' folder as seen from the configuration; a folder elsewhere moves beside it."""
    folder, root = suite.benchmark_dir.resolve(), suite.root.resolve()
    if folder == root or not folder.is_relative_to(root):
        return PurePosixPath("benchmarks")
    return PurePosixPath(folder.relative_to(root).as_posix())


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield path


def _add(tar: tarfile.TarFile, name: str, content: bytes, *, executable: bool) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o755 if executable else 0o644
    tar.addfile(entry, io.BytesIO(content))
