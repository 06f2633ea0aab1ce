"""A difference that was planted in a function is found in that function."""

from retrospeed.explain.functions import Status
from retrospeed.explain.page import flame_tree
from retrospeed.explain.profiles import are_enough, not_held_up
from retrospeed.explain.sources import Kind
from retrospeed.gate.worker_pair import SideName
from tests.retrospeed.explain.planted import PARENT, row

NORMALISE = """
def normalise(score):
    total = 0.0
    for step in range(100):
        total += score / (step + 1)
    return total


def rank(scores):
    return sorted([(normalise(score), number) for score, number in scores], reverse=True)
"""
RANK = """
def rank(scores):
    return sorted(scores, reverse=True)
"""


def test_a_new_function_is_named_with_its_place_and_calls(planted):
    planted.replaced((RANK, NORMALISE))
    profile = planted.profile()
    found = row(profile, "work.normalise")
    assert (found.status, found.base, found.function.kind) == (Status.NEW, None, Kind.PROJECT)
    assert found.function.place == "work/__init__.py:6"
    assert (found.calls_base, found.calls_head) == (0, 60)
    assert found.self_difference.mean > 0.5 * profile.total.mean > 0
    assert row(profile, "work.rank").status is Status.CHANGED
    assert row(profile, "benchmarks.search.time_search").function.path == "benchmarks/search.py"
    likely = planted.cause(profile)
    assert likely.accounts
    assert likely.functions[0].id.name == "normalise"
    assert "new in the commit" in likely.sentence
    assert "it is run 60 times" in likely.sentence


def test_a_call_that_moved_into_a_loop_is_laid_to_the_caller(planted):
    planted.replaced(
        ("    terms = set(words(query))\n    scores", "    scores"),
        ("        found", "        terms = set(words(query * 30))\n        found"),
    )
    profile = planted.profile()
    callee = row(profile, "work.words")
    assert (callee.status, callee.calls_base, callee.calls_head) == (Status.SAME, 61, 120)
    likely = planted.cause(profile)
    assert [str(one.id) for one in likely.functions] == ["work.search"]
    assert "in `work.words`, which it calls (run 120 times instead of 61)" in likely.sentence


def test_a_changed_body_is_found_though_its_module_was_renamed(planted):
    rest = PARENT[PARENT.index("\n\ndef rank") :]
    words = "'''Words.'''\n\n\ndef words(text):\n    return text.lower().split()\n"
    planted.plant("from work.tokens import words\n" + rest, tokens=words)
    planted.base = planted.head
    planted.git("mv", "work/tokens.py", "work/splitting.py")
    slow = words.replace("    return", "    for _ in range(40):\n        text.lower().split()\n    return")
    planted.plant("from work.splitting import words\n" + rest, splitting=slow)
    profile = planted.profile()
    found = row(profile, "work.splitting.words")
    assert found.base is not None
    assert found.base.path == "work/tokens.py"
    assert found.self_base > 0
    assert [str(one.id) for one in planted.cause(profile).functions] == ["work.splitting.words"]


def test_a_renamed_function_is_compared_with_what_it_was(planted):
    planted.replaced(("def rank(", "def order("), ("return rank(", "return order("))
    profile = planted.profile()
    found = row(profile, "work.order")
    assert found.status is Status.RENAMED
    assert found.base is not None
    assert found.base.id.name == "rank"
    assert found.calls_base == found.calls_head == 1


def test_an_improvement_is_laid_to_the_function_that_went(planted):
    planted.replaced((RANK, NORMALISE))
    planted.base, planted.head = planted.head, planted.base
    profile = planted.profile()
    assert profile.total.mean < 0
    likely = planted.cause(profile, got_worse=False)
    assert row(profile, "work.normalise").status is Status.REMOVED
    assert "`work.normalise`" in likely.sentence
    assert "removed by the commit" in likely.sentence


def test_a_profile_that_does_not_account_for_the_difference_says_so(planted):
    planted.replaced((RANK, NORMALISE))
    profile = planted.profile()
    doubted = planted.cause(profile, measured=20 * profile.total.mean)
    assert not doubted.accounts
    assert "does not account for the difference" in doubted.sentence
    contrary = planted.cause(profile, got_worse=False)
    assert not contrary.accounts
    assert "does not account" in contrary.sentence


