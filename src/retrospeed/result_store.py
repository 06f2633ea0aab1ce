"""The folder of asv's results: which machines and commits were measured, and what each commit gave."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from retrospeed.errors import ResultsError, RevisionError
from retrospeed.result_file import CommitResults, read

MACHINE_FILE = "machine.json"
_HASH_DIGITS = 8


@dataclass(frozen=True)
class ResultStore:
    """asv's ``results_dir``; nothing is cached, and a file is read only when its commit is asked for."""

    folder: Path

    def machines(self) -> list[str]:
        """Names of the machines that have results, sorted."""
        return sorted(
            path.parent.name for path in self.folder.glob(f"*/{MACHINE_FILE}") if self.files(path.parent.name)
        )

    def commits(self, machine: str) -> list[str]:
        """The first digits of every commit measured on `machine`, sorted."""
        return sorted({path.name[:_HASH_DIGITS] for path in self.files(machine)})

    def load(self, machine: str, commit: str) -> list[CommitResults]:
        """Everything measured at `commit` (a full hash, or its first digits) on `machine`, one an environment.

        Raises ResultsError if one of its files is broken, RevisionError if there is none.
        """
        digits = commit[:_HASH_DIGITS]
        found = [read(path) for path in self.files(machine) if path.name.startswith(digits)]
        found = [results for results in found if results.commit.startswith(commit)]
        for results in found:
            if results.machine != machine:
                raise ResultsError(
                    f"{results.path} comes from machine {results.machine}, not {machine}; move it there."
                )
        if not found:
            raise RevisionError(f"Commit {digits} was not measured on {machine}; measured: {self.listing(machine)}.")
        return sorted(found, key=lambda results: results.environment)

    def history(self, machine: str) -> "History":
        """Everything measured on `machine`, oldest commit first; broken files are kept as values, not raised."""
        history = History()
        for path in self.files(machine):
            try:
                history.results.append(read(path))
            except ResultsError as error:
                history.unreadable.append(error)
        history.results.sort(key=lambda results: (results.date, results.measured_at))
        return history

    def newest(self, machine: str) -> str:
        """Full hash of the newest commit measured on `machine`: by commit date, then by time of measurement."""
        history = self.history(machine)
        if not history.results:
            problem = f": {history.unreadable[0]}" if history.unreadable else ""
            raise ResultsError(f"No result of {machine} in {self.folder} can be read{problem}")
        return history.results[-1].commit

    def listing(self, machine: str, limit: int = 10) -> str:
        """The measured commits in words, for messages."""
        commits = self.commits(machine)
        more = f" and {len(commits) - limit} more" if len(commits) > limit else ""
        return ", ".join(commits[:limit]) + more if commits else "none"

    def files(self, machine: str) -> list[Path]:
        """The result files of `machine`, by name: those that are named as asv names them."""
        return list(self._iterate(machine))

    def _iterate(self, machine: str) -> Iterator[Path]:
        for path in sorted((self.folder / machine).glob("*.json")):
            digits, separator, _ = path.name.partition("-")
            if separator and len(digits) == _HASH_DIGITS and set(digits) <= set("0123456789abcdef"):
                yield path


@dataclass
class History:
    """The readable results of one machine, and what could not be read."""

    results: list[CommitResults] = field(default_factory=list)
    unreadable: list[ResultsError] = field(default_factory=list)
