"""What a night did and found, in Markdown and as JSON."""

from dataclasses import dataclass, field
from pathlib import Path

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
    """What the inquiries into tonight's suspects found, in this night or, into the same suspect, an earlier one."""
    failing: list[str] = field(default_factory=list)
    """Benchmarks that began to fail."""
    unsure: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Everything that should be there and is not."""
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
        found = {case.classification for case in self.cases}
        nothing = bool(self.commits) and not self.measured
        return exit_code(
            severe=Class.SEVERE in found or bool(self.failing),
            inconclusive=nothing or (Class.INCONCLUSIVE in found and not self.first),
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
    failing: list[str]
    unsure: list[str]
    missing: list[str]


def headline(night: Night) -> str:
    """The night in one line."""
    number = len(night.measured)
    new = "no new commit" if not night.commits else f"{number} of {len(night.commits)} new commits measured"
    if night.interrupted:
        return f"{night.machine}: interrupted, {new}; the next run goes on from here"
    if night.first:
        return f"{night.machine}: {new}, the first here; there is nothing to compare with yet"
    worse = [case for case in night.cases if case.classification in (Class.SEVERE, Class.WARNING)]
    what = f"{len(worse)} confirmed to be worse" if worse else "nothing confirmed to be worse"
    failing = f", {len(night.failing)} began to fail" if night.failing else ""
    return f"{night.machine}: {new}, {what}{failing}"


def markdown(night: Night) -> str:
    """The whole report."""
    parts = [f"## Nightly: {headline(night)}"]
    if night.commits:
        lines = "\n".join(f"- `{one.commit[:8]}` {_outcome(one)}" for one in night.commits)
        parts.append(f"**Commits**\n\n{lines}")
    for case in night.cases:
        text = f"**{case.classification}**: {case.headline}"
        if case.cause:
            text += f"\n\nLikely cause: {case.cause}"
        if case.also:
            text += f"\n\nPerhaps also: {', '.join(case.also)}"
        if case.issue_url or case.issue_file:
            text += f"\n\nIssue: {case.issue_url or case.issue_file}"
        parts.append(text)
    for title, found in (
        ("Began to fail", night.failing),
        ("Could not be judged", night.unsure),
        ("Missing", night.missing),
    ):
        if found:
            parts.append(f"**{title}**\n\n" + "\n".join(f"- {line}" for line in found))
    if night.judged_by:
        parts.append(f"Judged: {night.judged_by}.")
    return "\n\n".join(parts) + "\n"


def write_json(night: Night, fail_on: FailOn, path: Path) -> None:
    """Write the night to `path`. Raises RetrospeedError."""
    form = NightForm(
        machine=night.machine,
        headline=headline(night),
        exit_code=night.exit_code(fail_on),
        commits=night.commits,
        cases=night.cases,
        failing=night.failing,
        unsure=night.unsure,
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
