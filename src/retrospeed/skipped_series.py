"""Says in a line or two what a run skipped: whole tiers, layers and engines, and the rest by name.

asv keeps no reason for a skip. What can be told from the results is whether a tier, a layer or an engine was skipped
as a whole: a tier that was not asked for, a layer or an engine that the commit does not have.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from retrospeed.layer_table import Result
from retrospeed.measurement import Outcome

NAMED = 5
"""So many are named, of more only the number is said."""


def in_words(results: Sequence[Result]) -> str:
    """What was skipped of `results`, all series of a commit; empty if nothing was."""
    skipped = [result for result in results if result.measurement.outcome is Outcome.SKIPPED]
    total = len(skipped)
    if not total:
        return ""
    parts = []
    for kind, name_of in (("tier", _tier), ("layer", _layer), ("engine", _engine)):
        whole = _skipped_as_a_whole(results, name_of)
        counts = Counter(name for result in skipped if (name := name_of(result)) in whole)
        parts += [f"all of {kind} {name} ({count:,})" for name, count in counts.items()]
        results = [result for result in results if name_of(result) not in whole]
        skipped = [result for result in skipped if name_of(result) not in whole]
    if len(skipped) > NAMED:
        parts.append(f"{len(skipped):,} {'others' if parts else 'series'}, named with --all")
    else:
        parts += [str(result.key) for result in skipped]
    return f"Skipped, {total:,} series: {', '.join(parts)}."


def _skipped_as_a_whole(results: Sequence[Result], name_of: Callable[[Result], str]) -> set[str]:
    names = {name_of(result) for result in results} - {""}
    return names - {name_of(result) for result in results if result.measurement.outcome is not Outcome.SKIPPED}


def _tier(result: Result) -> str:
    return result.params.get("tier", "")


def _layer(result: Result) -> str:
    return result.benchmark.layer


def _engine(result: Result) -> str:
    return result.params.get("engine", "")
