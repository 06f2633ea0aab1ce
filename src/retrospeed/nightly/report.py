"""What a night did and found, in Markdown and as JSON."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from retrospeed import whole_file
from retrospeed.comparison import Class
from retrospeed.exit_codes import ExitCode, FailOn, exit_code
from retrospeed.nightly.state import CaseRecord, CommitRecord, Outcome

SCHEMA = 1


@dataclass
class Night:
    """One night."""

    machine: str
    commits: list[CommitRecord] = field(default_factory=list)
    cases: list[CaseRecord] = field(default_factory=list)
    """What tonight's suspects came to, and the cases of earlier nights that stand."""
    known: list[CaseRecord] = field(default_factory=list)
    """Those of them that an earlier night has looked into."""
    ended: list[CaseRecord] = field(default_factory=list)
    """Cases that ended at the newest commit."""
    failing: list[str] = field(default_factory=list)
    """Benchmarks that fail where they did not."""
    gone: list[str] = field(default_factory=list)
    """Benchmarks that can no longer be compared."""
    unsure: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Files that could not be read."""
    missing: list[str] = field(default_factory=list)
    """Everything else that should be there and is not."""
    unjudged: bool = False
    """The stored results, or some of them, could not be judged at all."""
    judged_by: str = ""
    first: bool = False
    """Nothing was measured before, so there is nothing to compare with."""
    interrupted: bool = False

    @property
    def measured(self) -> list[CommitRecord]:
        """The commits with results."""
        return [one for one in self.commits if one.outcome is Outcome.MEASURED]

    def exit_code(self, fail_on: FailOn) -> ExitCode:
        """The exit status."""
        found = {case.classification for case in self.cases if not case.accepted}
        nothing = bool(self.commits) and not self.measured
        return exit_code(
            severe=Class.SEVERE in found or bool(self.failing),
            inconclusive=nothing or self.unjudged or Class.INCONCLUSIVE in found or bool(self.gone),
            warning=Class.WARNING in found,
            fail_on=fail_on,
        )


class NightForm(msgspec.Struct, kw_only=True):
    """What ``--json`` writes."""

    schema: int = SCHEMA
    machine: str
    headline: str
    exit_code: int
    commits: list[CommitRecord]
    cases: list[CaseRecord]
    known: list[CaseRecord]
    ended: list[CaseRecord]
    failing: list[str]
    gone: list[str]
    unsure: list[str]
    skipped: list[str]
    missing: list[str]


def json_schema() -> dict[str, Any]:
    """The schema of what `write_json` writes."""
    return msgspec.json.schema(NightForm)


def headline(night: Night) -> str:
    """The night in one line."""
    number = len(night.measured)
    measured = (
        "no new commit measured" if not night.commits else f"{number} of {len(night.commits)} new commits measured"
    )
    if night.interrupted:
        return f"{night.machine}: interrupted, {measured}; the next run goes on from here"
    if night.first:
        return f"{night.machine}: {measured}, the first here; there is nothing to compare with yet"
    worse = [case for case in night.cases if _is_worse(case)]
    new = [case for case in worse if case not in night.known]
    parts = [f"{len(new)} confirmed to be worse" if new else "nothing new is worse"]
    if len(worse) > len(new):
        parts.append(
            f"{len(worse) - len(new)} of earlier nights still {'stands' if len(worse) - len(new) == 1 else 'stand'}"
        )
    if night.failing:
        parts.append(f"{len(night.failing)} failing")
    if night.gone:
        parts.append(f"{len(night.gone)} no longer comparable")
    return f"{night.machine}: {measured}, {', '.join(parts)}"


def _is_worse(case: CaseRecord) -> bool:
    return case.classification in (Class.SEVERE, Class.WARNING) and not case.accepted


def markdown(night: Night) -> str:
    """The whole report."""
    parts = [f"## Nightly: {headline(night)}"]
    if night.commits:
        lines = "\n".join(f"- `{one.commit[:8]}` {_outcome(one)}" for one in night.commits)
        parts.append(f"**Commits**\n\n{lines}")
    parts += [_case(case, "") for case in night.cases if case not in night.known]
    parts += [_case(case, ", found in an earlier night") for case in night.known]
    parts += [
        f"**over**: less than half is left at `{case.ended_by[:8]}` of this: {case.headline}" for case in night.ended
    ]
    for title, found in (
        ("Failing", night.failing),
        ("No longer comparable", night.gone),
        ("Could not be judged", night.unsure),
        ("Not readable, and skipped", night.skipped),
        ("Missing", night.missing),
    ):
        if found:
            parts.append(f"**{title}**\n\n" + "\n".join(f"- {line}" for line in found))
    if night.judged_by:
        parts.append(f"Judged: {night.judged_by}.")
    return "\n\n".join(parts) + "\n"


def _case(case: CaseRecord, when: str) -> str:
    text = f"**{case.classification}{when}{', accepted' if case.accepted else ''}**: {case.headline}"
    if case.cause:
        text += f"\n\nLikely cause: {case.cause}"
    if case.also:
        text += "\n\nThe same commit:\n\n" + "\n".join(f"- `{name}`: {words}" for name, words in case.also.items())
    if case.issue_url or case.issue_file:
        text += f"\n\nIssue: {case.issue_url or case.issue_file}"
    return text


def write_json(night: Night, fail_on: FailOn, path: Path) -> None:
    """Write the night to `path`. Raises RetrospeedError."""
    form = NightForm(
        machine=night.machine,
        headline=headline(night),
        exit_code=night.exit_code(fail_on),
        commits=night.commits,
        cases=[case for case in night.cases if case not in night.known],
        known=night.known,
        ended=night.ended,
        failing=night.failing,
        gone=night.gone,
        unsure=night.unsure,
        skipped=night.skipped,
        missing=night.missing,
    )
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(form), indent=1) + b"\n")


def _outcome(record: CommitRecord) -> str:
    if record.outcome is Outcome.UNMEASURABLE:
        return f"could not be measured: {record.why}"
    if record.outcome is Outcome.PENDING:
        return f"not wholly measured yet ({len(record.modules)} parts are)"
    failing = f"; failing: {', '.join(record.failing)}" if record.failing else ""
    return f"measured{failing}"
