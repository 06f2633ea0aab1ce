"""A small stack whose answers a reader can foresee: two agents, five sessions, three months."""

from datetime import UTC, datetime
from pathlib import Path

import strata
from strata.event import Event
from strata.stack import Strata
from tests.strata.letters import WholeAlphabet

SESSIONS = [
    (
        "s1",
        "claude",
        "2023-05-08",
        ["The pipeline drops messages.", "Raise the retry limit to seven.", "Done, merged."],
    ),
    ("s2", "claude", "2023-05-20", ["Where do we keep zebra fixtures?", "In the quagga folder.", "Thanks."]),
    ("s3", "gemini", "2023-06-11", ["The pipeline is slow.", "Batching halves the latency.", "Retry limit stays."]),
    ("s4", "gemini", "2023-07-02", ["Lunch was great.", "Pizza again?", "Pizza with olives."]),
    ("s5", "claude", "2023-07-03", ["The release went out.", "Retry storms hit the gateway.", "Rolled back."]),
]
LAYERS = ("toc", "bm25", "vector")


def events() -> list[Event]:
    """Three events a session, a minute apart from noon on, ids such as s1-1."""
    return [
        Event(
            event_id=f"{session}-{number}",
            session_id=session,
            timestamp=ms(day) + 12 * 3_600_000 + number * 60_000,
            text=text,
            agent=agent,
        )
        for session, agent, day, texts in SESSIONS
        for number, text in enumerate(texts, 1)
    ]


def ms(day: str) -> int:
    """Epoch milliseconds of a day's start, UTC."""
    return round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def opened(path: Path, layers: tuple[str, ...] = LAYERS) -> Strata:
    """The conversations, ingested, with these layers built, embedded by their letters."""
    stack = strata.open(path)
    stack.__dict__["embedder"] = WholeAlphabet()
    if not stack.store.position:
        stack.ingest(events())
    stack.build(layers)
    return stack
