"""Sessions of talk about known subjects, with planted facts whose answers are known.

Three tiers, each of which grows every index: more events, more sessions over more days, weeks and months, more
subjects and projects (so more topics and a larger vocabulary). `single` has one agent; `multi` has three, whose
sessions overlap in time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from . import words
from .checksums import verified
from .draws import Draws
from .planted import plant
from .workload import Fields, Workload, WorkloadError

SUITE_VERSION = "1"
AGENTS = ("single", "multi")
_START = int(datetime(2023, 1, 2, 8, tzinfo=UTC).timestamp() * 1000)
_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_SLOT = 150 * _MINUTE
_SLOTS = 6


@dataclass(frozen=True)
class Size:
    """How large a tier is."""

    events: int
    days: int
    subjects: int
    projects: int
    facts: int
    reports: int


TIERS = {
    "small": Size(events=1_000, days=35, subjects=8, projects=16, facts=100, reports=8),
    "medium": Size(events=10_000, days=210, subjects=14, projects=110, facts=400, reports=40),
    "large": Size(events=100_000, days=900, subjects=20, projects=900, facts=800, reports=80),
}


@dataclass(frozen=True)
class Project:
    """A code name, and the subject it belongs to."""

    name: str
    domain: words.Domain


def load(tier: str, agents: str = "single") -> Workload:
    """The workload of a tier, checked against its recorded checksum.

    Raises WorkloadError if the tier or the agents are unknown, or if this machine generates something else.
    """
    return verified(generate(tier, agents))


def first(count: int) -> list[Fields]:
    """The first events of the smallest tier that has as many. Raises WorkloadError if none has."""
    for tier, size in TIERS.items():
        if count <= size.events:
            return load(tier).events[:count]
    raise WorkloadError(f"there are not {count:,} synthetic events: the largest tier has {size.events:,}")


def generate(tier: str, agents: str = "single") -> Workload:
    """The workload of a tier: `agents` is `single` or `multi`."""
    if tier not in TIERS:
        raise WorkloadError(f"there is no tier {tier!r}: use one of {', '.join(TIERS)}")
    if agents not in AGENTS:
        raise WorkloadError(f"agents cannot be {agents!r}: use one of {', '.join(AGENTS)}")
    size = TIERS[tier]
    draws = Draws(1_000_003 * size.events + AGENTS.index(agents))
    names = words.AGENTS if agents == "multi" else words.AGENTS[:1]
    projects = _projects(draws, size)
    events: list[Fields] = []
    projects_of: dict[str, Project] = {}
    wanted = _session_starts(draws, size, len(names))
    for number, (start, agent_number) in enumerate(wanted):
        project = draws.pick(projects)
        left = size.events - len(events)
        if not left:
            break
        length = left if number == len(wanted) - 1 else min(left, size.events // len(wanted) + draws.between(-8, 8))
        session_id = f"s{number:05d}"
        projects_of[session_id] = project
        events.extend(_session(draws, session_id, project, names[agent_number], start, length, agents == "multi"))
    events.sort(key=lambda event: event["timestamp"])
    for number, event in enumerate(events):
        event["event_id"] = f"e{number:06d}"
    queries = plant(draws, events, projects_of, projects, size.facts, size.reports, names)
    subjects = {session_id: project.domain.name for session_id, project in projects_of.items()}
    return Workload(name=f"synthetic-{tier}-{agents}", events=events, queries=queries, subjects=subjects)


def _projects(draws: Draws, size: Size) -> list[Project]:
    names = draws.shuffled([f"{first} {second}" for first in words.FIRST_NAMES for second in words.SECOND_NAMES])
    domains = words.DOMAINS[: size.subjects]
    return [Project(name, domains[i % len(domains)]) for i, name in enumerate(names[: size.projects])]


def _session_starts(draws: Draws, size: Size, agents: int) -> list[tuple[int, int]]:
    """Start times (epoch ms) and agents: sessions of one agent never overlap; of several, always two do."""
    together = min(2, agents)
    slots = [_START + day * _DAY + slot * _SLOT for day in range(size.days) for slot in range(_SLOTS)]
    chosen = sorted(draws.shuffled(slots)[: size.events // 25 // together])
    return [
        (start + draws.between(0, 9) * _MINUTE, agent)
        for start in chosen
        for agent in draws.shuffled(range(agents))[:together]
    ]


def _session(
    draws: Draws, session_id: str, project: Project, agent: str, start: int, length: int, subagents: bool
) -> list[Fields]:
    """A session of `length` events: one in four has a pause that cuts a segment, one in ten long tool results."""
    pause_at = draws.between(4, max(4, length - 4)) if draws.unit() < 0.25 else -1
    verbose = draws.unit() < 0.1
    moment = start
    events: list[Fields] = []
    turn = 0
    while len(events) < length:
        number = len(events)
        if number == 0:
            kind, role, text = "session_start", "system", f"Session opened: {project.domain.name}, {project.name}."
        elif number == length - 1:
            kind, role, text = "session_end", "system", f"Session closed: {project.name}."
        else:
            kind, role, text = _message(draws, project, turn, verbose, subagents)
            turn += 1
        events.append(
            {
                "event_id": "",
                "session_id": session_id,
                "timestamp": moment,
                "text": text,
                "kind": kind,
                "role": role,
                "agent": agent,
                "metadata": {"turn": turn},
            }
        )
        moment += draws.between(20, 150) * 1_000
        if number == pause_at:
            moment += draws.between(31, 45) * _MINUTE
    return events


def _message(draws: Draws, project: Project, turn: int, verbose: bool, subagents: bool) -> tuple[str, str, str]:
    """Kind, role and text of one event: users and assistants alternate, with tools and subagents between them."""
    chance = draws.unit()
    if turn % 2 == 0:
        return "user_message", "user", _sentences(draws, project, words.REQUESTS, draws.between(1, 2))
    if chance < 0.2:
        lines = draws.between(40, 55) if verbose else draws.between(3, 6)
        return "tool_result", "tool", _sentences(draws, project, words.TOOL_LINES, lines, "\n")
    if subagents and chance < 0.25:
        return "subagent_start", "system", f"Subagent asked about the {draws.pick(project.domain.things)}."
    if subagents and chance < 0.3:
        return "subagent_stop", "system", f"Subagent answered about the {draws.pick(project.domain.things)}."
    if chance > 0.95:
        return "assistant_stop", "assistant", f"Stopped while on the {draws.pick(project.domain.things)}."
    return "assistant_message", "assistant", _sentences(draws, project, words.REPLIES, draws.between(2, 3))


def _sentences(draws: Draws, project: Project, frames: tuple[str, ...], count: int, separator: str = " ") -> str:
    return separator.join(
        draws.pick(frames).format(
            action=draws.pick(project.domain.actions),
            thing=draws.pick(project.domain.things),
            other=draws.pick(project.domain.things),
            project=project.name,
            domain=project.domain.name,
            n=draws.between(1, 999),
        )
        for _ in range(count)
    )
