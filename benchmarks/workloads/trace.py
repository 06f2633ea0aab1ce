"""Any trace as a workload: a JSON Lines file of events, or a folder that holds one with questions beside it.

`RETROSPEED_TRACE` names a file (`.jsonl` or `.jsonl.gz`), or a folder with `events.jsonl` (or `events.jsonl.gz`) and,
for quality, `queries.jsonl` and `qrels/test.tsv` in the BEIR layout. `metadata.agent` of a query restricts it to
that agent.
"""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .beir import read_judgements
from .workload import Fields, Query, Workload, WorkloadError

VARIABLE = "RETROSPEED_TRACE"
_REQUIRED = ("event_id", "session_id", "timestamp", "text")
_DEFAULTS = {"kind": "user_message", "role": "user", "agent": ""}


def configured() -> Path | None:
    """Where the trace is, or None where none is named."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def load(path: Path) -> Workload:
    """The trace at `path`. Raises WorkloadError naming file, line and field if it cannot be used."""
    file = _events_file(path)
    events: list[Fields] = []
    seen: set[str] = set()
    for number, record in read_lines(file):
        event = _event(record, file, number)
        if event["event_id"] in seen:
            raise WorkloadError(f"{file}, line {number}: event_id {event['event_id']!r} comes twice; keep one of them")
        seen.add(event["event_id"])
        events.append(event)
    if not events:
        raise WorkloadError(f"{file} holds no event; {VARIABLE} must name a trace with at least one")
    return Workload(name=f"trace-{path.stem}", events=events, queries=_queries(path, seen))


def read_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line numbers and objects of a JSON Lines file, plain or gzipped; blank lines are left out."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    raise WorkloadError(f"{file}, line {number}: not JSON ({error.msg})") from None
                if not isinstance(record, dict):
                    raise WorkloadError(f"{file}, line {number}: must be a JSON object, not {type(record).__name__}")
                yield number, record
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise WorkloadError(f"{file} cannot be read: {error}") from None


def _events_file(path: Path) -> Path:
    if path.is_file():
        return path
    for name in ("events.jsonl", "events.jsonl.gz"):
        if (path / name).is_file():
            return path / name
    raise WorkloadError(f"{path} is neither a trace nor a folder with events.jsonl: set {VARIABLE} to one of them")


def _event(record: dict[str, Any], file: Path, number: int) -> Fields:
    for name in _REQUIRED:
        if name not in record:
            raise WorkloadError(f"{file}, line {number}: the field {name!r} is missing")
    for name in ("event_id", "session_id", "text", *_DEFAULTS):
        if not isinstance(record.get(name, ""), str):
            raise WorkloadError(f"{file}, line {number}: the field {name!r} must be text, not {record[name]!r}")
    return {
        "event_id": record["event_id"],
        "session_id": record["session_id"],
        "timestamp": _milliseconds(record["timestamp"], file, number),
        "text": record["text"],
        **{name: record.get(name, default) for name, default in _DEFAULTS.items()},
        "metadata": record.get("metadata") or {},
    }


def _milliseconds(value: object, file: Path, number: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise WorkloadError(
            f"{file}, line {number}: the field 'timestamp' must be ISO 8601 or epoch milliseconds, not {value!r}"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _queries(path: Path, known: set[str]) -> list[Query]:
    questions, judgements = path / "queries.jsonl", path / "qrels" / "test.tsv"
    if not (questions.is_file() and judgements.is_file()):
        return []
    relevant = read_judgements(judgements)
    queries = []
    for number, record in read_lines(questions):
        if "_id" not in record or "text" not in record:
            raise WorkloadError(f"{questions}, line {number}: a query needs the fields '_id' and 'text'")
        answers = tuple(event_id for event_id in relevant.get(str(record["_id"]), ()) if event_id in known)
        metadata = record.get("metadata") or {}
        if answers:
            queries.append(
                Query(
                    query_id=str(record["_id"]),
                    text=record["text"],
                    relevant=answers,
                    category=str(metadata.get("category", "")),
                    agent=metadata.get("agent"),
                )
            )
    return queries
