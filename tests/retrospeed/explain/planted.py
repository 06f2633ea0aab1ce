"""A repository whose second commit makes a known function slower, and its explanation without the gate's pairs."""

from pathlib import Path

from retrospeed.explain import cause, functions, profiles
from retrospeed.explain.cause import Cause, Measured
from retrospeed.explain.difference import Difference, Row, subtract
from retrospeed.explain.explanation import profiled_as
from retrospeed.explain.functions import Edits
from retrospeed.explain.one_series import one_series
from retrospeed.explain.sources import Sources
from retrospeed.gate import builds, discovery
from retrospeed.gate.worker_pair import SideName
from retrospeed.pairing import Selection
from tests.retrospeed.gate.scratch_suite import ScratchSuite

PARENT = """
def words(text):
    return text.lower().split()


def rank(scores):
    return sorted(scores, reverse=True)


def search(docs, query):
    terms = set(words(query))
    scores = []
    for number, doc in enumerate(docs):
        found = [word for word in words(doc) if word in terms]
        scores.append((len(found), number))
    return rank(scores)[:10]
"""
BENCHMARKS = """
import work

DOCS = [f"the quick brown fox {n} jumps over {n % 7} lazy dogs" for n in range(60)]


def time_search():
    work.search(DOCS, "fox 3 dogs")


def timeraw_search():
    return "work.search(['fox'] * 20000, 'fox')", "import work"


def peakmem_search():
    work.search(DOCS * 6, "fox 3 dogs")


def track_search():
    import time
    started = time.perf_counter()
    for _ in range(300):
        work.search(DOCS, "fox 3 dogs")
    return time.perf_counter() - started


track_search.unit = "seconds"


def track_loss():
    return 0.5


class WithParameters:
    params = ["small", "large"]

    def time_search(self, size):
        work.search(DOCS, size)
"""


class Planted(ScratchSuite):
    """Commits are made with `plant`; the last one is the culprit."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {"search": BENCHMARKS})
        self.base = self.commit(PARENT)
        self.edits: Edits | None = None

    def plant(self, source: str, **files: str) -> None:
        """Commit this source of the package, and of modules in it by name."""
        for name, text in files.items():
            (self.folder / "work" / f"{name}.py").write_text(text, encoding="utf-8")
        self.head = self.commit(source)

    def replaced(self, *pairs: tuple[str, str]) -> None:
        """Plant the parent's source with replacements, each of which has to be possible."""
        source = PARENT
        for old, new in pairs:
            assert old in source
            source = source.replace(old, new)
        self.plant(source)

    def profile(self, bench: str = "search.time_search", rounds: int = 3) -> Difference:
        """The difference of the profiles of the two commits."""
        built = builds.build(self.folder / "asv.conf.json", self.base, self.head)
        found = discovery.discover(built.sides, Selection(), built.default_timeout)
        series = one_series(found, bench)
        what = profiled_as(series)
        assert what is not None
        raw = profiles.take(built.sides, series, what, rounds, lambda *_: None, patient=True)
        base, head = (
            Sources(self.folder, built.commits[side], built.sides[side].benchmark_dir)
            for side in (SideName.BASE, SideName.HEAD)
        )
        self.edits = functions.edits(self.folder, base, head)
        return subtract(raw, base, head, self.edits)

    def cause(self, profile: Difference, *, got_worse: bool | None = True, measured: float | None = None) -> Cause:
        """The cause that the profile shows, if the gate measured this."""
        assert self.edits is not None
        return cause.find(profile, self.edits, Measured(measured, got_worse))


def row(profile: Difference, name: str) -> Row:
    """The one row of a function."""
    (found,) = [row for row in profile.rows if str(row.id) == name]
    return found
