"""Facts planted in the synthetic sessions, and the questions that only the planted events answer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from . import words
from .draws import Draws
from .workload import Fields, Query


class Project(Protocol):
    """What a fact is about."""

    @property
    def name(self) -> str: ...

    @property
    def domain(self) -> words.Domain: ...


class Exchanges:
    """The exchanges (a user's message and the assistant's next one) in which nothing is planted yet."""

    def __init__(self, draws: Draws, events: list[Fields], projects_of: Mapping[str, Project]) -> None:
        self._draws = draws
        self._free: list[tuple[str, str, Fields, Fields]] = []
        waiting: dict[str, Fields] = {}
        for event in events:
            session = event["session_id"]
            if event["kind"] == "user_message":
                waiting[session] = event
            elif event["kind"] == "assistant_message" and session in waiting:
                self._free.append((projects_of[session].name, event["agent"], waiting.pop(session), event))

    def take(self, project: str | None = None, agent: str | None = None) -> tuple[Fields, Fields]:
        """One exchange: the agent's, in a session about the project if there still is one, else in another."""
        own = [free for free in self._free if agent in (None, free[1])]
        chosen = self._draws.pick([free for free in own if free[0] == project] or own)
        self._free.remove(chosen)
        return chosen[2:]


def plant(
    draws: Draws,
    events: list[Fields],
    projects_of: Mapping[str, Project],
    projects: Sequence[Project],
    facts: int,
    reports: int,
    agents: Sequence[str],
) -> list[Query]:
    """Replace the text of some messages by facts, distractors and dated reports; return the questions.

    Every other fact is stated in one message, the others are told in an answer that makes sense only after the
    question before it. Categories: `literal` and `paraphrase` (one fact each), `time` (a report within a span of time),
    `agent` (a fact on which two agents disagree; only with several agents), `subject` (everything about a domain),
    `phrasing` (further wordings of the facts: for latencies, with distinct texts).
    """
    places = Exchanges(draws, events, projects_of)
    queries = _plant_facts(draws, places, _facts(draws, projects, facts))
    if len(agents) > 1:
        queries += _plant_rivals(draws, places, projects, facts // 6, agents)
    queries += _plant_reports(draws, places, projects, reports)
    domains = sorted({project.domain.name for project in projects})
    queries += [
        Query(query_id=f"subject-{name}", text=f"Give me an overview of everything about {name}", category="subject")
        for name in domains
    ]
    return queries


_Fact = tuple[Project, words.Attribute, str]


def _facts(draws: Draws, projects: Sequence[Project], count: int) -> list[_Fact]:
    """Facts spread evenly over the projects. No two share attribute and thing, so no question has two answers."""
    found: dict[tuple[str, str], _Fact] = {}
    while len(found) < count:
        project = projects[len(found) % len(projects)]
        fact = (project, draws.pick(words.ATTRIBUTES), draws.pick(project.domain.things))
        found.setdefault((fact[1].name, fact[2]), fact)
    return list(found.values())


def _value(draws: Draws, attribute: words.Attribute) -> str:
    return f"{draws.between(2, 980)} {draws.pick(attribute.values)}"


def _plant_facts(draws: Draws, places: Exchanges, facts: list[_Fact]) -> list[Query]:
    queries = []
    for number, (project, attribute, thing) in enumerate(facts):
        names = {"attribute": attribute.name, "thing": thing, "project": project.name}
        asked, answer = places.take(project.name)
        value = _value(draws, attribute)
        if number % 2:
            asked["text"] = draws.pick(words.ASKED).format(**names)
            answer["text"] = draws.pick(words.ANSWERED).format(value=value)
        else:
            answer["text"] = draws.pick(words.STATEMENTS).format(**names, value=value)
        if number % 4 == 0:
            places.take(project.name)[1]["text"] = draws.pick(words.DISTRACTORS).format(**names)
        texts = [frame.format(**names) for frame in (*words.LITERAL_QUESTIONS, attribute.paraphrase)]
        literal = number % (len(texts) - 1)
        for wording, text in enumerate(texts):
            category = "paraphrase" if wording == len(texts) - 1 else "literal" if wording == literal else "phrasing"
            queries.append(
                Query(query_id=f"fact-{number}-{wording}", text=text, relevant=(answer["event_id"],), category=category)
            )
    return queries


def _plant_rivals(
    draws: Draws, places: Exchanges, projects: Sequence[Project], count: int, agents: Sequence[str]
) -> list[Query]:
    """Facts that two agents state differently: a search restricted to one agent must not return the other's."""
    queries = []
    for number in range(count):
        project = projects[number % len(projects)]
        attribute, thing = draws.pick(words.ATTRIBUTES), draws.pick(project.domain.things)
        names = {"attribute": f"agreed {attribute.name}", "thing": f"number {number} {thing}", "project": project.name}
        question = draws.pick(words.LITERAL_QUESTIONS).format(**names)
        for agent in draws.shuffled(agents)[:2]:
            _, answer = places.take(project.name, agent)
            answer["text"] = draws.pick(words.STATEMENTS).format(**names, value=_value(draws, attribute))
            queries.append(
                Query(
                    query_id=f"agent-{number}-{agent}",
                    text=question,
                    relevant=(answer["event_id"],),
                    category="agent",
                    agent=agent,
                )
            )
    return queries


def _plant_reports(draws: Draws, places: Exchanges, projects: Sequence[Project], count: int) -> list[Query]:
    """Reports that recur through the whole span of time; each question means one stretch of it."""
    queries = []
    for number in range(count):
        project, occasion = projects[number % len(projects)], words.OCCASIONS[number % len(words.OCCASIONS)]
        reports = [places.take()[1] for _ in range(5)]
        for report in reports:
            outcome = draws.pick(words.OUTCOMES).format(n=draws.between(2, 60))
            report["text"] = words.REPORT.format(occasion=occasion, project=project.name, outcome=outcome)
        for form, (said, since, until, now) in enumerate(_spans(draws.pick(reports)["timestamp"])):
            queries.append(
                Query(
                    query_id=f"time-{number}-{form}",
                    text=f"What was the outcome of the {project.name} {occasion} {said}?",
                    relevant=tuple(report["event_id"] for report in reports if since <= report["timestamp"] < until),
                    category="time",
                    now=now,
                    since=since,
                    until=until,
                )
            )
    return queries


def _spans(moment: int) -> Iterator[tuple[str, int, int, int]]:
    """Ways to say when something happened, with the span meant and the moment of asking, all in epoch ms, UTC.

    Only wordings that everybody reads alike: a named day, a named month, yesterday, days ago, and the last such
    weekday asked within the same week.
    """
    day = datetime.fromtimestamp(moment / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    after_month = (month + timedelta(days=32)).replace(day=1)
    next_day = day + timedelta(days=1)
    for said, since, until, asked in (
        (f"on {day.day} {day:%B %Y}", day, next_day, day + timedelta(days=90)),
        (f"in {month:%B %Y}", month, after_month, day + timedelta(days=90)),
        ("yesterday", day, next_day, day + timedelta(days=1, hours=12)),
        ("4 days ago", day, next_day, day + timedelta(days=4, hours=12)),
        (f"last {day:%A}", day, next_day, day + timedelta(days=3, hours=12)),
    ):
        yield said, _ms(since), _ms(until), _ms(asked)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
