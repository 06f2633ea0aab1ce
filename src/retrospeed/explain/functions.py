"""What the commit did to each function: changed it, added it, removed it, gave it another name."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from retrospeed.explain.sources import Function, FunctionId, Sources, changed_files

ALIKE = 0.6
"""Part of two functions' lines that must agree for the one to be taken for the other under a new name."""


class Status(StrEnum):
    """What became of a function from the parent to the commit."""

    SAME = "same"
    CHANGED = "changed"
    NEW = "new"
    REMOVED = "removed"
    RENAMED = "renamed"


@dataclass(frozen=True)
class Edits:
    """What a commit did to the functions of the files that it touches."""

    status: Mapping[FunctionId, Status]
    """By the name at the commit; of removed ones, by that at the parent. A function that is not here is the same."""
    renamed: Mapping[FunctionId, FunctionId]
    """Name at the parent → name at the commit; every function of a renamed module is here too."""
    base: Mapping[FunctionId, Function]
    """The functions that were touched, as they stood at the parent."""
    head: Mapping[FunctionId, Function]
    other_files: tuple[str, ...]
    """Touched files that hold no functions we can read."""

    def of(self, id: FunctionId) -> Status:
        """The status of a function; one without a name of its own has that of the function around it."""
        return self.status.get(id) or self.status.get(id.named, Status.SAME)


def edits(repository: Path, base: Sources, head: Sources) -> Edits:
    """Compare the functions of two commits."""
    status: dict[FunctionId, Status] = {}
    befores: dict[FunctionId, Function] = {}
    afters: dict[FunctionId, Function] = {}
    renamed: dict[FunctionId, FunctionId] = {}
    gone: list[Function] = []
    come: list[Function] = []
    other = []
    for old, new in changed_files(repository, base.commit, head.commit):
        before, after = base.all_of(old), head.all_of(new)
        if not before and not after:
            other.append(new or old)
        for name, function in before.items():
            if name not in after:
                gone.append(function)
                continue
            twin = after[name]
            if function.id != twin.id:
                renamed[function.id] = twin.id
            if function.source != twin.source:
                status[twin.id] = Status.CHANGED
                befores[twin.id], afters[twin.id] = function, twin
        come += [function for name, function in after.items() if name not in before]
    for function in gone:
        status[function.id], befores[function.id] = Status.REMOVED, function
    for function in come:
        status[function.id], afters[function.id] = Status.NEW, function
    for function, twin in _paired(gone, come):
        renamed[function.id] = twin.id
        status.pop(function.id, None)
        status[twin.id] = Status.RENAMED
        befores[twin.id] = befores.pop(function.id)
    return Edits(status, renamed, befores, afters, tuple(other))


def _paired(gone: Iterable[Function], come: Iterable[Function]) -> Iterable[tuple[Function, Function]]:
    """Pairs of a removed and a new function with much the same body, the most alike first."""
    candidates = []
    added = list(come)
    for function in gone:
        for twin in added:
            alike = difflib.SequenceMatcher(None, _body(function), _body(twin), autojunk=False).ratio()
            if alike >= ALIKE:
                candidates.append((alike, function.id.name == twin.id.name, function, twin))
    candidates.sort(key=lambda candidate: candidate[:2], reverse=True)
    used: set[FunctionId] = set()
    for _, _, function, twin in candidates:
        if function.id not in used and twin.id not in used:
            used |= {function.id, twin.id}
            yield function, twin


def _body(function: Function) -> list[str]:
    lines = [line.strip() for line in function.source.splitlines()]
    start = next((n for n, line in enumerate(lines) if line.startswith(("def ", "async def "))), 0)
    return [line for line in lines[start + 1 :] if line]
