"""The verdict on a run, from its record alone: what each series is found to be, and the exit status."""

from collections import Counter
from dataclasses import dataclass

from retrospeed.comparison import INCONCLUSIVE_CLASSES, JUDGED_CLASSES, SEVERE_CLASSES, Class
from retrospeed.exit_codes import ExitCode, FailOn, exit_code
from retrospeed.gate import instructions, limits, selftest
from retrospeed.gate.instructions import InstructionFinding
from retrospeed.gate.judge_series import Finding, judge_series
from retrospeed.gate.record import GateRecord

_ORDER = {name: rank for rank, name in enumerate(Class)}


@dataclass(frozen=True)
class GateVerdict:
    """What every printed form is made from."""

    record: GateRecord
    findings: tuple[Finding, ...]
    """Worst first."""
    distrust: str | None
    """Why the self-test says that this run cannot be trusted."""
    fail_on: FailOn
    counted: tuple[InstructionFinding, ...] = ()
    """What the instruction channel found."""

    @property
    def counts(self) -> dict[Class, int]:
        """How many series are in each class; classes without any are left out."""
        counted = Counter(finding.classification for finding in self.findings)
        return {name: counted[name] for name in Class if counted[name]}

    @property
    def judged(self) -> tuple[Finding, ...]:
        """The series that were judged: those with a number on both sides, and those that began to fail."""
        return tuple(f for f in self.findings if f.classification in JUDGED_CLASSES)

    @property
    def not_compared(self) -> tuple[Finding, ...]:
        """The series that could not be judged, for whatever reason."""
        return tuple(f for f in self.findings if f.classification not in JUDGED_CLASSES)

    @property
    def exit_code(self) -> ExitCode:
        """The exit status of the gate."""
        found = set(self.counts) | {finding.classification for finding in self.counted}
        if self.distrust is not None and self.fail_on is not FailOn.NEVER:
            return ExitCode.INCONCLUSIVE
        return exit_code(
            severe=bool(found & SEVERE_CLASSES),
            inconclusive=bool(found & INCONCLUSIVE_CLASSES) or not self.judged or self.record.interrupted,
            warning=Class.WARNING in found,
            fail_on=self.fail_on,
        )


def verdict(record: GateRecord, fail_on: FailOn) -> GateVerdict:
    """Judge a run."""
    rules, plan = record.thresholds.rules, record.plan
    findings = [judge_series(series, rules.limits(series.benchmark, str(series.key)), plan) for series in record.series]
    findings.sort(key=lambda finding: (_ORDER[finding.classification], -_worseness(finding), finding.key))
    distrust = selftest.failure(record.equal_test, record.slower_test, limits.for_reference(), plan)
    counted = [instructions.judge(one) for one in record.instructions if not one.excluded]
    counted.sort(key=lambda finding: _ORDER[finding.classification])
    return GateVerdict(record, tuple(findings), distrust, fail_on, tuple(counted))


def _worseness(finding: Finding) -> float:
    return finding.decision.estimate if finding.decision is not None and finding.decision.pairs else 0.0
