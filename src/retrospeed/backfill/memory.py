"""What earlier backfills learned that the results do not tell, in ``.asv/retrospeed/backfill/``.

    listing-{digest}.json      the benchmarks of a suite, by the digest of its parcel, and asv's environments
    tried/{machine}/{commit}.json   series that gave no value there, with their version

In a result file, a series that fails or does not apply looks like one that was not selected. Each file is written in
one step; one that cannot be read counts as not there, which costs at most measuring a commit again.
"""

from pathlib import Path

import msgspec

from retrospeed import whole_file
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import RetrospeedError
from retrospeed.measurement import SeriesKey

FOLDER = Path(".asv") / "retrospeed" / "backfill"

Tried = set[tuple[str, str | None]]
"""Names of series with their versions."""


class Listing(msgspec.Struct, frozen=True):
    """The benchmarks of a suite."""

    benchmarks: dict[str, Benchmark]
    environments: list[str]
    """asv's names of all environments that the configuration describes."""


class Memory:
    """The memory of the suite at `root`."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER

    def listing(self, suite: str) -> Listing | None:
        """The listing of this very suite, None if it was never listed."""
        try:
            return msgspec.json.decode(self._listing(suite).read_bytes(), type=Listing)
        except (OSError, msgspec.DecodeError):
            return None

    def keep_listing(self, suite: str, listing: Listing) -> None:
        """Keep a listing. Raises RetrospeedError."""
        self._write(self._listing(suite), msgspec.json.encode(listing))

    def tried(self, machine: str, commit: str) -> Tried:
        """The series that gave no value."""
        try:
            return set(
                msgspec.json.decode(self._tried(machine, commit).read_bytes(), type=list[tuple[str, str | None]])
            )
        except (OSError, msgspec.DecodeError):
            return set()

    def keep_tried(self, machine: str, commit: str, keys: dict[SeriesKey, str | None]) -> None:
        """Keep that these series, with their versions, gave no value. Raises RetrospeedError."""
        tried = self.tried(machine, commit) | {(str(key), version) for key, version in keys.items()}
        self._write(self._tried(machine, commit), msgspec.json.encode(sorted(tried, key=str)))

    def _listing(self, suite: str) -> Path:
        return self._folder / f"listing-{suite[:16]}.json"

    def _tried(self, machine: str, commit: str) -> Path:
        return self._folder / "tried" / machine / f"{commit[:12]}.json"

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RetrospeedError(f"{path.parent} cannot be written: {error.strerror}.") from error
        whole_file.write(path, content)
