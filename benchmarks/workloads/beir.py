"""Any collection in the BEIR layout (`corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`) as a workload.

Documents become events, title before text, in the order of the file. They have no time of their own, so one a minute is
invented, and fifty make a session. `RETROSPEED_BEIR` names the folder.
"""

import csv
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .workload import Fields, Query, Workload, WorkloadError

VARIABLE = "RETROSPEED_BEIR"
_START = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
_MINUTE = 60_000
_SESSION = 50


def configured() -> Path | None:
    """Where the collection is, or None where none is named."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def load(folder: Path) -> Workload:
    """The collection in `folder`, with the judged queries. Raises WorkloadError if a part is missing or malformed."""
    for part in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        if not (folder / part).is_file():
            raise WorkloadError(f"{folder} has no {part}: {VARIABLE} must name a folder in the BEIR layout")
    relevant = read_judgements(folder / "qrels" / "test.tsv")
    events: list[Fields] = []
    for number, document in enumerate(_records(folder / "corpus.jsonl")):
        title = document.get("title") or ""
        events.append(
            {
                "event_id": str(document["_id"]),
                "session_id": f"{folder.name}-{number // _SESSION:06d}",
                "timestamp": _START + number * _MINUTE,
                "text": f"{title}\n{document['text']}" if title else document["text"],
                "kind": "user_message",
                "role": "user",
                "agent": "",
                "metadata": {},
            }
        )
    queries = [
        Query(query_id=str(query["_id"]), text=query["text"], relevant=relevant[str(query["_id"])], category="judged")
        for query in _records(folder / "queries.jsonl")
        if str(query["_id"]) in relevant
    ]
    if not events or not queries:
        raise WorkloadError(f"{folder} has {len(events)} documents and {len(queries)} judged queries: both are needed")
    return Workload(name=f"beir-{folder.name}", events=events, queries=queries)


def read_judgements(file: Path) -> dict[str, tuple[str, ...]]:
    """Query id -> ids of the documents judged relevant (score above 0), of a BEIR `qrels` file."""
    relevant: dict[str, list[str]] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines, delimiter="\t"), 1):
            if number == 1 and row[-1:] == ["score"]:
                continue
            if len(row) != 3 or not row[2].lstrip("-").isdigit():
                raise WorkloadError(
                    f"{file}, line {number}: must be query-id, corpus-id and a whole score, tab between"
                )
            if int(row[2]) > 0:
                relevant.setdefault(row[0], []).append(row[1])
    return {query_id: tuple(documents) for query_id, documents in relevant.items()}


def _records(file: Path) -> list[dict[str, Any]]:
    records = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise WorkloadError(f"{file}, line {number}: not JSON ({error.msg})") from None
            if not isinstance(record, dict) or "_id" not in record or not isinstance(record.get("text"), str):
                raise WorkloadError(f"{file}, line {number}: needs the fields '_id' and 'text'")
            records.append(record)
    return records
