"""What a search found, in sentences; every figure in them comes from the answer."""

import shlex

from retrospeed.bisect.commits import Commit
from retrospeed.bisect.confirmation import Estimate
from retrospeed.bisect.run import Found
from retrospeed.bisect.search import Kind
from retrospeed.gate.effects import Scale
from retrospeed.units import change_in_words, percent, value_in_words

_LISTED = 12


def lines(found: Found) -> list[str]:
    """The whole report, headline first."""
    return [headline(found), *_detail(found), *_caveats(found), *_cost(found)]


def headline(found: Found) -> str:
    """The answer in one sentence."""
    answer, name = found.answer, str(found.series.key)
    if answer.kind is Kind.NONE:
        return none_in_words(found)
    if answer.kind is Kind.BETWEEN:
        return (
            f"{name} changed by {change(found, answer.ends)} between {_first(found)} and {_last(found)}, but its "
            f"commit was not found: {len(found.log.pairs)} measurements leave {_listing(found)}."
        )
    if answer.kind is Kind.GROUP:
        return (
            f"{name} became {words(found, answer.estimate)} between {found.commits[answer.low]} and "
            f"{found.commits[answer.high]}, by one of {_listing(found)}; what lies between cannot be measured."
        )
    culprit = found.commits[answer.high]
    return f"{culprit} made {name} {words(found, answer.estimate)}: {culprit.subject}"


def none_in_words(found: Found) -> str:
    """Why no commit is named."""
    answer, ends, name = found.answer, found.answer.ends, str(found.series.key)
    across = f"{found.commits[0]} and {found.commits[-1]}"
    if ends.exact and ends.effect == 0:
        return f"No commit in this range changed {name}: it is the same at {across}."
    signs = {"worse": 1, "better": -1}
    asked = signs.get(found.request.direction)
    if asked is not None and (ends.low * asked < 0) and (ends.high * asked < 0):
        return (
            f"No commit in this range made {name} {found.request.direction}: "
            f"between {across} it became {words(found, ends)}."
        )
    bound = _size(found.scale, max(abs(ends.low), abs(ends.high)), found)
    # A change may be certain and still smaller than what was asked for.
    sure = f" (none, with probability {answer.probability:.0%})" if answer.probability > 0.5 else ""
    return (
        f"No commit in this range changed {name} by more than {bound}{sure}: {across} differ by {change(found, ends)}."
    )


def change(found: Found, estimate: Estimate) -> str:
    """An estimate with its interval: ``+12.1 % (11.2 to 13.0 %)``."""
    scale, unit = found.scale, found.series.benchmark.unit
    ends = sorted((estimate.low, estimate.high), key=lambda effect: scale.sign * effect)
    shown = [_signed(scale, effect, unit) for effect in (estimate.effect, *ends)]
    if estimate.exact:
        return f"{shown[0]} (exactly, every time)"
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def words(found: Found, estimate: Estimate) -> str:
    """The same with its direction: ``12 % slower (+11.2 % to +13.0 %)``."""
    scale, benchmark = found.scale, found.series.benchmark
    ratio = scale.ratio(estimate.effect)
    difference = scale.sign * estimate.effect
    said = change_in_words(ratio or 0.0, difference, benchmark, absolute=ratio is None)
    return f"{said}, {change(found, estimate)}"


def reproduce(found: Found) -> str:
    """The command that measures the change again."""
    answer = found.answer
    low, high = (found.commits[place].hash[:12] for place in (answer.low, answer.high))
    bench = shlex.quote(f"^{_escaped(str(found.series.key))}$")
    options = f" --env {shlex.quote(found.request.environment)}" if found.request.environment else ""
    return f"retrospeed gate {low} {high} --bench {bench}{options}"


