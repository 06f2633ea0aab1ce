"""Judged collections: events, questions, and which events answer them."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from judged_options import Layout
from strata.event import Event
from strata.trace import parse_timestamp

ADVERSARIAL = 5
"""LoCoMo's category of questions that have no answer."""


class Question(msgspec.Struct, frozen=True):
    """`relevant` maps event ids to gains; `agent` is the conversation it belongs to; category 0 is none."""

    text: str
    relevant: dict[str, int]
    agent: str | None = None
    category: int = 0


class Collection(msgspec.Struct, frozen=True):
    """Events and questions about them, with the metric that is customary for them."""

    name: str
    metric: Literal["nDCG@10", "recall@10"]
    events: list[Event]
    questions: list[Question]

    def score(self, ranked: Sequence[str], question: Question) -> float:
        """The metric of one ranked answer."""
        return (ndcg if self.metric == "nDCG@10" else recall)(ranked, question.relevant)


def beir(folder: Path) -> Collection:
    """Any folder in the BEIR layout: each document, its title before its text, is an event in a session of its own."""
    events = [
        Event(
            event_id=row["_id"],
            session_id=row["_id"],
            timestamp=0,
            text=f"{row.get('title', '')} {row['text']}".strip(),
        )
        for row in _rows(folder / "corpus.jsonl")
    ]
    judged = _judgements(folder)
    questions = [
        Question(row["text"], judged[row["_id"]]) for row in _rows(folder / "queries.jsonl") if row["_id"] in judged
    ]
    return Collection(folder.name, "nDCG@10", events, questions)


def conversations(folder: Path) -> Collection:
    """A folder laid out as LoCoMo is: each question is asked of its own conversation, adversarial ones are left out."""
    events = [
        Event(
            event_id=row["event_id"],
            session_id=row["session_id"],
            timestamp=parse_timestamp(row["timestamp"]),
            text=row["text"],
            role=row["role"],
            agent=row["agent"],
            metadata=row.get("metadata", {}),
        )
        for row in _rows(folder / "events.jsonl")
    ]
    judged = _judgements(folder)
    questions = [
        Question(row["text"], judged[row["_id"]], row["metadata"]["agent"], row["metadata"].get("category", 0))
        for row in _rows(folder / "queries.jsonl")
        if row["_id"] in judged and row["metadata"].get("category") != ADVERSARIAL
    ]
    return Collection(folder.name, "recall@10", events, questions)


def read(layout: Layout, folder: Path) -> Collection:
    """The collection in a folder that is laid out so."""
    return (beir if layout == "beir" else conversations)(folder)


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain at k (Järvelin and Kekäläinen, 2002), with linear gains."""
    gain = sum(relevant.get(doc_id, 0) / math.log2(rank + 1) for rank, doc_id in enumerate(ranked[:k], 1))
    best = sorted(relevant.values(), reverse=True)[:k]
    return gain / sum(value / math.log2(rank + 1) for rank, value in enumerate(best, 1))


def recall(ranked: Sequence[str], relevant: Mapping[str, int], k: int = 10) -> float:
    """The share of the relevant events among the first k."""
    return len(relevant.keys() & set(ranked[:k])) / len(relevant)


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            question, event_id, gain = line.split()
            if int(gain) > 0:
                judged[question][event_id] = int(gain)
    return dict(judged)
