"""Forms of the packaged weights that are made once and kept: what makes them runs in a process of its own.

    <cache>/models/<SHA-256 of the weights>/<form>/     the form's files, and manifest.json with the SHA-256 of each

The cache is STRATA_CACHE, else XDG_CACHE_HOME/strata, else ~/.cache/strata. A form's name carries its recipe's
revision, so a program with another recipe makes its own. The folder is put in place in one rename: a process that is
killed while it makes a form leaves nothing that counts.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import msgspec

from strata.embed.packaged import SHA256, packaged_folder, sha256, verify
from strata.errors import ModelError

MANIFEST = "manifest.json"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a form was made from and with: SHA-256 of the weights and of each file made, versions by package."""

    weights: str
    files: dict[str, str]
    made_with: dict[str, str]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form by name, and the module whose `python -m MODULE WEIGHTS_FOLDER EMPTY_FOLDER` makes its files."""

    name: str
    module: str
    packages: tuple[str, ...]
    """What the making imports: their versions are recorded."""
    install: str
    """What to do if one of them is missing."""


def cache_folder() -> Path:
    """Where what is made once is kept."""
    if named := os.environ.get("STRATA_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "strata"


def form_folder(form: Form) -> Path:
    """Where the form lies, or will."""
    return cache_folder() / "models" / SHA256 / form.name


def ensure(form: Form) -> Path:
    """The folder of the form, made if it is not there; every file has the SHA-256 that was recorded when it was made.

    Raises ModelError if it cannot be made, or is not what was made.
    """
    folder = form_folder(form)
    if not (folder / MANIFEST).exists():
        try:
            with _alone(folder):
                if not (folder / MANIFEST).exists():  # else another process was faster
                    _make(form, folder)
        except OSError as error:
            raise ModelError(
                f"cannot keep the {form.name} form of the model in {folder} ({error.strerror}): "
                "set STRATA_CACHE to a folder that can be written"
            ) from error
    read_manifest(folder)
    return folder


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a form. Raises ModelError if it is damaged, or a file is not what it says."""
    mend = f"delete {folder}, and it is made again"
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        found = {name: sha256(folder / name) for name in manifest.files}
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"the model in {folder} cannot be read ({error}): {mend}") from error
    if manifest.weights != SHA256:
        raise ModelError(f"the model in {folder} was made from other weights than the pinned: {mend}")
    for name, recorded in manifest.files.items():
        if found[name] != recorded:
            raise ModelError(
                f"the model file {folder / name} has SHA-256 {found[name][:16]}…, not the recorded {recorded[:16]}…: "
                f"{mend}"
            )
    return manifest


def _make(form: Form, folder: Path) -> None:
    weights = packaged_folder()
    verify(weights)
    partial = folder.with_name(folder.name + ".new")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    # A process of its own: the one that embeds never imports what the making needs.
    source = str(Path(__file__).parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")])),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", form.module, str(weights), str(partial)],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        shutil.rmtree(partial, ignore_errors=True)
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        mend = form.install if "ModuleNotFoundError" in reason else "report this with the versions of those packages"
        raise ModelError(f"the {form.name} form of the model could not be made ({reason}): {mend}")
    manifest = Manifest(
        weights=SHA256,
        files={file.name: sha256(file) for file in sorted(partial.iterdir())},
        made_with={package: metadata.version(package) for package in form.packages},
    )
    (partial / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock beside `folder`: of several processes that want a form, one makes it and the others wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
