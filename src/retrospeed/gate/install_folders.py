"""Two commits side by side over an environment that asv keeps only once (conda, uv, existing, ...).

asv's own environment is made and used as asv would, its build commands and build cache included; the project of each
commit is then installed once more, without its dependencies, into a folder of its own, which comes first on the path.
So both commits are there at the same time and share every dependency.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asv import util
from asv.environment import ExistingEnvironment

COMPLETE = "compiled"
"""File that says that a folder is whole, byte code included."""


class InstallFolders:
    """The folders of one environment, kept from run to run."""

    def __init__(self, conf: Any, repo: Any, environment: Any) -> None:
        self._conf = conf
        self._repo = repo
        self._environment = environment
        self._root = Path(conf.env_dir).absolute() / f"gate-{environment.hashname[:8]}"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return Path(self._run(["-c", "import sys; print(sys.executable)"]).strip())

    def is_installed(self, commit: str) -> bool:
        """Whether the folder of a commit is there, and whole."""
        return (self._root / commit[:10] / COMPLETE).is_file()

    def install(self, commit: str) -> Path:
        """The folder of a commit, made if it is not there. Raises asv.util.ProcessError, asv.util.UserError."""
        folder = self._root / commit[:10]
        if self.is_installed(commit):
            return self._path_entry(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        source = self._project(commit)
        if isinstance(source, Path) and source.is_dir() and not _is_buildable(source):
            # Nothing to build: such a project is imported from where it lies.
            shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
        else:
            self._install(source, folder)
        self._compile(folder)
        (folder / COMPLETE).touch()
        return self._path_entry(folder)

    def variables(self, commit: str, folder: Path) -> Mapping[str, str]:
        """The whole environment of a process of this commit."""
        environment = self._environment
        variables = {**os.environ, **environment.env_vars, **environment._global_env_vars, "ASV_COMMIT": commit}
        own = variables.pop("ASV_PYTHONPATH", "")
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), own]))
        variables["PATH"] = f"{self.python.parent}{os.pathsep}{variables.get('PATH', os.defpath)}"
        return variables

    def _project(self, commit: str) -> Path:
        """A wheel from asv's build cache, or the sources."""
        environment = self._environment
        if isinstance(environment, ExistingEnvironment):
            checkout = self._root / "source"
            self._repo.checkout(str(checkout), commit)
        else:
            environment.install_project(self._conf, self._repo, commit)
            cache = environment._cache.get_cache_dir(commit)
            wheels = sorted(Path(cache).glob("*.whl")) if cache else []
            if len(wheels) == 1:
                return wheels[0]
            checkout = Path(environment._build_root)
            environment.checkout_project(self._repo, commit)
        return checkout / (self._conf.repo_subdir or "")

    def _install(self, source: Path, folder: Path) -> None:
        command = ["-m", "pip", "install", "--no-deps", "--no-compile", "--target", str(folder), str(source)]
        if source.is_dir():
            try:
                # Where the build backend is installed, this spares fetching it again.
                self._run([*command, "--no-build-isolation"])
                return
            except util.ProcessError:
                pass
        self._run(command)

    def _compile(self, folder: Path) -> None:
        # Where processes may not write byte code, each would compile every module, and lay out its memory by the
        # length of the sources: a comment more or less then makes code a few per cent slower or faster.
        command = ["-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", str(folder)]
        # Templates and code for other Pythons need not compile: any exit code will do.
        self._environment.run(command, valid_return_codes=None, timeout=self._conf.install_timeout)

    def _run(self, arguments: list[str]) -> str:
        return str(self._environment.run(arguments, timeout=self._conf.install_timeout, cwd=str(self._root.parent)))

    @staticmethod
    def _path_entry(folder: Path) -> Path:
        layout = folder / "src"
        return layout if layout.is_dir() and not (layout / "__init__.py").exists() else folder


def _is_buildable(source: Path) -> bool:
    return any((source / name).is_file() for name in ("pyproject.toml", "setup.py"))
