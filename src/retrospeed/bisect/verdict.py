"""What a search means for the shell, and its machine-readable form."""

from pathlib import Path

import msgspec

from retrospeed import whole_file
from retrospeed.bisect import wording
from retrospeed.bisect.confirmation import Estimate
from retrospeed.bisect.run import Found
from retrospeed.bisect.search import Kind
from retrospeed.comparison import Class
from retrospeed.exit_codes import ExitCode, FailOn, exit_code

SCHEMA = 1


class CommitForm(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A commit of the range, with what was found of it."""

    commit: str
    subject: str
    weight: float | None = None
    """Prior weight; None for GOOD."""
    probability: float | None = None
    value: float | None = None
    """Median in the benchmark's unit, over all processes, None where it was not measured."""
    unmeasurable: str = ""


class EffectForm(msgspec.Struct, kw_only=True):
    """A change; ratios are later / earlier, None where only the difference means something."""

    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    pairs: int


class BisectForm(msgspec.Struct, kw_only=True):
    """What ``--json`` writes."""

    schema: int = SCHEMA
    benchmark: str
    environment: str
    machine: dict[str, str]
    answer: Kind
    classification: Class
    headline: str
    candidates: list[str]
    """Full hashes of the commits in question: the culprit alone, if there is one."""
    parent: str
    """Full hash of the commit that the change was confirmed against, or from which on it must be."""
    probability: float
    probability_none: float
    change: EffectForm
    """Of the culprit, from fresh pairs; of the range's ends, where none was confirmed."""
    ends: EffectForm
    noise: float
    """Scale of one pair's noise, as the effect: in log ratio, or in the benchmark's unit."""
    pairs: int
    reproduce: str
    first_guess: str
    exit_code: int
    commits: list[CommitForm]


def classification(found: Found) -> Class:
    """Severe, warning, improved or unchanged by the near end of the interval; inconclusive if no commit is named."""
    kind, estimate, bounds = found.answer.kind, found.answer.estimate, found.scale.bounds
    if kind is Kind.NONE:
        return Class.UNCHANGED
    if kind is not Kind.CULPRIT:
        return Class.INCONCLUSIVE
    if estimate.effect < 0:
        return Class.IMPROVED
    return Class.SEVERE if estimate.low > bounds.severe else Class.WARNING


def status(found: Found, fail_on: FailOn) -> ExitCode:
    """The exit status: 1 for a severe culprit, 4 if no single commit can be named, 3 for a milder one if asked."""
    kind = classification(found)
    return exit_code(
        severe=kind is Class.SEVERE,
        inconclusive=kind is Class.INCONCLUSIVE,
        warning=kind is Class.WARNING,
        fail_on=fail_on,
    )


def write_json(found: Found, fail_on: FailOn, path: Path) -> None:
    """Write what was found to `path`, whole or not at all. Raises RetrospeedError."""
    answer = found.answer
    by_place = zip(found.commits, (None, *found.weights), answer.belief.commits, strict=True)
    form = BisectForm(
        benchmark=str(found.series.key),
        environment=found.environment,
        machine=found.machine,
        answer=answer.kind,
        classification=classification(found),
        headline=wording.headline(found),
        candidates=[]
        if answer.kind is Kind.NONE
        else [c.hash for c in found.commits[answer.low + 1 : answer.high + 1]],
        parent=found.commits[answer.low].hash,
        probability=answer.probability,
        probability_none=answer.belief.none,
        change=_effect(found, answer.estimate),
        ends=_effect(found, answer.ends),
        noise=answer.belief.noise,
        pairs=len(found.log.pairs),
        reproduce=wording.reproduce(found),
        first_guess=found.log.facts.first_guess,
        exit_code=status(found, fail_on),
        commits=[
            CommitForm(
                commit=commit.hash,
                subject=commit.subject,
                weight=weight,
                probability=None if weight is None else float(probability),
                value=found.values.get(commit.hash),
                unmeasurable=found.log.unmeasurable.get(commit.hash, ""),
            )
            for commit, weight, probability in by_place
        ],
    )
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(form), indent=1) + b"\n")


def _effect(found: Found, estimate: Estimate) -> EffectForm:
    scale = found.scale
    ends = sorted((estimate.low, estimate.high), key=lambda effect: scale.sign * effect)
    ratio, low, high = (scale.ratio(effect) for effect in (estimate.effect, *ends))
    differences = (None,) * 3 if scale.is_ratio else tuple(scale.sign * e for e in (estimate.effect, *ends))
    return EffectForm(
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        difference=differences[0],
        difference_low=differences[1],
        difference_high=differences[2],
        pairs=estimate.pairs,
    )
