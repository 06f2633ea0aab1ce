"""The synthetic workload: the same everywhere, growing with its tier, and answered only by what was planted."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from benchmarks.workloads import checksums, synthetic
from benchmarks.workloads.workload import Workload, WorkloadError, checksum

CASES = [(tier, agents) for tier in synthetic.TIERS for agents in synthetic.AGENTS]


@cache
def generated(tier: str, agents: str = "single") -> Workload:
    return synthetic.generate(tier, agents)


@pytest.mark.parametrize(("tier", "agents"), CASES)
def test_every_tier_has_the_recorded_checksum(tier: str, agents: str) -> None:
    assert checksum(generated(tier, agents)) == checksums.recorded()[f"synthetic-{tier}-{agents}"]


def test_generating_twice_gives_the_same() -> None:
    assert synthetic.generate("small", "multi") == generated("small", "multi")


def test_a_changed_workload_is_refused() -> None:
    workload = synthetic.load("small")
    changed = replace(workload, events=[*workload.events[:-1], workload.events[-1] | {"text": "something else"}])
    with pytest.raises(WorkloadError, match="synthetic-small-single has checksum"):
        checksums.verified(changed)


@pytest.mark.parametrize(("tier", "agents"), [("huge", "single"), ("small", "many")])
def test_an_unknown_tier_or_number_of_agents_is_an_error(tier: str, agents: str) -> None:
    with pytest.raises(WorkloadError, match="use one of"):
        synthetic.generate(tier, agents)


def test_the_first_events_come_from_the_smallest_tier_that_has_them() -> None:
    assert synthetic.first(10) == generated("small").events[:10]
    assert synthetic.first(1_001) == generated("medium").events[:1_001]
    with pytest.raises(WorkloadError, match="there are not 100,001 synthetic events"):
        synthetic.first(100_001)


@pytest.mark.parametrize("agents", synthetic.AGENTS)
def test_every_tier_grows_every_index(agents: str) -> None:
    sizes = []
    for tier in synthetic.TIERS:
        workload = generated(tier, agents)
        moments = [datetime.fromtimestamp(event["timestamp"] / 1000, UTC) for event in workload.events]
        sizes.append(
            (
                len(workload.events),
                len({event["session_id"] for event in workload.events}),
                len({moment.date() for moment in moments}),
                len({moment.isocalendar()[:2] for moment in moments}),
                len({(moment.year, moment.month) for moment in moments}),
                len(set(workload.subjects.values())),
                len({word for text in workload.texts() for word in text.split()}),
            )
        )
    for smaller, larger in itertools.pairwise(sizes):
        assert all(small < large for small, large in zip(smaller, larger, strict=True)), (smaller, larger)


@pytest.mark.parametrize(("tier", "agents"), CASES)
def test_the_log_is_in_order_and_its_ids_are_unique(tier: str, agents: str) -> None:
    workload = generated(tier, agents)
    moments = [event["timestamp"] for event in workload.events]
    assert moments == sorted(moments)
    assert len({event["event_id"] for event in workload.events}) == len(workload.events) == synthetic.TIERS[tier].events
    assert set(workload.subjects) == {event["session_id"] for event in workload.events}


def test_single_has_one_agent_and_multi_several_whose_sessions_overlap() -> None:
    assert {event["agent"] for event in generated("small").events} == {"ada"}
    events = generated("small", "multi").events
    assert {event["agent"] for event in events} == {"ada", "bruno", "chandra"}
    switches = sum(one["session_id"] != other["session_id"] for one, other in itertools.pairwise(events))
    assert switches > 2 * len({event["session_id"] for event in events})


@pytest.mark.parametrize(("tier", "agents"), CASES[:4])
def test_every_judged_answer_is_in_the_corpus(tier: str, agents: str) -> None:
    workload = generated(tier, agents)
    ids = {event["event_id"] for event in workload.events}
    for query in workload.queries:
        assert set(query.relevant) <= ids
        assert query.relevant or query.category == "subject"
    assert len({query.query_id for query in workload.queries}) == len(workload.queries)


def test_a_fact_is_stated_once_and_only_its_answer_is_relevant() -> None:
    workload = generated("small")
    of = {event["event_id"]: position for position, event in enumerate(workload.events)}
    alone = in_dialogue = 0
    for query in workload.category("literal"):
        (answer,) = query.relevant
        text = workload.events[of[answer]]["text"]
        words = {word.strip("?.,:").lower() for word in query.text.split()}
        shared = words & {word.strip("?.,:").lower() for word in text.split()}
        if len(shared) >= 4:
            alone += 1
        else:
            session = workload.events[of[answer]]["session_id"]
            before = [event for event in workload.events[: of[answer]] if event["session_id"] == session][-3:]
            asked = [event for event in before if event["kind"] == "user_message"][-1]["text"]
            assert len(words & {word.strip("?.,:").lower() for word in asked.split()}) >= 4, (query.text, asked)
            in_dialogue += 1
    assert alone == in_dialogue == 50


def test_a_time_question_is_answered_by_the_reports_within_its_span_and_no_other() -> None:
    workload = generated("medium")
    questions = workload.category("time")
    assert len(questions) == 5 * synthetic.TIERS["medium"].reports
    narrowed = 0
    for query in questions:
        subject = query.text.removeprefix("What was the outcome of the ").split(" ")
        project = " ".join(subject[:2])
        reports = [
            event for event in workload.events if event["text"].startswith("Report:") and project in event["text"]
        ]
        assert query.since is not None and query.until is not None and query.now is not None
        within = {event["event_id"] for event in reports if query.since <= event["timestamp"] < query.until}
        assert set(query.relevant) <= within
        assert query.now >= query.until
        narrowed += len(query.relevant) < len(reports)
    assert narrowed > len(questions) / 2


def test_an_agent_question_has_a_rival_answer_by_another_agent() -> None:
    workload = generated("small", "multi")
    agent_of = {event["event_id"]: event["agent"] for event in workload.events}
    questions = workload.category("agent")
    assert Counter(query.text for query in questions).most_common()[-1][1] == 2
    for query in questions:
        assert {agent_of[event_id] for event_id in query.relevant} == {query.agent}
