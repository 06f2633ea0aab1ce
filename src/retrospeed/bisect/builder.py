"""Builds one commit after the other with asv's own commands and caches, all of them usable until the search ends."""

import logging
import re
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from asv import util
from asv.config import Config
from asv.environment import EnvironmentUnavailable
from asv.plugin_manager import plugin_manager
from asv.repo import get_repo

from retrospeed.gate.builds import BuildError, environments
from retrospeed.gate.install_folders import InstallFolders
from retrospeed.gate.worker_pair import GATED, Side, SideName
from retrospeed.layered import Layered


class Builder:
    """One asv environment, opened once; the first of several. Raises BuildError if it cannot be."""

    def __init__(self, config_file: Path, environment: str | None = None) -> None:
        self._root = config_file.absolute().parent
        with chdir(self._root):
            conf = self._conf = Config.load(config_file.name)
            try:
                for plugin in conf.plugins:
                    plugin_manager.import_plugin(plugin)
                self._environment = environments(conf, environment)[0]
                self._repo = get_repo(conf)
                self._environment.create()
            except (util.UserError, util.ProcessError, EnvironmentUnavailable, RuntimeError) as error:
                raise BuildError(f"{config_file}: {error}.") from error
            layered = isinstance(self._environment, Layered)
            self._folders = None if layered else InstallFolders(conf, self._repo, self._environment)
        self._ready: dict[str, tuple[Path, Any]] = {}

    @property
    def environment(self) -> str:
        """asv's name of the environment."""
        return str(self._environment.name)

    @property
    def default_timeout(self) -> float:
        """Seconds a benchmark may take if it does not say."""
        return float(self._conf.default_benchmark_timeout)

    @property
    def inside(self) -> str:
        """The folder of the repository that is built, "" for the whole."""
        return str(self._conf.repo_subdir or "")

    def side(self, name: SideName, commit: str) -> Side:
        """A commit, by its full hash, ready to be measured. Raises BuildError if it does not build."""
        if commit not in self._ready:
            with chdir(self._root), _unheard():
                try:
                    self._ready[commit] = self._build(commit)
                except util.ProcessError as error:
                    raise BuildError(f"Commit {commit[:8]} does not build or install: {_last_words(error)}") from error
                except (util.UserError, RuntimeError) as error:
                    raise BuildError(f"Commit {commit[:8]}: {error}.") from error
        python, variables = self._ready[commit]
        return Side(name, python, {**variables, GATED: "1"}, self._root / self._conf.benchmark_dir)

    def is_built(self, commit: str) -> bool:
        """Whether measuring it needs no build."""
        if commit in self._ready:
            return True
        with chdir(self._root):
            if self._folders is not None:
                return self._folders.is_installed(commit)
            # A commit's virtualenv that was never finished was never used either.
            return bool(self._environment.venv(commit).last_used())

    def forget(self) -> None:
        """Have every commit looked for again: another program has used the environment."""
        self._ready.clear()

    def _build(self, commit: str) -> tuple[Path, Any]:
        if self._folders is not None:
            folder = self._folders.install(commit)
            return self._folders.python, self._folders.variables(commit, folder)
        self._environment.install_project(self._conf, self._repo, commit)
        return self._environment.venv(commit).python, self._environment.variables(commit)


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep asv from printing all that a build printed that failed: for a search that is an everyday matter."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _last_words(error: "util.ProcessError") -> str:
    """What a failed command says is wrong, in one line."""
    lines = [line.strip() for line in f"{error.stdout}\n{error.stderr}".splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\w*Error\b|^error", line)]
    return (telling or lines or [str(error)])[-1]
