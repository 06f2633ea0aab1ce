"""A case stands until half of its step is gone, its issue is closed, or somebody accepts it."""

import pytest

from retrospeed import asv_config
from retrospeed.errors import RetrospeedError
from retrospeed.nightly import standing
from retrospeed.nightly.forge import Forge
from retrospeed.nightly.state import CaseRecord, State
from retrospeed.watch import ratio_file
from retrospeed.watch.ratio_file import PairedValues, RatioFile
from tests.retrospeed.doctored import make_suite, timing

MACHINE = "bench-1"
NAME = "a.time_x"


@pytest.fixture
def history(tmp_path, monkeypatch):
    """Five commits; the second is slower, the fourth takes most of that back."""
    suite = make_suite(tmp_path, 5)
    monkeypatch.chdir(tmp_path)
    suite.describe(a__time_x={})
    for commit, level in zip(suite.commits, (1.0, 1.4, 1.3, 1.1, 1.45), strict=True):
        suite.measured(commit, {NAME: timing(level)})
    return suite


def state_of(history, **more):
    good, bad = history.commits[:2]
    case = CaseRecord(benchmark=NAME, good=good, bad=bad, classification="severe", headline="h", culprit=bad, **more)
    return State(machine=MACHINE, cases={"k": case})


@pytest.mark.parametrize(("place", "stands"), [(1, True), (2, True), (3, False), (4, True)])
def test_it_ends_where_less_than_half_of_the_step_is_left(history, place, stands):
    state = state_of(history)
    assert standing.review(state, asv_config.load(None), history.commits[place], [], None) == []
    assert bool([*standing.standing(state)]) is stands
    assert state.cases["k"].ended_by == ("" if stands else history.commits[place])


def test_one_that_had_ended_begins_anew_only_where_the_step_is_seen_to_be_back(history):
    state, config = state_of(history, ended_by=history.commits[3]), asv_config.load(None)
    standing.review(state, config, history.commits[4], [], None)
    assert not [*standing.standing(state)]
    standing.review(state, config, history.commits[3], ["k"], None)
    assert not [*standing.standing(state)]
    standing.review(state, config, history.commits[4], ["k"], None)
    assert [*standing.standing(state)]


def test_ratios_to_the_reference_are_believed_before_times(history):
    """A slow night of the machine neither ends a case nor keeps one."""
    reference, bad, newest = (history.commits[place] for place in (0, 1, 3))
    for commit, ratio in ((bad, 1.4), (newest, 1.38)):
        one = PairedValues(benchmark=NAME, params=[], version="1", reference=[1.0, 1.0], commit=[ratio, ratio])
        file = RatioFile(machine=MACHINE, commit=commit, reference=reference, environment="e", series=[one])
        path = ratio_file.write(file, history.root / "results")
    state = state_of(history)
    standing.review(state, asv_config.load(None), newest, [], None)
    assert [*standing.standing(state)]
    path.write_text("{")
    standing.review(state, asv_config.load(None), newest, [], None)
    assert not [*standing.standing(state)]


def test_a_closed_issue_is_an_accepted_cost(history, forge):
    state = state_of(history, issue_url="somewhere")
    found = Forge.from_environment(forge.variables)
    assert found is not None
    found.file("slower", "body", history.commits[1])
    config, newest = asv_config.load(None), history.commits[2]
    assert standing.review(state, config, newest, [], found) == []
    assert [*standing.standing(state)]
    forge.issues[0]["state"] = "closed"
    assert standing.review(state, config, newest, [], found) == []
    assert state.cases["k"].accepted
    assert not [*standing.standing(state)]


def test_a_cost_is_accepted_by_the_name_of_its_commit(history):
    state = state_of(history)
    with pytest.raises(RetrospeedError, match=f"No case names HEAD.*{history.commits[1][:8]}"):
        standing.accept(state, history.root, ("HEAD",))
    standing.accept(state, history.root, ("HEAD~3",))
    assert not [*standing.standing(state)]