def test_what_the_commit_did_not_touch_is_not_blamed_on_it(planted):
    (planted.folder / "work" / "units.txt").write_text("1", encoding="utf-8")
    text = "import pathlib\n\nUNITS = int((pathlib.Path(__file__).parent / 'units.txt').read_text())\n" + PARENT
    source = text.replace("sorted(scores, reverse=True)", "[sorted(scores) for _ in range(UNITS)][0]")
    planted.base = planted.commit(source)
    (planted.folder / "work" / "units.txt").write_text("60", encoding="utf-8")
    planted.head = planted.commit(source)
    likely = planted.cause(planted.profile())
    assert not likely.accounts
    assert "which the commit does not touch" in likely.sentence
    assert "The commit also touches work/units.txt." in likely.sentence


def test_equal_commits_are_not_explained(planted):
    planted.replaced(("def rank(scores):", "def rank(scores):  # greatest first"))
    profile = planted.profile()
    likely = planted.cause(profile, got_worse=None)
    # One time in twenty the 95 % interval misses; a difference in the right half of noise is then still small.
    assert not likely.accounts or abs(profile.total.mean) < 0.1 * profile.base


def test_memory_is_explained_by_what_is_held_at_the_peak(planted):
    planted.replaced(("    return rank(scores)", "    copies = [doc * 40 for doc in docs]\n    return rank(scores)"))
    profile = planted.profile("search.peakmem_search", rounds=2)
    held = row(profile, "work.search").self_difference
    assert held.mean > 60 * 6 * 40 * 40
    assert held.mean > 0.8 * profile.total.mean
    assert [str(one.id) for one in planted.cause(profile).functions] == ["work.search"]


def test_a_statement_in_a_process_of_its_own_and_a_number_told_in_seconds(planted):
    planted.replaced((RANK, NORMALISE))
    for bench in ("search.timeraw_search", "search.track_search"):
        likely = planted.cause(planted.profile(bench))
        assert likely.functions, likely.sentence
        assert str(likely.functions[0].id) == "work.normalise"


def test_the_flame_graph_holds_the_whole_profile(planted):
    planted.replaced((RANK, NORMALISE))
    profile = planted.profile(rounds=2)
    _, root = flame_tree(profile)

    def total(node, side):
        return node[side] + sum(total(child, side) for child in node[3])

    assert abs(total(root, 1) - profile.base) < 1e-9
    assert abs(total(root, 2) - profile.head) < 1e-9


def test_more_rounds_are_taken_only_where_they_disagree_and_a_difference_is_known():
    def taken(*differences):
        return [{SideName.BASE: {"seconds": 1.0}, SideName.HEAD: {"seconds": 1.0 + one}} for one in differences]

    agreeing, disagreeing = taken(0.5, 0.55, 0.45), taken(0.5, 1.0, -0.1)
    assert not are_enough(taken(0.5, 0.5), 3, patient=False)
    assert not are_enough(taken(0.5, 0.5), 3, patient=True)
    assert are_enough(agreeing, 3, patient=True)
    assert are_enough(taken(-0.5, -0.55, -0.45), 3, patient=True)
    assert are_enough(disagreeing, 3, patient=False)
    assert not are_enough(disagreeing, 3, patient=True)
    assert are_enough(3 * disagreeing, 3, patient=True)


def test_a_round_that_was_held_up_is_replaced():
    def taken(*rounds):
        return [dict(zip(SideName, ({"seconds": base}, {"seconds": head}), strict=True)) for base, head in rounds]

    quiet = [(1.0, 1.4), (1.1, 1.5), (0.9, 1.3)]
    held_up = [(1.0, 5.0), (1.7, 1.4)]
    assert not_held_up(taken(*quiet, *held_up)) == taken(*quiet)
    for patient in (True, False):
        assert not are_enough(taken(*held_up, *quiet[:2]), 3, patient=patient)
        assert are_enough(taken(*held_up, *quiet), 3, patient=patient)
    assert are_enough(taken(*held_up, *quiet, *held_up, *held_up), 3, patient=True)
