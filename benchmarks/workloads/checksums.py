"""Recorded checksums of the fixed workloads: the proof that two commits were measured on the same input."""

import tomllib
from functools import cache
from pathlib import Path

from .workload import Workload, WorkloadError, checksum, digest

_RECORDED = Path(__file__).with_name("checksums.toml")


@cache
def recorded() -> dict[str, str]:
    """Name of each fixed workload -> its SHA-256 (hex)."""
    return dict(tomllib.loads(_RECORDED.read_text(encoding="utf-8"))["sha256"])


def verified(workload: Workload) -> Workload:
    """The workload itself. Raises WorkloadError if its checksum is not the recorded one."""
    expected, found = recorded().get(workload.name), checksum(workload)
    if expected != found:
        raise WorkloadError(
            f"the workload {workload.name} has checksum {found}, not {expected} as recorded in {_RECORDED.name}: "
            "its results would not compare; mend the generator, or record the new checksum and raise SUITE_VERSION"
        )
    return workload


def short(prefix: str) -> str:
    """Eight hex digits that change when any recorded workload whose name starts with `prefix` changes."""
    lines = [f"{name}={value}" for name, value in sorted(recorded().items()) if name.startswith(prefix)]
    if not lines:
        raise WorkloadError(f"no workload in {_RECORDED.name} starts with {prefix!r}")
    return digest(lines)[:8]
