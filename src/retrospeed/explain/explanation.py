"""Puts one explanation together: the commits, the measurement, the profiles, the cause and the diff."""

import re
from dataclasses import dataclass
from pathlib import Path

from retrospeed.comparison import Class
from retrospeed.errors import RetrospeedError
from retrospeed.exit_codes import FailOn
from retrospeed.explain import cause, functions, hunks, profiles
from retrospeed.explain.cause import Cause, Measured
from retrospeed.explain.commits import Commit, described
from retrospeed.explain.difference import Difference, subtract
from retrospeed.explain.functions import Edits
from retrospeed.explain.hunks import Hunk
from retrospeed.explain.one_series import one_series
from retrospeed.explain.profiles import What
from retrospeed.explain.sources import Sources
from retrospeed.gate import discovery
from retrospeed.gate.builds import Built
from retrospeed.gate.discovery import Series
from retrospeed.gate.judge_series import Finding
from retrospeed.gate.run import Progress, Request, run
from retrospeed.gate.verdict import verdict
from retrospeed.gate.worker_pair import BOTH, SideError, SideName
from retrospeed.pairing import Selection
from retrospeed.thresholds import ThresholdsInUse

NOTABLE = 0.05
"""Part of the difference from which on the diff of a function is shown."""
CHANGED = frozenset({Class.SEVERE, Class.WARNING, Class.IMPROVED})


@dataclass(frozen=True)
class Explanation:
    """What every printed form is made from."""

    series: str
    base: Commit
    head: Commit
    finding: Finding
    machine: str
    environment: str
    profile: Difference | None
    """None for a number that is neither time nor memory."""
    cause: Cause
    hunks: tuple[Hunk, ...]
    """Of the diff, what touches the functions that the difference went into."""
    command: str
    """What prints this explanation."""

    @property
    def is_confirmed(self) -> bool:
        """Whether the gate found a change."""
        return self.finding.classification in CHANGED


def explain(
    built: Built,
    repository: Path,
    bench: str,
    thresholds: ThresholdsInUse,
    rounds: int,
    command: str,
    progress: Progress,
) -> Explanation:
    """Measure and profile the two commits that were built. Raises RetrospeedError if there is nothing to compare."""
    found = discovery.discover(built.sides, Selection(), built.default_timeout)
    series = one_series(found, bench)
    for side in BOTH:
        if side not in series.names:
            _, why = found.why_absent(series, side)
            raise RetrospeedError(f"{series.key} is not there at {_which(side, built)}: {why}.")
    base, head = (Sources(repository, built.commits[side], built.sides[side].benchmark_dir) for side in BOTH)
    finding, machine = _measured(built, thresholds, series, progress)
    edits = functions.edits(repository, base, head)
    profile: Difference | None = None
    what = profiled_as(series)
    if what is None:
        likely = cause.of_a_number(series.benchmark.unit)
    else:
        try:
            changed = finding.classification in CHANGED
            raw = profiles.take(built.sides, series, what, rounds, progress.measuring, patient=changed)
        except SideError as error:
            failed = "; ".join(f"at {_which(side, built)}: {why}" for side, why in error.failures.items())
            raise RetrospeedError(f"{series.key} cannot be profiled: {failed}.") from error
        profile = subtract(raw, base, head, edits)
        likely = cause.find(profile, edits, _in_the_unit_of_the_profile(finding, series))
    return Explanation(
        series=str(series.key),
        base=described(repository, built.commits[SideName.BASE]),
        head=described(repository, built.commits[SideName.HEAD]),
        finding=finding,
        machine=machine,
        environment=built.environment,
        profile=profile,
        cause=likely,
        hunks=tuple(_hunks(built, repository, profile, likely, edits)),
        command=command,
    )


def profiled_as(series: Series) -> What | None:
    """What to profile of a benchmark, by its type and unit."""
    match series.benchmark.type:
        case "time":
            return What.TIME
        case "memory" | "peakmemory":
            return What.MEMORY
    return What.TIME if series.benchmark.unit in ("seconds", "s") or series.benchmark.unit.endswith("/s") else None


def _measured(built: Built, thresholds: ThresholdsInUse, series: Series, progress: Progress) -> tuple[Finding, str]:
    commits = built.commits
    request = Request(
        commits[SideName.BASE],
        commits[SideName.HEAD],
        built,
        thresholds,
        Selection.of(f"^{re.escape(str(series.key))}$", None, None),
        self_test=False,
    )
    record = run(request, progress)
    if record.interrupted:
        raise KeyboardInterrupt
    (finding,) = verdict(record, FailOn.SEVERE).findings
    if finding.decision is None and finding.ratio is None and finding.difference is None:
        raise RetrospeedError(f"{series.key} cannot be compared: {finding.why}.")
    return finding, record.machine["name"]


def _which(side: SideName, built: Built) -> str:
    return f"{'the parent' if side is SideName.BASE else 'the commit'} ({built.commits[side][:8]})"


def _in_the_unit_of_the_profile(finding: Finding, series: Series) -> Measured:
    changed = finding.classification in CHANGED
    got_worse = finding.classification is not Class.IMPROVED if changed else None
    if not changed or series.benchmark.type == "track" or finding.base is None or finding.head is None:
        return Measured(None, got_worse)
    # The ratio of pairs is surer than the medians of both sides.
    difference = finding.base * (finding.ratio[0] - 1) if finding.ratio else finding.head - finding.base
    return Measured(difference, got_worse)


def _hunks(built: Built, repository: Path, profile: Difference | None, likely: Cause, edits: Edits) -> list[Hunk]:
    found = hunks.hunks(repository, built.commits[SideName.BASE], built.commits[SideName.HEAD])
    if profile is None:
        return found
    limit = NOTABLE * abs(profile.total.mean)
    rows = [*likely.functions]
    rows += [
        row
        for row in profile.rows
        if row not in rows and max(abs(row.owned.mean), abs(row.total_difference.mean)) >= limit
    ]
    touched = [(edits.base.get(row.id), edits.head.get(row.id)) for row in rows]
    return hunks.touching(found, touched)
