"""A source tree as a workload: each text file is a session, each stretch of 60 lines an event.

Times are invented, one minute apart in path order, so that a fresh checkout gives the same workload. Questions ask
where a Python function or class that is defined once has its definition. `RETROSPEED_TREE` names the folder.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from .workload import Fields, Query, Workload, WorkloadError

VARIABLE = "RETROSPEED_TREE"
_START = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
_MINUTE = 60_000
_LINES = 60
_LARGEST = 1_000_000
_MOST_QUESTIONS = 200
_DEFINITION = re.compile(r"^\s*(?:async\s+def|def|class)\s+([A-Za-z]\w{3,})", re.MULTILINE)


def configured() -> Path | None:
    """Where the tree is, or None where none is named."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def load(folder: Path) -> Workload:
    """The text files under `folder` (not hidden, not links, at most 1 MB). Raises WorkloadError if there is none."""
    if not folder.is_dir():
        raise WorkloadError(f"{folder} is not a folder: {VARIABLE} must name a source tree")
    events: list[Fields] = []
    places: dict[str, list[str]] = {}
    for file in _files(folder):
        text = _text(file)
        if text is None:
            continue
        name = file.relative_to(folder).as_posix()
        lines = text.splitlines()
        for first in range(0, len(lines), _LINES):
            stretch = "\n".join(lines[first : first + _LINES]).strip()
            if not stretch:
                continue
            event_id = f"{name}:{first + 1}"
            events.append(
                {
                    "event_id": event_id,
                    "session_id": name,
                    "timestamp": _START + len(events) * _MINUTE,
                    "text": f"{name}\n{stretch}",
                    "kind": "tool_result",
                    "role": "tool",
                    "agent": "",
                    "metadata": {},
                }
            )
            if file.suffix == ".py":
                for defined in _DEFINITION.findall(stretch):
                    places.setdefault(defined, []).append(event_id)
    if not events:
        raise WorkloadError(f"{folder} holds no text file: {VARIABLE} must name a source tree")
    once = sorted(name for name, where in places.items() if len(where) == 1)
    queries = [
        Query(
            query_id=f"definition-{name}",
            text=f"Where is {name} defined?",
            relevant=tuple(places[name]),
            category="locate",
        )
        for name in once[:: max(1, len(once) // _MOST_QUESTIONS)][:_MOST_QUESTIONS]
    ]
    return Workload(name=f"tree-{folder.resolve().name}", events=events, queries=queries)


def _files(folder: Path) -> list[Path]:
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root) / name for name in sorted(names) if not name.startswith(".")]
    return found


def _text(file: Path) -> str | None:
    """The file's text, or None for a link, a large file or a binary one."""
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _LARGEST:
        return None
    content = file.read_bytes()
    if b"\0" in content:
        return None
    return content.decode("utf-8", "replace")
