"""asv environment type `layered`: a virtualenv for every commit, over one shared environment of dependencies.

Named in asv.conf.json as ``"plugins": [".retrospeed.layered"], "environment_type": "layered"``. Where asv keeps one
environment and reinstalls the project in it commit after commit, this keeps

    {env_dir}/{hash of the matrix entry}/       the dependencies, installed once; nothing written there lasts
    {env_dir}/{same hash, short}-{commit}/      one commit: its wheel, byte code, temporary files and caches

A commit becomes current in `install_project`, as with asv's own types, and everything run afterwards runs in it.
See docs/environments.md.
"""

import atexit
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asv import util
from asv.console import log
from asv.environment import EnvironmentUnavailable, get_env_name
from asv.plugins.virtualenv import Virtualenv

from retrospeed.commit_venv import CommitVenv, Stamp, remove_longest_unused, site_packages
from retrospeed.frozen_packages import ALL_LISTING, OPTIONAL_LISTING, keep_beside_results
from retrospeed.optional_packages import OptionalPackages
from retrospeed.pin_digest import fold
from retrospeed.shared_venv import (
    FREEZE,
    OPTIONAL,
    SharedRecord,
    damage_in_words,
    install_requirements,
    requirement_lines,
    sweep_shared,
)
from retrospeed.unmet_requirements import unmet_requirements

# Unlike asv's defaults these build once, and leave the pinned dependencies alone.
BUILD_COMMAND = ["python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}"]
INSTALL_COMMAND = ["in-dir={env_dir} python -m pip install --no-deps --ignore-installed {wheel_file}"]

# While one asv process alternates between commits, it must not lose the ones it will come back to.
KEPT_WHILE_RUNNING = 64

_LOADED = time.time()


