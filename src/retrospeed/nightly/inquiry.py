"""Looks into suspects: which commit it was, measured afresh, and which function; and writes the issue."""

import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from retrospeed import whole_file
from retrospeed.asv_config import Suite
from retrospeed.bisect import verdict as bisect_verdict
from retrospeed.bisect import wording
from retrospeed.bisect.request import Request, Watcher
from retrospeed.bisect.run import Found, run
from retrospeed.bisect.search import Kind
from retrospeed.comparison import Class
from retrospeed.errors import RetrospeedError
from retrospeed.explain import issue, page
from retrospeed.explain.explanation import Explanation, explain
from retrospeed.explain.sources import git
from retrospeed.gate import builds, limits
from retrospeed.gate.run import Progress
from retrospeed.nightly.forge import Forge
from retrospeed.nightly.request import Tell
from retrospeed.nightly.state import CaseRecord, State, case_key, save
from retrospeed.nightly.suspicion import Suspect

MOST_CASES = 8
"""Suspects looked into in one night; each takes minutes. The others are listed, and looked into when asked for."""


@dataclass(frozen=True)
class Means:
    """What an inquiry works with."""

    suite: Suite
    repository: Path
    environment: str | None
    thresholds_file: Path | None
    rounds: int
    issue_dir: Path
    forge: Forge | None
    watcher: Watcher
    progress: Progress
    tell: Tell


def inquire(suspects: Sequence[Suspect], state: State, means: Means) -> tuple[list[str], list[str]]:
    """Look into each suspect that was not looked into before; the state is saved after each.

    Returns the keys of the cases that these suspects are, and a line for all that went wrong.
    """
    keys: list[str] = []
    missing: list[str] = []
    looked_into = 0
    for suspect in suspects:
        key = _known(suspect, state, means.repository)
        if key in keys:
            continue
        if key not in state.cases:
            if looked_into >= MOST_CASES:
                command = shlex.join(["retrospeed", "bisect", f"{suspect.good[:8]}..{suspect.bad[:8]}", suspect.name])
                missing.append(f"{suspect.name} was not looked into, {MOST_CASES} others were: {command}")
                continue
            looked_into += 1
            means.tell(f"bisecting {key}")
            try:
                state.cases[key] = _looked_into(suspect, means, missing)
            except RetrospeedError as error:
                missing.append(f"{suspect.name} could not be looked into: {error}")
                continue
            save(state, means.suite.root)
        keys.append(key)
    for key in keys:
        _file(state.cases[key], key, means, missing)
        save(state, means.suite.root)
    return keys, missing


def _known(suspect: Suspect, state: State, repository: Path) -> str:
    """The key of the case of this benchmark, if one of these commits was named before; else a new one."""
    own = case_key(suspect.name, suspect.good, suspect.bad)
    between = git(repository, "rev-list", f"{suspect.good}..{suspect.bad}").split()
    known = (key for key, case in state.cases.items() if case.benchmark == suspect.name and case.culprit in between)
    return own if own in state.cases else next(known, own)


def _looked_into(suspect: Suspect, means: Means, missing: list[str]) -> CaseRecord:
    request = Request(
        f"{suspect.good}..{suspect.bad}",
        f"^{re.escape(suspect.name)}$",
        means.suite.config_file,
        means.environment,
        "worse",
        guess_from_asv=True,
        thresholds_file=means.thresholds_file,
    )
    found = run(request, means.watcher)
    case = CaseRecord(
        benchmark=suspect.name,
        good=suspect.good,
        bad=suspect.bad,
        classification=str(bisect_verdict.classification(found)),
        headline=wording.headline(found),
        also=list(suspect.also),
    )
    if found.answer.kind is Kind.CULPRIT:
        case.culprit = found.commits[found.answer.high].hash
        try:
            _explain(case, found, means)
        except RetrospeedError as error:
            missing.append(f"{suspect.name} could not be explained: {error}")
    if case.classification in (Class.SEVERE, Class.WARNING) and not case.issue_file:
        _write_issue(case, f"# {case.headline}\n\n{_without_explanation(found)}{_also(case)}", means)
    return case


def _explain(case: CaseRecord, found: Found, means: Means) -> None:
    base, head = found.commits[found.answer.low].hash, case.culprit
    means.tell(f"explaining {head[:8]}")
    built = builds.build(means.suite.config_file, base, head, means.environment)
    rules = limits.load(means.thresholds_file, means.suite.benchmark_dir)
    command = shlex.join(["retrospeed", "explain", head[:8], case.benchmark, "--against", base[:8]])
    explanation = explain(built, means.repository, case.benchmark, rules, means.rounds, command, means.progress)
    case.cause = explanation.cause.sentence
    if case.classification in (Class.SEVERE, Class.WARNING):
        _write_issue(case, _issue(explanation, case), means)
        whole_file.write(Path(case.issue_file).with_suffix(".html"), page.html(explanation).encode())


def _issue(explanation: Explanation, case: CaseRecord) -> str:
    return (
        f"# {issue.title(explanation)}\n\n{issue.body(explanation)}\nFound by bisection: {case.headline}\n{_also(case)}"
    )


def _without_explanation(found: Found) -> str:
    lines = "\n".join(f"- {line}" for line in wording.lines(found)[1:])
    return f"{lines}\n\nTo reproduce:\n\n```\n{wording.reproduce(found)}\n```\n"


def _also(case: CaseRecord) -> str:
    """The other benchmarks that the stored results show to be worse from about there on."""
    if not case.also:
        return ""
    return "\nBy the stored results, these may have become worse at the same place:\n\n" + "".join(
        f"- `{name}`\n" for name in case.also
    )


def _write_issue(case: CaseRecord, text: str, means: Means) -> None:
    name = re.sub(r"[^A-Za-z0-9]+", "-", case.benchmark).strip("-")[:80]
    path = means.issue_dir / f"{(case.culprit or case.bad)[:8]}-{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole_file.write(path, text.encode())
    case.issue_file = str(path)


def _file(case: CaseRecord, key: str, means: Means, missing: list[str]) -> None:
    """File the issue of a case where there is a forge to; one that could not be filed is tried again next night."""
    if means.forge is None or case.issue_url or not case.issue_file:
        return
    text = ""
    with suppress(OSError):
        text = Path(case.issue_file).read_text(encoding="utf-8")
    title, _, body = text.removeprefix("# ").partition("\n")
    if not body:
        missing.append(f"{case.issue_file} is gone, so it cannot be filed.")
        return
    try:
        case.issue_url = means.forge.file(title, body.strip(), key)
    except RetrospeedError as error:
        missing.append(f"{case.issue_file} was not filed: {error}")
