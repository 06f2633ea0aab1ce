"""Has asv measure commits, one at a time and module by module, so that little is lost when a night is broken off."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from asv.machine import MachineCollection
from asv.util import UserError

from retrospeed.asv_config import Suite
from retrospeed.errors import ResultsError, RetrospeedError
from retrospeed.marked_process import run_marked
from retrospeed.measurement import Outcome as Measured
from retrospeed.nightly.only_one import mark
from retrospeed.nightly.request import Tell
from retrospeed.nightly.state import CommitRecord, Outcome, State, save
from retrospeed.nightly.suspicion import has_values
from retrospeed.result_store import ResultStore
from retrospeed.watch import ratio_file

NOTHING_SELECTED = 1
"""asv's exit status for a module without benchmarks, and if it crashes; 2 is for one with a benchmark that fails."""
_BENCHMARK = re.compile(r"\bdef (?:time|timeraw|mem|peakmem|track)_")


def asv(suite: Suite, arguments: Sequence[str], log: Path | None = None) -> tuple[int, str]:
    """Run asv, its files written whole; exit status and output, which also goes to the end of `log`."""
    command = [sys.executable, "-m", "retrospeed.nightly.whole_asv", *arguments]
    modules = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    status, output = run_marked(command, suite.root, mark(suite.root), modules)
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(output)
    return status, output


def register(suite: Suite, machine: str) -> None:
    """Tell asv of this machine if it does not know it: it would ask. Raises RetrospeedError."""
    try:
        MachineCollection.load(machine)
    except (UserError, KeyError):
        status, output = asv(suite, ["machine", "--config", suite.config_file.name, "--yes", "--machine", machine])
        if status:
            raise RetrospeedError(f"asv machine failed: {last_line(output)}") from None


def remove_partial_files(suite: Suite, machine: str) -> None:
    """Remove what was being written when an earlier night was killed; nothing reads it."""
    for folder in (suite.results_dir, suite.results_dir / machine, suite.results_dir / machine / ratio_file.FOLDER):
        for pattern in ("*.partial", ".*.partial"):
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)


def chunks(suite: Suite) -> list[str]:
    """Expressions that select the benchmarks of one module each, and at last what none of them did."""
    found = []
    for path in sorted(suite.benchmark_dir.rglob("*.py")):
        parts = path.relative_to(suite.benchmark_dir).with_suffix("").parts
        if parts[-1] != "__init__" and _BENCHMARK.search(path.read_text(encoding="utf-8", errors="replace")):
            found.append("^" + re.escape(".".join(parts) + "."))
    return [*found, "."]


def measure(
    state: State, suite: Suite, machine: str, bench: Sequence[str], environment: str | None, tell: Tell
) -> None:
    """Measure every commit of `state` that is pending; after each module the state is saved.

    Whatever a commit does is in its record, and nothing is raised for it. KeyboardInterrupt loses no more than the
    module being measured.
    """
    for record in state.commits:
        if record.outcome is Outcome.PENDING:
            tell(f"measuring {record.commit[:8]}")
            _one(record, state, suite, machine, bench, environment, tell)


def _one(
    record: CommitRecord,
    state: State,
    suite: Suite,
    machine: str,
    bench: Sequence[str],
    environment: str | None,
    tell: Tell,
) -> None:
    log = suite.root / ".asv" / "retrospeed" / "nightly" / "logs" / f"{record.commit[:8]}.log"
    command = ["run", "--config", suite.config_file.name, "--machine", machine, "--record-samples", "--skip-existing"]
    command += ["--show-stderr", *(["-E", environment] if environment else []), f"{record.commit}^!"]
    _set_broken_aside(suite, machine, record.commit, tell)
    wanted = list(bench) or [one for one in chunks(suite) if one not in record.modules]
    store = ResultStore(suite.results_dir)
    for one in wanted:
        status, output = asv(suite, [*command, "--bench", one], log)
        selected_none = status == NOTHING_SELECTED and "No benchmarks selected" in output
        failed = status != 0 and not selected_none
        record.why = _reason(output) if failed else record.why
        record.modules.append(one)
        save(state, suite.root)
        if failed and not has_values(store, machine, record.commit):
            # It does not build: no module will fare better, and asv tries a build each time.
            break
    _conclude(record, suite, machine)
    save(state, suite.root)


def _conclude(record: CommitRecord, suite: Suite, machine: str) -> None:
    store = ResultStore(suite.results_dir)
    try:
        results = store.load(machine, record.commit)
    except RetrospeedError as error:
        record.outcome = Outcome.UNMEASURABLE
        record.why = record.why or str(error)
        return
    series = {key: value for one in results for key, value in one.series.items()}
    record.failing = sorted(str(key) for key, value in series.items() if value.outcome is Measured.FAILED)
    measured = any(value.outcome is not Measured.FAILED for value in series.values())
    record.outcome = Outcome.MEASURED if measured else Outcome.UNMEASURABLE
    if measured:
        record.why = ""


def _set_broken_aside(suite: Suite, machine: str, commit: str, tell: Tell) -> None:
    """Rename a result of this commit that cannot be read: asv would stop at it."""
    for path in (suite.results_dir / machine).glob(f"{commit[:8]}-*.json"):
        try:
            ResultStore(suite.results_dir).load(machine, commit)
        except ResultsError as error:
            tell(f"{error} It is set aside as {path.name}.broken, and the commit is measured anew.")
            path.replace(path.with_name(f"{path.name}.broken"))


def _reason(output: str) -> str:
    """What went wrong, in asv's own words: the last line that names an error."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?:\w+\.)*\w*(?:Error|Exception|Interrupt)\b", line)]
    return (errors or lines or ["asv said nothing"])[-1][:300]


def last_line(output: str) -> str:
    """The last line that says anything."""
    return ([line for line in output.splitlines() if line.strip()] or ["it said nothing."])[-1].strip()
