"""The search, with simulated measurements: right, sparing, and never naming a commit where there is nothing."""

import random

import pytest
from studies.bisect_simulation import Row, simulate

from retrospeed.bisect.choice import Costs
from retrospeed.bisect.observation import Observation, Probe
from retrospeed.bisect.posterior import Prior, posterior
from retrospeed.bisect.search import MOST_PAIRS, Answer, Kind, Search
from studies import bisect_simulation

COSTS = Costs()


def searched(search: Search, effect_of, unmeasurable=frozenset()) -> tuple[Answer, list[Observation]]:
    """The answer, where `effect_of(low, high)` gives the measurements."""
    observations: list[Observation] = []
    while True:
        step = search.next_step(observations, COSTS)
        if step.answer is not None:
            return step.answer, observations
        assert step.probe is not None
        broken = {step.probe.low, step.probe.high} & unmeasurable
        if broken:
            search = Search(search.prior, search.unmeasurable | broken, timed=search.timed)
            continue
        effect = effect_of(step.probe.low, step.probe.high)
        observations.append(Observation(step.probe.low, step.probe.high, effect, step.probe.confirms))


def noisy(steps: dict[int, float], noise: float, seed: int = 0):
    """Measurements of a history in which the commits at these places add these effects."""
    chance = random.Random(seed)

    def effect(low: int, high: int) -> float:
        return sum(size for place, size in steps.items() if low < place <= high) + chance.gauss(0, noise)

    return effect


@pytest.mark.parametrize("noise", ["normal", "recorded"])
def test_a_step_of_twice_the_noise_is_found_in_fifty_measurements(noise):
    outcomes = [simulate(Row("small form", 2.0, noise), seed) for seed in range(20)]
    assert sum(outcome.right for outcome in outcomes) >= 19
    assert sum(outcome.pairs for outcome in outcomes) / len(outcomes) <= 60
    assert all(outcome.kind is not Kind.NONE for outcome in outcomes)


@pytest.mark.parametrize("noise", sorted(bisect_simulation.NOISES))
def test_an_unchanged_range_blames_nobody(noise):
    assert {simulate(Row("small form", 0.0, noise), seed).kind for seed in range(12)} == {Kind.NONE}


@pytest.mark.parametrize("seed", range(6))
def test_builds_that_differ_by_no_more_than_what_is_nothing_blame_nobody(seed):
    # As two builds of the same code do that lie differently in memory: the ends differ, and surely so.
    search = Search(Prior((1.0,) * 40), smallest=0.01)
    answer, observations = searched(search, noisy({40: 0.009}, 0.003, seed))
    assert answer.kind is Kind.NONE and 0 < answer.ends.low < 0.01
    assert {o.place for o in observations} == {(0, 0), (0, 40)}
    answer, _ = searched(search, noisy({40: 0.02}, 0.003, seed))
    assert (answer.kind, answer.high) == (Kind.CULPRIT, 40)


@pytest.mark.parametrize(("culprit", "size"), [(1, 0.3), (64, 0.3), (64, -0.3), (100, 0.3)])
def test_every_place_and_both_directions(culprit, size):
    answer, observations = searched(Search(Prior((1.0,) * 100)), noisy({culprit: size}, 0.02))
    assert (answer.kind, answer.low, answer.high) == (Kind.CULPRIT, culprit - 1, culprit)
    assert answer.estimate.low < size < answer.estimate.high
    fresh = [o for o in observations if o.confirms]
    assert {o.place for o in fresh} == {(culprit - 1, culprit)}
    assert answer.estimate.pairs == len(fresh) >= 6


def test_a_direction_that_was_not_asked_for_is_none():
    effect = noisy({5: -0.3}, 0.02)
    answer, _ = searched(Search(Prior((1.0,) * 10, signs=(1,))), effect)
    assert answer.kind is Kind.NONE
    assert answer.ends.high < -0.2


def test_commits_that_cannot_be_measured_are_named_together():
    answer, _ = searched(Search(Prior((1.0,) * 30)), noisy({12: 0.3}, 0.02), frozenset({11, 12, 20}))
    assert (answer.kind, answer.low, answer.high) == (Kind.GROUP, 10, 13)


def test_a_number_without_noise_takes_one_pair_a_commit():
    answer, observations = searched(
        Search(Prior((1.0,) * 128), timed=False), lambda low, high: 0.4 * (low < 77 <= high)
    )
    assert (answer.kind, answer.high, answer.estimate.exact) == (Kind.CULPRIT, 77, True)
    # Two pairs of each end's, seven halvings, two to confirm.
    assert len(observations) <= 14
    answer, observations = searched(Search(Prior((1.0,) * 128), timed=False), lambda low, high: 0.0)
    assert (answer.kind, len(observations)) == (Kind.NONE, 4)


