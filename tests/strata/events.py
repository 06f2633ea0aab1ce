"""Small logs for tests."""

from strata.event import Event, LogEntry

MINUTE = 60_000
NOON = 1_683_547_200_000  # 8 May 2023, 12:00 UTC


def log(
    *texts: str, agent: str = "", session: str = "s1", after: int = 0, start: int = NOON, speaker: str = ""
) -> list[LogEntry]:
    """One event a text, a minute apart, in one session; ids are e1, e2, … by position."""
    return [
        LogEntry(
            position,
            Event(
                event_id=f"e{position}",
                session_id=session,
                timestamp=start + (position - after - 1) * MINUTE,
                text=text,
                agent=agent,
                metadata={"speaker": speaker} if speaker else {},
            ),
        )
        for position, text in enumerate(texts, after + 1)
    ]
