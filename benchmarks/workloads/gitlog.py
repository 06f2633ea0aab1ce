"""The history of any git repository as a workload: each commit is an event, the files it touched another.

A session is one author's day. Questions ask for the commit that changed a file, for files that few commits touched.
`RETROSPEED_GIT_REPO` names the repository; only git itself is needed.
"""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from .workload import Fields, Query, Workload, WorkloadError

VARIABLE = "RETROSPEED_GIT_REPO"
_RECORD, _FIELD = "\x1e", "\x1f"
_MOST_COMMITS = 20_000
_MOST_QUESTIONS = 200
_FEW = 3


def configured() -> Path | None:
    """Where the repository is, or None where none is named."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def load(repository: Path, most: int = _MOST_COMMITS) -> Workload:
    """The newest `most` commits of HEAD's history, oldest first. Raises WorkloadError if git cannot read them."""
    events: list[Fields] = []
    touched: dict[str, list[str]] = {}
    for record in _log(repository, most).split(_RECORD)[1:]:
        commit, author, seconds, message, files = record.split(_FIELD)
        moment = int(seconds) * 1000
        day = datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
        shared = {"session_id": f"{author} {day}", "timestamp": moment, "agent": author, "metadata": {}}
        events.append(
            {"event_id": commit, "text": message.strip() or "(no message)", "kind": "user_message", "role": "user"}
            | shared
        )
        paths = [line for line in files.splitlines() if line.strip()]
        if paths:
            listing = f"{commit}:files"
            events.append(
                {"event_id": listing, "text": "\n".join(paths), "kind": "tool_result", "role": "tool"} | shared
            )
            for path in paths:
                touched.setdefault(path, []).append(listing)
    if not events:
        raise WorkloadError(f"{repository} has no commits: {VARIABLE} must name a repository with a history")
    events.sort(key=lambda event: event["timestamp"])
    rare = sorted(path for path, listings in touched.items() if len(listings) <= _FEW)
    queries = [
        Query(
            query_id=f"file-{number}",
            text=f"Which commit changed {path}?",
            relevant=tuple(touched[path]),
            category="file",
        )
        for number, path in enumerate(rare[:: max(1, len(rare) // _MOST_QUESTIONS)][:_MOST_QUESTIONS])
    ]
    return Workload(name=f"gitlog-{repository.resolve().name}", events=events, queries=queries)


def _log(repository: Path, most: int) -> str:
    form = _RECORD + _FIELD.join(("%H", "%an", "%at", "%B", ""))
    command = [
        "git",
        "-C",
        str(repository),
        "log",
        f"--max-count={most}",
        "--reverse",
        "--no-show-signature",
        "--name-only",
    ]
    try:
        done = subprocess.run([*command, f"--format={form}"], capture_output=True, check=False)
    except OSError as error:
        raise WorkloadError(f"git cannot be started: {error}") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise WorkloadError(f"git cannot read the history of {repository}: {reason}; {VARIABLE} must name a repository")
    return done.stdout.decode("utf-8", "replace")