class Layered(Virtualenv):  # type: ignore[misc]
    """One entry of asv's matrix: the shared environment, the commits' virtualenvs over it, and which is current."""

    tool_name = "layered"
    _path: str
    _build_command: Any
    _install_command: Any

    def __init__(
        self, conf: Any, python: str, requirements: dict[str, str], tagged_env_vars: dict[tuple[str, str], str]
    ) -> None:
        if os.name == "nt":
            raise EnvironmentUnavailable("environment type 'layered' needs symbolic links; use 'virtualenv' on Windows")
        self._kept = max(1, int(getattr(conf, "build_cache_size", 2)))
        self._results_dir = Path(conf.results_dir).absolute()
        self._started = time.time()
        self._loaded = _LOADED
        self._shared: Path | None = None
        self._is_inside = False
        self._evicts_at_exit = False
        base = {"pip+build", "pip+asv_runner", "pip+pympler"}
        self._named = fold({key: value for key, value in requirements.items() if key not in base}, conf)
        super().__init__(conf, python, requirements, tagged_env_vars)
        self._shared = Path(self._path)
        self._optional = OptionalPackages(self._shared / OPTIONAL, conf)
        if self._build_command is None:
            self._build_command = BUILD_COMMAND
        if self._install_command is None:
            self._install_command = INSTALL_COMMAND

    @property
    def name(self) -> str:
        """As asv names an environment, with the pins that the matrix never varies under one digest."""
        return str(get_env_name(self.tool_name, self._python, self._named, self._tagged_env_vars))

    @property
    def requirements(self) -> dict[str, str]:
        """What asv records as the parameters of a result, and offers to choose from on the site."""
        return self._named

    # The shared environment

    @property
    def shared(self) -> Path:
        """The folder of the dependencies' environment: the one asv itself would use."""
        return self._shared or Path(self._path)

    def create(self) -> None:
        """Make what is not there yet; asv calls it before anything is run."""
        super().create()
        with self._inside(self.shared):
            self._optional.ensure(self._run_pip)

    def check_presence(self) -> bool:
        record = SharedRecord.load(self.shared)
        if record is None or record.requirements != self._lines():
            return False
        with self._inside(self.shared):
            if not super().check_presence():
                return False
        damaged = sweep_shared(self.shared)
        if damaged:
            log.warning(f"{damage_in_words(self.shared, damaged)}: making the environment anew")
        return not damaged

    def _setup(self) -> None:
        with self._inside(self.shared):
            super()._setup()
            # Whatever has no byte code yet would be compiled, and so written, by the first benchmark to import it.
            # Packages ship files that do not compile (templates, code for other Pythons): any exit code will do.
            compile_all = ["-m", "compileall", "-q", "-j", "0", str(site_packages(self.shared))]
            self.run_executable("python", compile_all, valid_return_codes=None)
            (self.shared / FREEZE).write_text(self._run_pip(["freeze", "--all"]), encoding="utf-8")
        SharedRecord.take(self.shared, self._lines())

    def _install_requirements(self) -> None:
        """Install all requirements by one pip call, so that no pin is undone by what a later one requires."""
        install_requirements(self._lines(), self.shared, self._run_pip, {**os.environ, **self.build_env_vars})

    def _lines(self) -> list[str]:
        return ["wheel", *requirement_lines({**self._requirements, **self._base_requirements})]

    # The commits

    def venv(self, commit_hash: str) -> CommitVenv:
        """The virtualenv of a commit, made or not.

        The name is short because sockets, and `#!` lines, allow paths of about 100 characters; the full hash is in
        the virtualenv's stamp.
        """
        return CommitVenv(self.shared.parent / f"{self.shared.name[:8]}-{commit_hash[:10]}", self.shared)

    def install_project(self, conf: Any, repo: Any, commit_hash: str) -> None:
        """Make a commit current, building and installing it only if its virtualenv is not there yet.

        Raises asv.util.ProcessError if it does not build or install, asv.util.UserError if a benchmark has changed
        the shared environment.
        """
        previous = self._recorded_commit()
        self._set_installed_commit_hash(None)
        self._sweep_shared(previous)
        venv, stamp = self.venv(commit_hash), self._stamp(commit_hash)
        if previous is not None and previous != commit_hash:
            self.venv(previous).sweep()
        if not (venv.is_sealed(stamp) and venv.sweep()):
            self._make(repo, commit_hash, venv)
            venv.seal(stamp)
        venv.mark_used()
        self._set_build_dirs(None, None)
        self._set_commit_hash(commit_hash)
        self._set_installed_commit_hash(commit_hash)
        listings = {ALL_LISTING: self.shared / FREEZE, OPTIONAL_LISTING: self._optional.listing}
        keep_beside_results(self._results_dir, self._loaded, self.name, listings)
        self._evict(KEPT_WHILE_RUNNING)
        if not self._evicts_at_exit:
            self._evicts_at_exit = True
            atexit.register(self._evict)

    def _make(self, repo: Any, commit_hash: str, venv: CommitVenv) -> None:
        try:
            venv.create()
            with self._inside(venv.path):
                self.checkout_project(repo, commit_hash)
                build_dir = str(Path(self._build_root) / (self._repo_subdir or ""))
                self._build(repo, commit_hash, build_dir)
                self._install_project(repo, commit_hash, build_dir)
                self._cache.finalize_cache_dir(commit_hash)
            unmet = unmet_requirements(venv.site_packages, [site_packages(self.shared)])
            if unmet:
                log.warning(f"{commit_hash[:8]} requires what the matrix of asv.conf.json lacks: {', '.join(unmet)}")
        except BaseException:
            venv.remove()
            raise

    def _build(self, repo: Any, commit_hash: str, build_dir: str) -> None:
        """Leave the commit's build in asv's cache, unless it is there and was made by the same commands."""
        cache_dir = self._cache.get_cache_dir(commit_hash)
        made_by = None if cache_dir is None else Path(cache_dir) / "made-by.json"
        if made_by is None or not made_by.exists() or made_by.read_text(encoding="utf-8") != self._commands():
            cache_dir = self._cache.create_cache_dir(commit_hash)
            self._set_build_dirs(build_dir, cache_dir)
            self._build_project(repo, commit_hash, build_dir)
            (Path(cache_dir) / "made-by.json").write_text(self._commands(), encoding="utf-8")
        self._set_build_dirs(build_dir, cache_dir)
        wheels = [path.name for path in Path(cache_dir).iterdir() if path.suffix == ".whl"]
        if len(wheels) != 1 and "{wheel_file}" in str(self._install_command):
            # One old commit that builds differently must not end the whole run, as a UserError from asv would.
            message = (
                f"build_command left {', '.join(sorted(wheels)) or 'no wheel'} in {cache_dir}; one wheel is needed"
            )
            log.error(f"{commit_hash[:8]}: {message}")
            raise util.ProcessError([str(self._build_command)], 1, "", message)

    def _sweep_shared(self, commit_hash: str | None) -> None:
        self._optional.sweep()
        damaged = sweep_shared(self.shared)
        if damaged:
            by = f", while {commit_hash[:8]} was measured" if commit_hash else ""
            raise util.UserError(
                f"{damage_in_words(self.shared, damaged)}{by}: measure again; the next run makes it anew"
            )

    def _stamp(self, commit_hash: str) -> Stamp:
        record = SharedRecord.load(self.shared)
        return Stamp(commit_hash, record.identity if record is not None else "", self._commands())

    def _commands(self) -> str:
        return json.dumps(self._get_install_checksum())

    def _evict(self, kept_while_running: int = 0) -> None:
        """Remove the virtualenvs longest unused, all but `build_cache_size`.

        Of those used since asv was started, `kept_while_running` stay in any case, and the current one always.
        """
        current = self._recorded_commit()
        venvs = [CommitVenv(path, self.shared) for path in self.shared.parent.glob(f"{self.shared.name[:8]}-*")]
        others = [venv for venv in venvs if current is None or venv.path != self.venv(current).path]
        kept = self._kept - (len(others) < len(venvs))
        remove_longest_unused(others, kept, self._started, kept_while_running)

    # Which of them asv runs things in

    def find_executable(self, executable: str) -> str:
        with self._inside(self._prefix()):
            return str(super().find_executable(executable))

    def run_executable(self, executable: str, args: list[str], **kwargs: Any) -> Any:
        with self._inside(self._prefix()):
            kwargs["env"] = {**kwargs.get("env", os.environ), "VIRTUAL_ENV": self._path}
            return super().run_executable(executable, args, **kwargs)

    def run(self, args: list[str], **kwargs: Any) -> Any:
        """Run the current commit's interpreter, as asv does for every benchmark."""
        commit = self._get_installed_commit_hash()
        if commit is None:
            raise util.UserError(f"no commit is installed in {self.name}: nothing can be measured there")
        self._set_commit_hash(commit)
        private = self._private(kwargs.pop("env", os.environ), self.venv(commit))
        return super().run(args, env=private, **kwargs)

    def variables(self, commit_hash: str) -> dict[str, str]:
        """The whole environment in which asv would run a benchmark of this commit."""
        venv = self.venv(commit_hash)
        own = {**self._global_env_vars, "ASV_COMMIT": commit_hash, "ASV_ENV_DIR": str(venv.path)}
        path = f"{venv.path / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        variables = {**self._private({**os.environ, **self.env_vars}, venv), **own}
        variables.update(PATH=path, VIRTUAL_ENV=str(venv.path), PIP_USER="false")
        variables.pop("PYTHONPATH", None)
        if "ASV_PYTHONPATH" in variables:
            variables["PYTHONPATH"] = variables.pop("ASV_PYTHONPATH")
        return variables

    def _private(self, variables: Mapping[str, str], venv: CommitVenv) -> dict[str, str]:
        """`variables`, with all places for temporary files and caches moved into the commit's own folder.

        What the matrix of asv.conf.json sets stays as it says there.
        """
        # A common folder for byte code would also hide the byte code already compiled.
        inherited = {key: value for key, value in variables.items() if key != "PYTHONPYCACHEPREFIX"}
        return {**inherited, **venv.scratch, **self._optional.variables, **self.env_vars}

    def _prefix(self) -> Path:
        if self._is_inside:
            return Path(self._path)
        commit = self._get_installed_commit_hash()
        return self.shared if commit is None else self.venv(commit).path

    @contextmanager
    def _inside(self, prefix: Path) -> Iterator[None]:
        """Have asv take `prefix` for the environment's folder."""
        before = self._path, self._is_inside
        self._path, self._is_inside = str(prefix), True
        self._global_env_vars["ASV_ENV_DIR"] = self._path
        try:
            yield
        finally:
            self._path, self._is_inside = before
            self._global_env_vars["ASV_ENV_DIR"] = self._path

    def _recorded_commit(self) -> str | None:
        commit: str | None = super()._get_installed_commit_hash()
        return commit

    def _get_installed_commit_hash(self) -> str | None:
        commit = self._recorded_commit()
        if commit is not None and not self.venv(commit).is_sealed(self._stamp(commit)):
            return None
        return commit
