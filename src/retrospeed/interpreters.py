"""The interpreters of several commits at once, for whoever measures them side by side without asv's runner."""

from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asv import util
from asv.config import Config
from asv.environment import get_environments
from asv.plugin_manager import plugin_manager
from asv.repo import NoSuchNameError, get_repo

from retrospeed.layered import Layered


class NoInterpreterError(Exception):
    """A commit has no interpreter to run in; the message says which, why, and what to do."""


@dataclass(frozen=True)
class CommitInterpreter:
    """A commit, built and installed, ready to be run."""

    commit: str
    """Full hash."""
    environment: str
    """asv's name of the environment, as in the names of result files."""
    python: Path
    variables: Mapping[str, str]
    """The whole process environment asv would run a benchmark in; pass it as it is."""


def interpreters(config: Path, commits: Sequence[str], environment: str | None = None) -> list[CommitInterpreter]:
    """Build, install and return each of `commits` (any names git knows), all of them usable until the next asv run.

    `config` is the path of asv.conf.json; `environment` is an asv specifier such as ``layered:3.11`` or the full name
    of an environment, needed if the matrix has several.

    Raises NoInterpreterError.
    """
    with chdir(config.absolute().parent):
        try:
            conf = Config.load(config.name)
            for plugin in conf.plugins:
                plugin_manager.import_plugin(plugin)
            env = one_environment(list(get_environments(conf, [environment] if environment else None)), config)
            return installed(env, conf, commits)
        except NoSuchNameError as error:
            raise NoInterpreterError(f"the repository of {config} has no commit {error}") from error
        except (util.UserError, util.ProcessError) as error:
            raise NoInterpreterError(f"{config}: {error}") from error


def installed(env: Layered, conf: Any, commits: Sequence[str]) -> list[CommitInterpreter]:
    """The same in an environment that was chosen; the current folder is that of the configuration.

    Raises NoInterpreterError for a commit that does not build, else what asv raises.
    """
    repo = get_repo(conf)
    hashes = [repo.get_hash_from_name(name) for name in commits]
    env.create()
    found = []
    for name, commit in zip(commits, hashes, strict=True):
        try:
            env.install_project(conf, repo, commit)
        except util.ProcessError as error:
            raise NoInterpreterError(f"commit {name} does not build or install: {error}") from error
        found.append(CommitInterpreter(commit, env.name, env.venv(commit).python, env.variables(commit)))
    return found


def one_environment(environments: list[object], config: Path) -> Layered:
    """The only environment of type `layered` among those that `config` describes. Raises NoInterpreterError."""
    layered = [environment for environment in environments if isinstance(environment, Layered)]
    if not layered:
        raise NoInterpreterError(
            f'{config} has no environment of type "layered", the only one that holds several commits at once: '
            'set "environment_type": "layered" and add ".retrospeed.layered" to "plugins"'
        )
    if len(layered) > 1:
        names = ", ".join(environment.name for environment in layered)
        raise NoInterpreterError(f"{config} describes several environments; name one of them: {names}")
    return layered[0]