def test_a_number_that_is_not_exact_after_all_is_measured_as_such():
    seen: list[int] = []

    def effect(low: int, high: int) -> float:
        seen.append(high)
        # The same until the culprit is measured for the second time.
        wavers = 0.01 * (seen.count(high) % 3) if high == 20 and low == 19 else 0.0
        return 0.4 * (low < 20 <= high) + wavers

    answer, observations = searched(Search(Prior((1.0,) * 30), timed=False), effect)
    assert (answer.kind, answer.high, answer.estimate.exact) == (Kind.CULPRIT, 20, False)
    assert sum(o.low == o.high for o in observations) == 4


def test_of_two_steps_one_is_named_and_the_rest_shows():
    answer, _ = searched(Search(Prior((1.0,) * 60)), noisy({20: 0.2, 45: 0.3}, 0.02))
    assert answer.kind is Kind.CULPRIT and answer.high in (20, 45)
    assert answer.estimate.high < answer.ends.low


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_two_steps_of_the_same_size_do_not_keep_it_undecided(noise):
    search = Search(Prior((1.0,) * 60), timed=bool(noise))
    answer, observations = searched(search, noisy({20: 0.2, 45: 0.2}, noise))
    assert answer.kind is Kind.CULPRIT and answer.high in (20, 45)
    assert answer.estimate.effect == pytest.approx(0.2, abs=0.05)
    assert len(observations) <= 40


def test_a_change_that_creeps_in_names_nobody():
    answer, observations = searched(Search(Prior((1.0,) * 40)), noisy(dict.fromkeys(range(1, 41), 0.005), 0.02))
    assert answer.kind is Kind.BETWEEN
    assert len(observations) == MOST_PAIRS


def test_a_wrong_suspect_loses_its_place_by_the_fresh_pairs():
    prior = Prior((1.0,) * 16)
    ends = [Observation(0, 0, effect) for effect in (0.01, -0.02, 0.015, -0.005)]
    ends += [Observation(0, 16, effect) for effect in (0.1, 0.12, 0.09, 0.11, 0.1)]
    misled = [Observation(0, 8, effect) for effect in (0.1, 0.09)] + [Observation(0, 7, 0.0) for _ in range(3)]
    search = Search(prior)
    step = search.next_step(ends + misled, COSTS)
    assert step.probe == Probe(7, 8, confirms=True)
    fresh = [Observation(7, 8, effect, confirms=True) for effect in (0.0, 0.01, -0.01, 0.005, 0.0)]
    assert posterior(prior, ends + misled).commits[8] > 0.97
    assert posterior(prior, ends + misled + fresh).commits[8] < 0.5
    step = search.next_step(ends + misled + fresh, COSTS)
    assert step.probe is not None and not step.probe.confirms


def test_an_answer_needs_no_more_than_the_observations():
    """What makes a search resumable: asked again with the same, it says the same."""
    search, effect = Search(Prior((1.0,) * 20)), noisy({7: 0.1}, 0.03)
    answer, observations = searched(search, effect)
    again = search.next_step(observations, COSTS).answer
    assert again is not None and (again.kind, again.high, again.estimate) == (answer.kind, answer.high, answer.estimate)
    # And in between, after any number of them.
    for kept in range(len(observations)):
        probe = search.next_step(observations[:kept], COSTS).probe
        taken = observations[kept]
        assert probe == Probe(taken.low, taken.high, taken.confirms)


def test_what_is_built_is_preferred_among_equals():
    search, effect = Search(Prior((1.0,) * 128)), noisy({70: 0.2}, 0.02)
    observations = [Observation(0, 0, effect(0, 0)) for _ in range(4)]
    observations += [Observation(0, 128, effect(0, 128)) for _ in range(4)]
    assert search.next_step(observations, Costs(built={0, 128})).probe == Probe(0, 64)
    assert search.next_step(observations, Costs(built={0, 55, 128})).probe == Probe(0, 55)
    assert search.next_step(observations, Costs(built={0, 3, 128})).probe == Probe(0, 64)


def test_a_suspicious_commit_is_asked_about_first():
    weights = [1.0] * 40
    weights[29] = 100.0
    search, effect = Search(Prior(tuple(weights))), noisy({30: 0.3}, 0.02)
    answer, observations = searched(search, effect)
    assert answer.high == 30
    assert len(observations) < len(searched(Search(Prior((1.0,) * 40)), effect)[1])
