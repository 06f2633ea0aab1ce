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
from retrospeed.gate.worker_pair import GATED, Side, SideName
from retrospeed.interpreters import NoInterpreterError, installed
from retrospeed.layered import Layered


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
    not_used: tuple[str, ...]
    """Names of the other environments that the configuration describes."""
    default_timeout: float
    """Seconds a benchmark may take if it does not say."""


def build(config_file: Path, base: str, head: str, environment: str | None = None) -> Built:
    """Build `base` and `head`, any names git knows. Raises BuildError.

    `environment` is what asv takes for one: a type, type:python, or a name. Of several, the first is used, as by
    ``asv profile``. The benchmarks are those of the working tree for both, as in asv.
    """
    with chdir(config_file.absolute().parent):
        try:
            conf = Config.load(config_file.name)
            for plugin in conf.plugins:
                plugin_manager.import_plugin(plugin)
            chosen, *others = environments(conf, environment)
            install = _layered if isinstance(chosen, Layered) else _in_folders
            commits, ready = install(conf, chosen, [base, head])
        except NoInterpreterError as error:
            raise BuildError(f"{_sentence(error)}.") from error
        except NoSuchNameError as error:
            raise BuildError(f"The repository of {config_file} has no commit {error}.") from error
        except (util.UserError, util.ProcessError, EnvironmentUnavailable, RuntimeError, OSError) as error:
            raise BuildError(f"{config_file}: {_sentence(error)}.") from error
        benchmark_dir = Path(conf.benchmark_dir).absolute()
    names = (SideName.BASE, SideName.HEAD)
    return Built(
        sides={
            side: Side(side, python, {**variables, GATED: "1"}, benchmark_dir)
            for side, (python, variables) in zip(names, ready, strict=True)
        },
        commits=dict(zip(names, commits, strict=True)),
        environment=str(chosen.name),
        not_used=tuple(str(other.name) for other in others),
        default_timeout=float(conf.default_benchmark_timeout),
    )


def environments(conf: Any, environment: str | None) -> list[Any]:
    """asv's environments for what the user asked for, else for the configuration; at least one. Raises BuildError."""
    wanted = environment or conf.environment_type or ""
    # The same environment by another name: only the layered type holds two commits at once.
    name = f"layered{wanted.removeprefix('virtualenv')}" if wanted.startswith("virtualenv") else wanted
    if name.startswith("layered"):
        found = [one for one in get_environments(conf, ["layered"]) if name in ("layered", one.name)]
        found = found or list(get_environments(conf, [name]))
    else:
        found = list(get_environments(conf, [name] if name else None))
    if not found:
        kind = wanted.partition(":")[0] or "any type"
        raise BuildError(
            f"asv offers no environment of type {kind} here: its tool or that version of Python is not installed. "
            "Name another type with --env, such as virtualenv, or existing for this interpreter."
        )
    return found


_Ready = tuple[Path, Mapping[str, str]]


def _layered(conf: Any, environment: Layered, names: list[str]) -> tuple[list[str], list[_Ready]]:
    found = installed(environment, conf, names)
    return [one.commit for one in found], [(one.python, one.variables) for one in found]


def _in_folders(conf: Any, environment: Any, names: list[str]) -> tuple[list[str], list[_Ready]]:
    repo = get_repo(conf)
    commits = [str(repo.get_hash_from_name(name)) for name in names]
    environment.create()
    folders = InstallFolders(conf, repo, environment)
    ready = []
    for name, commit in zip(names, commits, strict=True):
        try:
            folder = folders.install(commit)
        except util.ProcessError as error:
            raise BuildError(f"Commit {name} does not build or install: {error}.") from error
        ready.append((folders.python, folders.variables(commit, folder)))
    return commits, ready


def _sentence(error: BaseException) -> str:
    """The message of an error, its first letter large, without the stop at its end."""
    text = str(error).strip().rstrip(".")
    return text[:1].upper() + text[1:]
