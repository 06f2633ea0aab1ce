"""What the suite's setup_cache functions make: once for each commit and run, in a folder of its own."""

from collections.abc import Mapping
from pathlib import Path

from retrospeed.gate.discovery import Series
from retrospeed.gate.worker_pair import Side, SideError, SideName
from retrospeed.gate.worker_process import WorkerError, WorkerProcess


class SetupCaches:
    """Makes the cache of a series when it is first asked for; later series with the same setup_cache share it."""

    def __init__(self, sides: Mapping[SideName, Side], root: Path) -> None:
        self._sides = sides
        self._root = root
        self._made: dict[tuple[SideName, str], Path | WorkerError] = {}

    def folders(self, series: Series) -> dict[SideName, Path]:
        """The folders holding ``cache.pickle``, none for a series without. Raises SideError."""
        made = {side: self._get(series, side, key) for side, key in series.cache_keys.items()}
        failures = {side: found for side, found in made.items() if isinstance(found, WorkerError)}
        if failures:
            raise SideError(failures)
        return {side: found for side, found in made.items() if isinstance(found, Path)}

    def _get(self, series: Series, side: SideName, key: str) -> Path | WorkerError:
        if (side, key) not in self._made:
            # Folders of both sides get names of equal length: a path's length can move a process's memory.
            number = list(dict.fromkeys([made for _, made in self._made] + [key])).index(key)
            folder = self._root / side / f"{number:04}"
            folder.mkdir(parents=True)
            self._made[side, key] = self._make(series, side, folder)
        return self._made[side, key]

    def _make(self, series: Series, side: SideName, folder: Path) -> Path | WorkerError:
        of = self._sides[side]
        worker = WorkerProcess(of.python, of.variables, folder, folder.with_suffix(".log"))
        try:
            worker.ask(
                "setup_cache", series.cache_timeout, benchmark_dir=str(of.benchmark_dir), name=series.names[side]
            )
        except WorkerError as error:
            return type(error)(f"setup_cache: {error}")
        finally:
            worker.close()
        return folder
