"""A log of the stack filled with a workload, and the scratch folders that benchmarks build in."""

import itertools
import sys
from pathlib import Path
from typing import Any

from . import subject
from .workloads.workload import Workload

_numbers = itertools.count()


def fill(folder: Path, workload: Workload) -> list[Any]:
    """Write the workload into a new log in `folder`; the entries that the indexes take in."""
    log = subject.open_log(folder)
    log.append(subject.events(workload.events))
    entries = log.entries()
    log.close()
    return entries


def read(folder: str) -> list[Any]:
    """The entries of the log in `folder`."""
    log = subject.open_log(Path(folder))
    entries = log.entries()
    log.close()
    return entries


def new_folder(name: str) -> Path:
    """A folder in the working directory that did not exist: asv deletes the directory with all of them."""
    while True:
        folder = Path(f"{name}-{next(_numbers)}")
        if not folder.exists():
            folder.mkdir()
            return folder


def in_new_process(statement: str) -> tuple[str, str]:
    """Statement and setup for a `timeraw_` benchmark: the statement may use `subject` and `Path`.

    The setup imports nothing of the stack, so the statement pays for the stack's own imports, as a user does.
    """
    root = Path(__file__).resolve().parents[1]
    return statement, (
        f"import sys\nsys.path.append({str(root)!r})\nfrom pathlib import Path\nfrom {__package__} import subject"
    )


def bytes_at_peak() -> int:
    """The largest resident size of this process so far, in bytes."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
