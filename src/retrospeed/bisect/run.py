"""A whole search: the range, the suite, and measuring until there is an answer."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from retrospeed import asv_config
from retrospeed.bisect import prior
from retrospeed.bisect.builder import Builder
from retrospeed.bisect.commits import Commit, commits_in
from retrospeed.bisect.probe_log import ProbeLog, SearchKey
from retrospeed.bisect.request import Request, Watcher
from retrospeed.bisect.search import Answer
from retrospeed.bisect.searcher import Searcher
from retrospeed.bisect.series_pairs import Manner, SeriesPairs, UnmeasurableError, the_one
from retrospeed.errors import RetrospeedError
from retrospeed.gate import limits as gate_limits
from retrospeed.gate.discovery import Series
from retrospeed.gate.effects import Scale
from retrospeed.gate.run import machine_facts
from retrospeed.machine import name_here
from retrospeed.pairing import Selection
from retrospeed.thresholds import ThresholdsInUse


@dataclass
class Found:
    """What a search found, and all that is told of it."""

    request: Request
    suite: asv_config.Suite
    commits: list[Commit]
    weights: tuple[float, ...]
    series: Series
    environment: str
    thresholds: ThresholdsInUse
    log: ProbeLog
    answer: Answer
    scale: Scale
    values: dict[str, float]
    """Median value at each commit that was measured, by full hash."""
    suspects: list[tuple[int, int]] = field(default_factory=list)
    """Places (low, high) that were measured again and not confirmed."""
    machine: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """Of this run; what earlier ones measured is not in it."""


def run(request: Request, watcher: Watcher) -> Found:
    """Search. Raises RetrospeedError where there can be no answer; KeyboardInterrupt leaves a log to go on from."""
    started = time.perf_counter()
    suite = asv_config.load(request.config)
    thresholds = gate_limits.load(request.thresholds_file, suite.benchmark_dir)
    # A name that is no expression should not cost two builds first.
    Selection.of(request.bench, None, None)
    builder = Builder(suite.config_file, request.environment)
    suite = asv_config.load(suite.config_file)
    if suite.repository is None:
        raise RetrospeedError(f"The repository of {suite.config_file} is not here; run `asv setup` first.")
    commits = commits_in(suite.repository, request.range)
    watcher.preparing(commits)
    with SeriesPairs(builder, Manner()) as pairs:
        good, bad = commits[0], commits[-1]
        try:
            series = the_one(pairs.find(good.hash, bad.hash), request.bench)
        except UnmeasurableError as error:
            raise RetrospeedError(f"Both ends of the range have to be measured. {error}") from error
        pairs.choose(_only(series))
        version = "/".join(series.versions.values())
        key = SearchKey(good.hash, bad.hash, str(series.key), version, builder.environment, name_here())
        log = ProbeLog(suite.root, key, fresh=request.fresh)
        weights = _weights(commits, suite, builder)
        searcher = Searcher(request, suite, commits, weights, series, thresholds, log, pairs, watcher)
        step = searcher.search()
    assert step.answer is not None
    return Found(
        request,
        suite,
        commits,
        searcher.weights,
        series,
        builder.environment,
        thresholds,
        log,
        step.answer,
        searcher.scale,
        searcher.values(),
        searcher.unconfirmed(step.answer),
        machine_facts(),
        time.perf_counter() - started,
    )


def _only(series: Series) -> Selection:
    """The selection of just this series."""
    return Selection.of(f"^{re.escape(str(series.key))}$", None, None)


def _weights(commits: Sequence[Commit], suite: asv_config.Suite, builder: Builder) -> tuple[float, ...]:
    assert suite.repository is not None
    repository, benchmarks = suite.repository.resolve(), suite.benchmark_dir.resolve()
    own = benchmarks.relative_to(repository).as_posix() if benchmarks.is_relative_to(repository) else ""
    return tuple(prior.weight(commit, inside=builder.inside, benchmarks=own) for commit in commits[1:])
