"""Builds both commits with asv's own commands and caches, into environments that stand side by side."""

from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asv import util
from asv.config import Config
from asv.environment import EnvironmentUnavailable, get_environments
from asv.plugin_manager import plugin_manager
from asv.repo import NoSuchNameError, get_repo

from retrospeed.errors import RetrospeedError
from retrospeed.gate.install_folders import InstallFolders
from retrospeed.gate.worker_pair import Side, SideName
from retrospeed.interpreters import NoInterpreterError, interpreters

LAYERED_TYPES = ("layered", "virtualenv")
"""Environment types for which every commit gets a virtualenv of its own over shared dependencies."""


class BuildError(RetrospeedError):
    """A commit does not build, or there is no environment to build it in."""


@dataclass(frozen=True)
class Built:
    """Both commits, ready to be measured."""

    sides: Mapping[SideName, Side]
    commits: Mapping[SideName, str]
    """Full hashes."""
    environment: str
    """asv's name of the environment."""
    default_timeout: float
    """Seconds a benchmark may take if it does not say."""


GATED = "RETROSPEED_GATE"
"""Environment variable that tells a suite that whole processes are repeated, so that each can do with fewer samples."""


def build(config_file: Path, base: str, head: str, environment: str | None = None) -> Built:
    """Build `base` and `head`, any names git knows. Raises BuildError.

    The benchmarks are those of the working tree for both, as in asv.
    """
    with chdir(config_file.absolute().parent):
        conf = Config.load(config_file.name)
        benchmark_dir = Path(conf.benchmark_dir).absolute()
        wanted = environment.partition(":")[0].partition("-")[0] if environment else conf.environment_type
        try:
            if wanted in LAYERED_TYPES:
                commits, name, ready = _layered(config_file, [base, head], environment or "layered")
            else:
                commits, name, ready = _in_folders(conf, [base, head], environment)
        except NoInterpreterError as error:
            raise BuildError(f"{error}.") from error
        except NoSuchNameError as error:
            raise BuildError(f"The repository of {config_file} has no commit {error}.") from error
        except (util.UserError, util.ProcessError, EnvironmentUnavailable, RuntimeError) as error:
            raise BuildError(f"{config_file}: {error}.") from error
    names = (SideName.BASE, SideName.HEAD)
    return Built(
        sides={
            side: Side(side, python, {**variables, GATED: "1"}, benchmark_dir)
            for side, (python, variables) in zip(names, ready, strict=True)
        },
        commits=dict(zip(names, commits, strict=True)),
        environment=name,
        default_timeout=float(conf.default_benchmark_timeout),
    )


_Ready = tuple[Path, Mapping[str, str]]


def _layered(config_file: Path, names: list[str], environment: str) -> tuple[list[str], str, list[_Ready]]:
    found = interpreters(config_file, names, environment)
    ready = [(one.python, one.variables) for one in found]
    return [one.commit for one in found], found[0].environment, ready


def _in_folders(conf: Any, names: list[str], environment: str | None) -> tuple[list[str], str, list[_Ready]]:
    for plugin in conf.plugins:
        plugin_manager.import_plugin(plugin)
    found = list(get_environments(conf, [environment] if environment else None))
    if not found:
        raise BuildError(f"asv offers no environment of type {environment or conf.environment_type} here.")
    if len(found) > 1:
        listed = ", ".join(one.name for one in found)
        raise BuildError(f"The configuration describes several environments; name one of them with --env: {listed}.")
    repo = get_repo(conf)
    commits = [str(repo.get_hash_from_name(name)) for name in names]
    found[0].create()
    folders = InstallFolders(conf, repo, found[0])
    ready = []
    for name, commit in zip(names, commits, strict=True):
        try:
            folder = folders.install(commit)
        except util.ProcessError as error:
            raise BuildError(f"Commit {name} does not build or install: {error}.") from error
        ready.append((folders.python, folders.variables(commit, folder)))
    return commits, str(found[0].name), ready
