"""Packages that only some benchmarks need, beside the dependencies that every benchmark runs with.

    "optional_requirements": {"faiss-cpu": "1.15.1", "usearch": "2.26.6"}

in asv.conf.json names them with their versions. They lie in a folder of their own, which no interpreter looks into by
itself: a benchmark that wants them adds the folder that RETROSPEED_OPTIONAL_PACKAGES names to `sys.path`, and is
skipped where the variable is not set. So they are no part of what the other series ran with, nor of the environment's
name, and a recorded history goes on when one is added. They are installed without their own dependencies: what those
are and the matrix lacks is named here too.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from asv import util
from asv.console import log

from retrospeed.shared_venv import FREEZE, SharedRecord, requirement_lines, sweep_shared

KEY = "optional_requirements"
VARIABLE = "RETROSPEED_OPTIONAL_PACKAGES"

RunPip = Callable[..., Any]


class OptionalPackages:
    """The folder that holds them: `packages`, with a record of what was asked for and every file that came."""

    def __init__(self, folder: Path, conf: Any) -> None:
        """`conf` is asv's configuration. Raises asv.util.UserError if it does not map names to versions."""
        wanted = getattr(conf, KEY, None) or {}
        if not isinstance(wanted, Mapping) or not all(isinstance(version, str) for version in wanted.values()):
            raise util.UserError(f'{KEY} of asv.conf.json must be an object: {{"package": "version", …}}')
        self._folder = folder
        self._lines = requirement_lines(dict(wanted))

    @property
    def packages(self) -> Path:
        """Where they are imported from."""
        return self._folder / "packages"

    @property
    def listing(self) -> Path:
        """Their names and versions, as pip lists them."""
        return self._folder / FREEZE

    @property
    def variables(self) -> dict[str, str]:
        """What tells benchmarks of them; nothing where none are wanted."""
        return {VARIABLE: str(self.packages)} if self._lines else {}

    def ensure(self, run_pip: RunPip) -> None:
        """Install what is wanted, unless just that is there and no file of it was changed.

        What cannot be installed is named in a warning and tried again the next time; the others are installed.
        """
        if not self._lines or self._is_whole():
            return
        if self._folder.exists():
            util.long_path_rmtree(str(self._folder))
        self.packages.mkdir(parents=True)
        missing = self._install(run_pip)
        self.listing.write_text(run_pip(["freeze", "--path", str(self.packages)]), encoding="utf-8")
        SharedRecord.take(self._folder, [line for line in self._lines if line not in missing])

    def sweep(self) -> None:
        """Remove what was written among them. Raises asv.util.UserError if a file was changed."""
        if self.packages.exists() and (damaged := sweep_shared(self._folder)):
            raise util.UserError(f"{self._folder / damaged[0]} was changed: measure again; the next run mends it")

    def _is_whole(self) -> bool:
        record = SharedRecord.load(self._folder)
        return record is not None and record.requirements == self._lines and not sweep_shared(self._folder)

    def _install(self, run_pip: RunPip) -> list[str]:
        """The requirements that cannot be had here."""
        command = ["install", "-v", "--no-deps", "--target", str(self.packages)]
        try:
            run_pip([*command, *self._lines])
            return []
        except util.ProcessError:
            log.warning("The optional requirements cannot be installed together: one after the other now.")
        missing = []
        for line in self._lines:
            try:
                run_pip([*command, line])
            except util.ProcessError:
                missing.append(line)
        log.warning(f"Without {', '.join(missing)}: what needs them is skipped.")
        return missing
