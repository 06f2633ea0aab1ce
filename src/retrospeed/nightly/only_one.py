"""One night at a time: two that measure on one machine would measure each other."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrospeed.errors import RetrospeedError
from retrospeed.marked_process import kill_marked


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Hold the night of this suite; ends what a night that was killed has left running.

    Raises RetrospeedError if another one holds it.
    """
    path = root / ".asv" / "retrospeed" / "nightly" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as lock:
        try:
            # The system lets go of it however this process ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RetrospeedError(f"Another night of this suite is running: it holds {path}.") from error
        kill_marked(mark(root))
        yield


def mark(root: Path) -> str:
    """By this every process that a night of this suite starts can be told from all others."""
    return f"night-{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]}"
