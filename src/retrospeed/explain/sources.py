"""The files of one commit: which of them a profiled file is, and which function stands at a line of it."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from retrospeed.errors import RetrospeedError
from retrospeed.explain.spans import Span, innermost, spans


class Kind(StrEnum):
    """Whose code it is."""

    PROJECT = "project"
    """The commit's."""
    SUITE = "suite"
    """The benchmarks', the same for both commits."""
    OTHER = "other"
    """A dependency's, or Python's."""


class FunctionId(NamedTuple):
    """A function as it is recognised at another commit, where its file and line may be others."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name

    @property
    def named(self) -> "FunctionId":
        """The function that a comprehension, a generator expression or a lambda stands in; else itself."""
        name = self.name
        while name.endswith(">") and ".<" in name:
            name = name.rpartition(".<")[0]
        return FunctionId(self.module, name)


@dataclass(frozen=True)
class Function:
    """A function at one commit."""

    id: FunctionId
    kind: Kind
    path: str
    """From the repository's root; of a dependency, from the folder of packages. Never absolute."""
    line: int
    """The first one, decorators included."""
    last: int
    source: str
    """Its lines; empty where they are not known."""

    @property
    def place(self) -> str:
        """``path:line``."""
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True)
class _File:
    path: str
    kind: Kind
    text: str
    spans: tuple[Span, ...]


def git(repository: Path, *arguments: str) -> str:
    """What git prints. Raises RetrospeedError with what it complains about."""
    command = ["git", "-C", str(repository), "-c", "core.quotePath=false", *arguments]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise RetrospeedError(f"git {arguments[0]} failed in {repository}: {message}.")
    return done.stdout.decode(errors="replace")


class Sources:
    """The files of `commit`, and those that its interpreter runs besides."""

    def __init__(self, repository: Path, commit: str, benchmark_dir: Path) -> None:
        self.commit = commit
        self._repository = repository
        self._benchmark_dir = benchmark_dir
        self._by_name: dict[str, list[str]] = {}
        for path in git(repository, "ls-tree", "-r", "--name-only", "-z", commit).split("\0"):
            self._by_name.setdefault(PurePosixPath(path).name, []).append(path)
        self._files: dict[str, _File] = {}
        self.functions: dict[FunctionId, Function] = {}
        """Those asked for so far."""

    def function(self, file: str, line: int, name: str | None = None) -> FunctionId:
        """The function at a line of a file of the interpreter's; `name` is what the interpreter calls it.

        Without `name`, the innermost function around the line.
        """
        found = self._file(file)
        span = innermost(found.spans, line)
        if name is None:
            name = span.name if span else "<module>"
        elif "." not in name and not name.startswith("<") and span and span.name.rpartition(".")[2] == name:
            # Before Python 3.11 a function's code did not know the class it stands in.
            name = span.name
        id = FunctionId(module_name(found.path), name)
        if id not in self.functions:
            first, last = (span.first, span.last) if span and name != "<module>" else (1, found.text.count("\n") + 1)
            if name.endswith(">") and name != "<module>":
                # A comprehension or a lambda: it begins somewhere in the function around it.
                first = line
            source = "\n".join(found.text.splitlines()[first - 1 : last])
            self.functions[id] = Function(id, found.kind, found.path, first if found.text else 0, last, source)
        return id

    def all_of(self, path: str) -> dict[str, Function]:
        """The functions of a file of the commit, by name; none if it has no such file or it is not Python."""
        if path not in self._by_name.get(PurePosixPath(path).name, ()) or not path.endswith(".py"):
            return {}
        text = self._blob(path)
        lines = text.splitlines()
        return {
            span.name: Function(
                FunctionId(module_name(path), span.name),
                Kind.PROJECT,
                path,
                span.first,
                span.last,
                "\n".join(lines[span.first - 1 : span.last]),
            )
            for span in spans(text)
        }

    def line_of(self, function: Function, line: int) -> str:
        """The text of a line of a function, without what it is indented by."""
        lines = function.source.splitlines()
        index = line - function.line
        return lines[index].strip() if 0 <= index < len(lines) else ""

    def _file(self, file: str) -> _File:
        if file not in self._files:
            self._files[file] = self._looked_up(file)
        return self._files[file]

    def _looked_up(self, file: str) -> _File:
        path = Path(file)
        if not path.is_absolute() or not path.is_file():
            return _File(_anonymous(file), Kind.OTHER, "", ())
        text = path.read_bytes().decode(errors="replace")
        if path.is_relative_to(self._benchmark_dir):
            shown = Path(self._benchmark_dir.name) / path.relative_to(self._benchmark_dir)
            return _File(shown.as_posix(), Kind.SUITE, text, spans(text))
        own = [path for path in self._by_name.get(path.name, ()) if self._is_same(path, file, text)]
        if own:
            return _File(max(own, key=lambda one: _common_tail(one, file)), Kind.PROJECT, text, spans(text))
        return _File(_in_packages(path), Kind.OTHER, text, spans(text))

    def _is_same(self, path: str, file: str, text: str) -> bool:
        # Two files of the same name are told apart by what is in them; empty ones (__init__.py) by where they are.
        return self._blob(path) == text and (bool(text.strip()) or _common_tail(path, file) > 1)

    def _blob(self, path: str) -> str:
        return _blob(self._repository, self.commit, path)


@lru_cache(maxsize=1024)
def _blob(repository: Path, commit: str, path: str) -> str:
    return git(repository, "show", f"{commit}:{path}")


def module_name(path: str) -> str:
    """The name under which a file is imported, as far as its path tells: ``src/a/b.py`` is ``a.b``."""
    if not path.endswith(".py"):
        return path
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if len(parts) > 1 and parts[0] in ("src", "lib", "python"):
        del parts[0]
    if parts[-1] == "__init__" and len(parts) > 1:
        del parts[-1]
    return ".".join(parts)


def _common_tail(one: str, other: str) -> int:
    pairs = zip(reversed(PurePosixPath(one).parts), reversed(PurePosixPath(other).parts), strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), len(PurePosixPath(one).parts))


def _in_packages(path: Path) -> str:
    text = path.as_posix()
    for mark in (r"(?:site|dist)-packages/", r"/lib/python\d(?:\.\d+)?t?/"):
        parts = re.split(mark, text)
        if len(parts) > 1:
            return parts[-1]
    return path.name


def _anonymous(file: str) -> str:
    # "<frozen importlib._bootstrap>" and the like; a file that is gone must not tell the machine's folders either.
    return file if file.startswith("<") else PurePosixPath(file).name


def changed_files(repository: Path, base: str, head: str) -> Sequence[tuple[str, str]]:
    """Path at `base` and path at `head` of every file that differs; an empty one where there is none."""
    fields = iter(git(repository, "diff", "--name-status", "-M", "-z", base, head, "--").split("\0"))
    found = []
    for status in fields:
        if not status:
            break
        old = new = next(fields)
        if status[0] in "RC":
            new = next(fields)
        found.append(("" if status[0] == "A" else old, "" if status[0] == "D" else new))
    return found
