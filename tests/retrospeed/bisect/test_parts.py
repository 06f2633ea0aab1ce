"""The range, the prior and the log: what the search is given, and what it leaves on disk."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrospeed.bisect.commits import Commit, commits_in
from retrospeed.bisect.observation import Observation
from retrospeed.bisect.posterior import Prior, posterior
from retrospeed.bisect.prior import HARDLY, boosted, weight
from retrospeed.bisect.probe_log import KeptPair, ProbeLog, SearchKey
from retrospeed.errors import RevisionError
from retrospeed.gate.samples import Pair, Rhythm
from tests.retrospeed.bisect.scratch_history import Change, ScratchHistory

KEY = SearchKey("a" * 40, "b" * 40, "bench.time_score", "1", "py3.11", "here")


def test_a_range_is_read_along_first_parents(tmp_path: Path) -> None:
    history = ScratchHistory(tmp_path / "suite", [Change(size=2), Change(docs_only=True)])
    history.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    on_the_side = history.commit(Change(size=3), 10)
    history.git("checkout", "--quiet", "main")
    history.git("merge", "--quiet", "--no-ff", "--message", "a merge", "side")
    first, *rest = commits_in(history.folder, f"{history.hashes[0]}..main")
    assert first.hash == history.hashes[0]
    assert [commit.subject for commit in rest] == ["change 1", "change 2", "a merge"]
    assert on_the_side not in [commit.hash for commit in rest]
    assert rest[1].files == ("README.md",) and rest[1].lines == 1
    # A merge is judged by all that it brought in.
    assert rest[2].files == ("work/__init__.py",)
    with pytest.raises(RevisionError, match="is not an ancestor of"):
        commits_in(history.folder, "side..main~1")


@pytest.mark.parametrize(
    ("files", "suspected"),
    [
        (("README.md", "docs/guide.rst", "LICENSE"), False),
        (("tests/test_search.py", ".github/workflows/ci.yml"), False),
        (("benchmarks/bench.py",), False),
        (("other/module.py",), False),
        ((), False),
        (("lib/module.py",), True),
        (("lib/module.py", "README.md"), True),
        (("lib/data.json",), True),
        (("lib/requirements.txt",), True),
    ],
)
def test_what_is_not_installed_is_hardly_suspected(files, suspected) -> None:
    found = weight(Commit("a", "", files, 10), inside="lib", benchmarks="benchmarks")
    assert found > 10 * HARDLY if suspected else found == HARDLY > 0


def test_large_commits_are_suspected_more_but_not_without_bound() -> None:
    sizes = [weight(Commit("a", "", ("lib.py",), lines)) for lines in (1, 30, 1000, 1_000_000)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[1] < sizes[-1] <= 2.0


def test_a_first_guess_gets_half_of_the_suspicion() -> None:
    weights = boosted([1.0, 1.0, 2.0, 0.5], 2)
    assert weights[1] == pytest.approx(sum(weights) / 2)
    assert (weights[0], *weights[2:]) == (1.0, 2.0, 0.5)


@settings(max_examples=60)
@given(
    weights=st.lists(st.floats(0.01, 10), min_size=1, max_size=30),
    shown=st.lists(st.tuples(st.integers(0, 30), st.floats(-1, 1)), max_size=12),
    ends=st.lists(st.floats(-1, 1), min_size=1, max_size=5),
)
def test_probabilities_are_probabilities(weights, shown, ends) -> None:
    last = len(weights)
    observations = [Observation(0, last, effect) for effect in ends]
    observations += [Observation(0, min(place, last), effect) for place, effect in shown]
    belief = posterior(Prior(tuple(weights)), observations)
    assert belief.commits.sum() + belief.none == pytest.approx(1)
    assert (belief.commits >= 0).all() and belief.commits[0] == 0 and belief.none >= 0
    assert belief.scale_weights.sum() == pytest.approx(1)
    assert belief.within(0, last) == pytest.approx(belief.commits.sum())


def test_commits_that_nothing_tells_apart_keep_the_proportion_of_their_weights() -> None:
    observations = [Observation(0, 4, 0.3), Observation(0, 4, 0.31), Observation(0, 2, 0.0), Observation(0, 2, 0.01)]
    belief = posterior(Prior((1.0, 1.0, 1.0, 3.0)), observations)
    assert belief.commits[4] == pytest.approx(3 * belief.commits[3])
    assert belief.commits[3] > 10 * belief.commits[1]


def test_the_log_gives_back_what_it_was_given(tmp_path: Path) -> None:
    log = ProbeLog(tmp_path, KEY)
    kept = [KeptPair(low="a", high="b", pair=Pair(hash_seed=n, base=(1.0,), head=(2.0,), seconds=n)) for n in (1, 2, 3)]
    for one in kept:
        log.add(one)
    log.mark("c" * 40, "does not build")
    log.facts.rhythm = Rhythm(3, 20)
    log.save_facts()
    again = ProbeLog(tmp_path, KEY)
    assert (again.pairs, again.kept, again.skipped) == (kept, 3, [])
    assert again.unmeasurable == {"c" * 40: "does not build"}
    assert again.facts.rhythm == Rhythm(3, 20)
    assert again.seconds_a_pair() == 2
    assert not list(log.folder.glob(".*"))
    assert ProbeLog(tmp_path, KEY, fresh=True).pairs == []


def test_a_file_that_is_not_whole_is_skipped_and_its_number_not_used_again(tmp_path: Path) -> None:
    log = ProbeLog(tmp_path, KEY)
    pair = Pair(hash_seed=1, base=(1.0,), head=(2.0,))
    log.add(KeptPair(low="a", high="b", pair=pair))
    torn = log.folder / "pair-0002.json"
    torn.write_bytes(b'{"low": "a", "hi')
    (log.folder / "pair-foreign.json").write_bytes(b"[]")
    again = ProbeLog(tmp_path, KEY)
    assert len(again.pairs) == 1 and len(again.skipped) == 2 and str(torn) in again.skipped[0]
    again.add(KeptPair(low="a", high="c", pair=pair))
    assert torn.read_bytes() == b'{"low": "a", "hi'
    assert [kept.high for kept in ProbeLog(tmp_path, KEY).pairs] == ["b", "c"]


@pytest.mark.parametrize("field", ["good", "bad", "series", "version", "environment", "machine"])
def test_another_search_has_another_folder(field: str) -> None:
    assert msgspec.structs.replace(KEY, **{field: "other"}).folder != KEY.folder
