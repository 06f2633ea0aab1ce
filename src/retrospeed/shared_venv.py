"""The environment that every commit's virtualenv stands on: what was asked for, what it holds, that it stays so."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from asv import util
from packaging.requirements import InvalidRequirement, Requirement

from retrospeed.tree_snapshot import Entries, snapshot, sweep

FREEZE = "asv-freeze.txt"
RECORD = "asv-shared.json"
FILES = "asv-files.json"
OPTIONAL = "asv-optional"
# What asv and the plugin themselves write into the shared environment's folder.
NOT_DEPENDENCIES = {
    "project",
    "asv-build-cache",
    "asv-env-info.json",
    "asv-install-status.json",
    FREEZE,
    RECORD,
    FILES,
    OPTIONAL,
}


class SharedRecord(msgspec.Struct, frozen=True):
    """How a finished shared environment was left."""

    identity: str
    """New each time the environment is made, so that nothing made over an earlier one passes for current."""
    requirements: list[str]
    """Lines it was asked to install."""

    @classmethod
    def take(cls, folder: Path, requirements: Sequence[str]) -> None:
        """Record `folder` as finished and holding what it should."""
        (folder / FILES).write_bytes(msgspec.json.encode(snapshot(folder, NOT_DEPENDENCIES)))
        # Last: an environment without it is unfinished.
        (folder / RECORD).write_bytes(msgspec.json.encode(cls(uuid.uuid4().hex, list(requirements))))

    @classmethod
    def load(cls, folder: Path) -> "SharedRecord | None":
        """The record of `folder`, None if it was never finished."""
        try:
            return msgspec.json.decode((folder / RECORD).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return None


def sweep_shared(folder: Path) -> list[str]:
    """Remove what a finished environment gained; returns the paths changed or removed since, which it cannot mend."""
    try:
        entries = msgspec.json.decode((folder / FILES).read_bytes(), type=Entries)
    except (OSError, msgspec.DecodeError):
        return [FILES]
    return sweep(folder, entries, NOT_DEPENDENCIES)


def damage_in_words(folder: Path, damaged: Sequence[str]) -> str:
    """What `sweep_shared` found changed in `folder`."""
    others = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
    return f"{folder / damaged[0]}{others} changed since the shared environment was made"


def requirement_lines(matrix: Mapping[str, str]) -> list[str]:
    """asv's requirements (name → version, specifier or nothing; ``pip+`` before a name is allowed) as lines for pip."""
    lines = []
    for key, version in matrix.items():
        name = key.removeprefix("pip+")
        lines.append(f"{name}=={version}" if version[:1].isdigit() else f"{name} {version}".strip())
    return lines


def is_plain(line: str) -> bool:
    """Whether a line is a requirement in the standard form: no path, no repository, no flag of pip's."""
    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return True


def install_requirements(
    lines: Sequence[str], folder: Path, run_pip: Callable[..., Any], environment: Mapping[str, str]
) -> None:
    """Install all lines into the environment in `folder`: one pip call, so that no pin is undone by a later one."""
    plain = folder / "requirements.txt"
    plain.write_text("".join(f"{line}\n" for line in lines if is_plain(line)), encoding="utf-8")
    # -v keeps output coming: asv takes a command that is silent for long for a hung one.
    run_pip(["install", "-v", "-r", str(plain)], env=environment)
    for line in lines:
        if not is_plain(line):
            util.construct_pip_call(run_pip, util.ParsedPipDeclaration(line))()
