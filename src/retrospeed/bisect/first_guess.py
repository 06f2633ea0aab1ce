"""What ``asv find`` answers, as a first guess: it halves the range by single values, and always names a commit."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from retrospeed.bisect.commits import Commit
from retrospeed.marked_process import new_mark, run_marked

_ANSWER = re.compile(r"Greatest (?:regression|improvement) found: ([0-9a-f]{6,40})")


class NoGuessError(Exception):
    """asv named no commit of the range; the message says why."""


def asv_find(
    config_file: Path, commits: Sequence[Commit], benchmark: str, environment: str | None, *, better: bool
) -> int:
    """The place in `commits` of the one asv names. `better` looks for a change towards faster.

    Its results are not kept: they would mix with those of ``asv run``. Raises NoGuessError.
    """
    # A git range does not hold its first end, which asv needs to have measured: from the parent of GOOD on.
    start = f"{commits[0].hash}~1.."
    spec = f"{start}{commits[-1].hash}"
    command = [sys.executable, "-m", "asv", "find", "--config", str(config_file), "--skip-save"]
    command += ["--invert"] if better else []
    command += ["-E", environment] if environment else []
    command += [spec, f"^{re.escape(benchmark)}$"]
    try:
        status, output = run_marked(command, config_file.parent, new_mark())
    except OSError as error:
        raise NoGuessError(f"asv cannot be run: {error}") from error
    found = _ANSWER.search(output)
    if found is None:
        last = [line for line in output.splitlines() if line.strip()]
        raise NoGuessError(last[-1].strip() if last else f"asv find printed nothing and exited {status}")
    for place, commit in enumerate(commits):
        if commit.hash.startswith(found[1]):
            if place == 0:
                raise NoGuessError("asv find named GOOD itself")
            return place
    raise NoGuessError(f"asv find named {found[1]}, which is not on the first-parent line of the range")
