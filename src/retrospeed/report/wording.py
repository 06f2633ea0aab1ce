"""Sentences that more than one form of a judgement uses."""

import re
import shlex

from retrospeed.comparison import Class, Comparison, Verdict
from retrospeed.exit_codes import ExitCode
from retrospeed.judgement import Judgement
from retrospeed.thresholds import Limits
from retrospeed.units import limit_in_words, percent, value_in_words

_OUTCOMES = {
    ExitCode.OK: "pass",
    ExitCode.SEVERE: "severe regression",
    ExitCode.WARNING: "warning",
    ExitCode.INCONCLUSIVE: "inconclusive",
}

FEW_NAMES = 6
"""Benchmarks that a command names one by one; of more, it names the modules."""


def headline(judgement: Judgement) -> str:
    """The judgement in one line."""
    outcome = _OUTCOMES[judgement.exit_code]
    return f"{outcome}: {judgement.head} against {judgement.base} on {judgement.machine}"


def counts(verdict: Verdict) -> str:
    """How many series are in each class: ``1 severe, 3 improved, 40 unchanged``."""
    return ", ".join(f"{number} {name}" for name, number in verdict.counts.items()) or "nothing was compared"


def title(comparison: Comparison, verdict: Verdict) -> str:
    """The name of a series, with its environment if there are several."""
    several = len({c.environment for c in verdict.comparisons}) > 1
    return f"{comparison.key} [{comparison.environment}]" if several else str(comparison.key)


def values(comparison: Comparison) -> tuple[str, str]:
    """The two measurements in words; what has no value is told by its outcome."""
    unit = comparison.benchmark.unit
    base, head = (
        str(side.outcome) if side.value is None else value_in_words(side.value, unit)
        for side in (comparison.base, comparison.head)
    )
    return base, head


def not_compared(judgement: Judgement) -> list[str]:
    """A line for each thing that was measured somewhere but could not be compared."""
    verdict = judgement.verdict
    lines = [f"{c.classification}: {title(c, verdict)}, {c.why}" for c in verdict.not_compared]
    return lines + [f"environment {name}" for name in verdict.unpaired_environments]


def to_confirm(judgement: Judgement) -> tuple[str, str] | None:
    """Why slower times are to be confirmed, and the command that does it; None if no time became worse."""
    worse = (Class.SEVERE, Class.WARNING)
    slower = [c for c in judgement.verdict.judged if c.classification in worse and c.benchmark.unit == "seconds"]
    if not slower:
        return None
    names = sorted({comparison.benchmark.name for comparison in slower})
    if len(names) > FEW_NAMES:
        modules = sorted({name.rpartition(".")[0].partition(".")[0] for name in names})
        pattern = f"^({'|'.join(map(re.escape, modules))})\\."
    else:
        pattern = f"^({'|'.join(map(re.escape, names))})(\\(|$)"
    command = shlex.join(
        ["retrospeed", "gate", judgement.base.commit[:8], judgement.head.commit[:8], "--bench", pattern]
    )
    why = "These times were recorded one commit after the other, and the machine may have changed in between"
    return f"{why}. To measure both in alternation:", command


def thresholds(judgement: Judgement) -> list[str]:
    """A line for each set of limits that was applied, and to how many series."""
    groups: dict[tuple[str, Limits], int] = {}
    for comparison in judgement.verdict.judged:
        if comparison.limits is not None and comparison.effect is not None:
            key = (_scope(comparison), comparison.limits)
            groups[key] = groups.get(key, 0) + 1
    lines = []
    for (scope, limits), number in sorted(groups.items(), key=lambda item: item[0][0]):
        unit = scope.rpartition("in ")[2]
        warning = _level(limits.warning_relative, limits.warning_absolute, unit)
        severe = _level(limits.severe_relative, limits.severe_absolute, unit)
        lines.append(f"{scope} ({number} series): warning {warning}, severe {severe}")
    return lines


def _scope(comparison: Comparison) -> str:
    benchmark = comparison.benchmark
    return " ".join(part for part in (benchmark.layer, benchmark.metric, f"in {benchmark.unit}") if part)


def _level(relative: float, absolute: float, unit: str) -> str:
    parts = [f"over {percent(relative)}"] if relative else []
    parts += [f"over {limit_in_words(absolute, unit)}"] if absolute else []
    return " and ".join(parts) or "any change"