def _detail(found: Found) -> list[str]:
    answer = found.answer
    if answer.kind is Kind.NONE:
        return []
    told = [f"Probability {answer.probability:.1%} of these commits, {answer.belief.none:.1%} of none at all."]
    unit = found.series.benchmark.unit
    pair = [(found.commits[place], found.values.get(found.commits[place].hash)) for place in (answer.low, answer.high)]
    if answer.kind in (Kind.CULPRIT, Kind.GROUP):
        (parent, before), (culprit, after) = pair
        told.append(
            f"Confirmed by {answer.estimate.pairs} fresh pairs of {parent} ({value_in_words(before, unit)}) and "
            f"{culprit} ({value_in_words(after, unit)})."
        )
        told += _rest(found)
        told.append(f"Measure it again: {reproduce(found)}")
    else:
        told.append(
            f"Search more narrowly: retrospeed bisect {found.commits[answer.low]}..{found.commits[answer.high]} "
            f"{shlex.quote(str(found.series.key))} --most {2 * found.request.most_pairs}"
        )
    return told


def _rest(found: Found) -> list[str]:
    """What the culprit does not explain of the difference between both ends."""
    answer, ends = found.answer, found.answer.ends
    own = answer.estimate
    apart = ends.low > own.high or ends.high < own.low
    if not apart or abs(ends.effect - own.effect) <= found.scale.bounds.screen:
        return []
    ranges = [(0, answer.low), (answer.high, len(found.commits) - 1)]
    rest = " or ".join(f"{found.commits[low]}..{found.commits[high]}" for low, high in ranges if low < high)
    if not rest:
        return []
    return [
        f"It is not alone: the whole range changed by {change(found, ends)}. Look for another one in {rest}.",
    ]


def _caveats(found: Found) -> list[str]:
    told = []
    if found.answer.kind is Kind.NONE:
        told.append("A change that was undone within the range does not show at its ends.")
    for low, high in found.suspects:
        told.append(
            f"{found.commits[high]} was suspected; fresh pairs against {found.commits[low]} did not bear it out."
        )
    for commit in found.commits:
        if commit.hash in found.log.unmeasurable:
            told.append(f"{commit} could not be measured: {found.log.unmeasurable[commit.hash]}")
    return told + found.log.skipped


def _cost(found: Found) -> list[str]:
    log = found.log
    measured = {commit for kept in log.pairs for commit in (kept.low, kept.high)}
    earlier = f", {log.kept} of them by earlier runs" if log.kept else ""
    return [
        f"{len(log.pairs)} measurements{earlier}, of {len(measured)} of {len(found.commits)} commits; noise of a pair "
        f"{_size(found.scale, found.answer.belief.noise, found)}; in {found.environment} on {found.machine['name']}; "
        f"{found.seconds:.0f} s.",
        f"Kept in {log.folder}.",
    ]


def _listing(found: Found) -> str:
    inside = found.commits[found.answer.low + 1 : found.answer.high + 1]
    named = ", ".join(_named(commit) for commit in inside[:_LISTED])
    return named + (f" and {len(inside) - _LISTED} more" if len(inside) > _LISTED else "")


def _named(commit: Commit) -> str:
    return f"{commit} ({commit.subject})"


def _first(found: Found) -> str:
    return str(found.commits[found.answer.low])


def _last(found: Found) -> str:
    return str(found.commits[found.answer.high])


def _signed(scale: Scale, effect: float, unit: str) -> str:
    ratio = scale.ratio(effect)
    if ratio is None:
        return f"{'+' if scale.sign * effect > 0 else ''}{value_in_words(scale.sign * effect, unit)}"
    if ratio > 10:
        return f"{ratio:.3g} times"
    return f"{(ratio - 1) * 100:+.2g} %" if abs(ratio - 1) < 0.01 else f"{(ratio - 1) * 100:+.1f} %"


def _size(scale: Scale, effect: float, found: Found) -> str:
    if not scale.is_ratio:
        return value_in_words(abs(effect), found.series.benchmark.unit)
    ratio = scale.ratio(scale.sign * abs(effect)) or 1.0
    return percent(abs(ratio - 1))


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in r"\.^$*+?{}[]|()" else character for character in text)
