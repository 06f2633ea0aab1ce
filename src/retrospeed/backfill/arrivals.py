"""Puts what the workers send back into the folder of the results."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from retrospeed import benchmarks_file, result_file, whole_file
from retrospeed.backfill import union
from retrospeed.backfill.commits import Commit
from retrospeed.backfill.memory import Listing, Memory
from retrospeed.backfill.messages import Delivery
from retrospeed.backfill.record import Row, State
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ResultsError, RetrospeedError
from retrospeed.measurement import Outcome, SeriesKey
from retrospeed.pairing import Selection
from retrospeed.result_file import CommitResults
from retrospeed.result_store import MACHINE_FILE, ResultStore


@dataclass(frozen=True)
class Counts:
    """How many series of a commit have a value, and how many of those asked for failed."""

    measured: int
    failed: int


class Arrivals:
    """The results' folder of a suite, and the memory beside it."""

    def __init__(self, results_dir: Path, memory: Memory, suite: str, *, again: bool) -> None:
        self._folder = results_dir
        self._store = ResultStore(results_dir)
        self._memory = memory
        self._suite = suite
        self._again = again

    def commits(self, machine: str) -> set[str]:
        """The first digits of the commits that have a file of results, whatever is in it."""
        return set(self._store.commits(machine))

    def known(self, machine: str, commit: str) -> dict[str, CommitResults]:
        """The result files of a commit, by name. Raises ResultsError, naming the file, if one cannot be used."""
        paths = [path for path in self._store.files(machine) if path.name.startswith(commit[:8])]
        found = {path.name: result_file.read(path) for path in paths}
        for name, results in found.items():
            if results.machine != machine or results.commit != commit:
                raise ResultsError(
                    f"{self._folder / machine / name} is of commit {results.commit[:12]} on machine {results.machine}, "
                    "not of what its place says; move it away."
                )
        return found

    def take(self, delivery: Delivery, selection: Selection) -> Counts:
        """Merge a delivery in. Raises RetrospeedError; then the files it came to before stay merged, the others not."""
        folder = self._folder / delivery.machine
        arrived = self._readable(delivery)
        for name, content in delivery.files.items():
            if name in arrived:
                self._merge(folder / name, json.loads(content))
            elif (name == MACHINE_FILE or name.endswith(".freeze.txt")) and not (folder / name).exists():
                self._write(folder / name, content)
        empty: dict[SeriesKey, str | None] = {}
        measured = failed = 0
        for name in arrived:
            results = result_file.read(folder / name)
            for key, value in results.series.items():
                if value.outcome is Outcome.MEASURED:
                    measured += 1
                elif selection.takes(key):
                    empty[key] = results.versions[key.benchmark]
                    failed += value.outcome is Outcome.FAILED
        if empty:
            self._memory.keep_tried(delivery.machine, delivery.commit, empty)
        return Counts(measured, failed)

    def list(self, delivery: Delivery) -> Listing | None:
        """Merge the list of benchmarks in; None if none was sent. Raises RetrospeedError."""
        if not delivery.benchmarks:
            return None
        path = self._folder / benchmarks_file.FILE_NAME
        content = json.loads(delivery.benchmarks)
        entries = {name: entry for name, entry in content.items() if name != "version"}
        try:
            listing = Listing(msgspec.convert(entries, dict[str, Benchmark]), list(delivery.environments))
        except msgspec.ValidationError as error:
            raise ResultsError(f"The list of benchmarks of {delivery.machine} cannot be used: {error}.") from error
        if path.is_file():
            version = benchmarks_file.FORMAT_VERSION
            content = union.merged_listing(
                result_file.load_versioned_json(path, version, "list of benchmarks"), content
            )
        self._write(path, union.encoded(content, compact=False))
        self._memory.keep_listing(self._suite, listing)
        return listing

    def _readable(self, delivery: Delivery) -> Sequence[str]:
        """The names of the result files of a delivery. Raises ResultsError if one is not of what was asked for."""
        names = [
            name for name in delivery.files if name.startswith(f"{delivery.commit[:8]}-") and name.endswith(".json")
        ]
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                path = Path(folder, Path(name).name)
                path.write_bytes(delivery.files[name])
                results = result_file.read(path)
                if (results.commit, results.machine) != (delivery.commit, delivery.machine):
                    raise ResultsError(
                        f"{delivery.machine} sent {name}, which is of {results.commit[:8]} on {results.machine}."
                    )
        return [name for name in names if Path(name).name == name]

    def _merge(self, path: Path, new: union.Content) -> None:
        if path.is_file():
            old = result_file.load_versioned_json(path, result_file.FORMAT_VERSION, "result file")
            new = union.merged(old, new, again=self._again)
        self._write(path, union.encoded(new, compact=True))

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RetrospeedError(f"{path.parent} cannot be written: {error.strerror}.") from error
        if not path.is_file() or path.read_bytes() != content:
            whole_file.write(path, content)


def row_of(commit: Commit, delivery: Delivery, counts: Counts) -> Row:
    """What became of a commit whose results were merged in."""
    state, words = State.MEASURED, ""
    if not counts.measured and delivery.unbuilt:
        state, words = State.UNBUILDABLE, delivery.words
    elif not counts.measured and counts.failed:
        state = State.EMPTY
    return Row(commit, delivery.machine, state, delivery.seconds, counts.measured, counts.failed, words)
