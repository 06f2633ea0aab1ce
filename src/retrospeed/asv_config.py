"""Finds and loads the repository's ``asv.conf.json`` with asv's own loader, and makes its paths absolute."""

from dataclasses import dataclass
from pathlib import Path

from asv.config import Config
from asv.util import UserError

from retrospeed.errors import ConfigError

CONFIG_NAMES = ("asv.conf.json", "asv.conf.jsonc")


@dataclass(frozen=True)
class Suite:
    """Where an asv suite keeps its things; all paths are absolute."""

    config_file: Path
    benchmark_dir: Path
    results_dir: Path
    html_dir: Path
    project: str
    repository: Path | None
    """The local git repository whose commits are measured, None if asv has not cloned it yet."""

    @property
    def root(self) -> Path:
        """The folder of the configuration: asv reads every relative path from here."""
        return self.config_file.parent


def load(path: Path | None = None) -> Suite:
    """Load the configuration at `path`, or the one in the current folder.

    Raises ConfigError if there is none, or asv would refuse it.
    """
    config_file = _find() if path is None else path.resolve()
    if not config_file.is_file():
        raise ConfigError(f"There is no asv configuration at {config_file}; name one with --config.")
    try:
        config = Config.load(str(config_file))
    except (UserError, ValueError, TypeError) as error:
        raise ConfigError(f"asv cannot use {config_file}: {error}") from error
    root = config_file.parent
    return Suite(
        config_file=config_file,
        benchmark_dir=root / config.benchmark_dir,
        results_dir=root / config.results_dir,
        html_dir=root / config.html_dir,
        project=config.project,
        repository=_local_repository(root, config.repo, config.project),
    )


def _find() -> Path:
    found = [path for name in CONFIG_NAMES if (path := Path.cwd() / name).is_file()]
    if not found:
        raise ConfigError(
            f"There is no asv.conf.json in {Path.cwd()}; go to the suite's folder or name it with --config."
        )
    if len(found) > 1:
        raise ConfigError(f"Both {found[0].name} and {found[1].name} are in {Path.cwd()}; name one with --config.")
    return found[0]


def _local_repository(root: Path, repo: str, project: str) -> Path | None:
    # asv uses a local repository in place, and keeps the mirror of a remote one in a folder named as the project.
    for candidate in (root / repo, root / project):
        if (candidate / ".git").exists() or (candidate / "objects").is_dir():
            return candidate
    return None
