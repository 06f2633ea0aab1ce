"""What an environment of its own costs a commit, beyond the build of its wheel.

    python studies/environment_cost.py [COMMIT ...]

Prints seconds for each commit (the last three by default): the first time, and when switched to again.
"""

import sys
import time
from pathlib import Path
from subprocess import check_output

from rich.console import Console
from rich.table import Table

from retrospeed.interpreters import interpreters
from retrospeed.layered import Layered

ROOT = Path(__file__).resolve().parents[1]


class TimedEnvironment:
    """Times, in order, every commit that becomes current and every wheel that is built, in seconds."""

    def __init__(self) -> None:
        self.switches: list[tuple[str, float, float]] = []
        self._building = 0.0
        install, build = Layered.install_project, Layered._build_project

        def timed_build(environment: Layered, *arguments: object) -> None:
            start = time.perf_counter()
            build(environment, *arguments)
            self._building = time.perf_counter() - start

        def timed_install(environment: Layered, conf: object, repo: object, commit_hash: str) -> None:
            self._building = 0.0
            start = time.perf_counter()
            install(environment, conf, repo, commit_hash)
            self.switches.append((commit_hash, time.perf_counter() - start - self._building, self._building))

        Layered.install_project = timed_install
        Layered._build_project = timed_build


def main() -> None:
    commits = sys.argv[1:] or check_output(["git", "log", "-3", "--format=%H"], cwd=ROOT, text=True).split()
    timed = TimedEnvironment()
    interpreters(ROOT / "asv.conf.json", [*commits, *commits])
    table = Table("commit", "wheel, s", "all the rest, s", "switched to again, s")
    for (commit, first, wheel), (_, again, _) in zip(
        timed.switches[: len(commits)], timed.switches[len(commits) :], strict=True
    ):
        table.add_row(commit[:8], f"{wheel:.2f}" if wheel else "kept", f"{first:.2f}", f"{again:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
