"""What nights have done on one machine, in a file written after every step: what is in it is not done again."""

from enum import StrEnum
from pathlib import Path

import msgspec

from retrospeed import whole_file
from retrospeed.errors import ResultsError

SCHEMA = 1


class Outcome(StrEnum):
    """What became of a commit."""

    PENDING = "pending"
    """It is not, or not wholly, measured yet."""
    MEASURED = "measured"
    UNMEASURABLE = "unmeasurable"
    """It does not build, or no benchmark of it works."""


class CommitRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One commit of a night."""

    commit: str
    """Full hash."""
    outcome: Outcome = Outcome.PENDING
    modules: list[str] = []
    """Expressions for the benchmarks that were measured so far."""
    failing: list[str] = []
    """Benchmarks that failed, with their parameters."""
    why: str = ""
    """Why it is unmeasurable, as asv said it."""


class CaseRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A suspect, and what the inquiry into it found."""

    benchmark: str
    """The worst benchmark, with its parameters."""
    good: str
    bad: str
    classification: str
    headline: str
    culprit: str = ""
    """Full hash; empty if no commit is named."""
    cause: str = ""
    also: dict[str, str] = {}
    """Other benchmarks that the culprit made worse, and what was measured of each."""
    cleared: list[str] = []
    """Benchmarks that looked worse too, of which nothing was left, or known, when they were measured again."""
    issue_file: str = ""
    issue_url: str = ""
    ended_by: str = ""
    """Full hash of the commit at which less than half of the step was left."""
    accepted: bool = False
    """Somebody closed its issue, or said --accept."""


class State(msgspec.Struct, kw_only=True):
    """Everything."""

    schema: int = SCHEMA
    machine: str
    reference: str = ""
    """The pinned commit that ratios are taken to."""
    judged: str = ""
    """The newest commit that an ended night has judged."""
    commits: list[CommitRecord] = []
    """Of this night, oldest first; those of a night that was broken off are still here in the next one."""
    cases: dict[str, CaseRecord] = {}
    """By `case_key`; also those of earlier nights, which are not looked into again."""


def case_key(benchmark: str, good: str, bad: str) -> str:
    """The name of a case."""
    return f"{benchmark} {good[:8]}..{bad[:8]}"


def path_of(root: Path, machine: str) -> Path:
    """Where the state of a machine is kept."""
    return root / ".asv" / "retrospeed" / "nightly" / f"{machine}.json"


def load(root: Path, machine: str) -> State:
    """The state, an empty one before the first night. Raises ResultsError if the file is not one of ours."""
    path = path_of(root, machine)
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State(machine=machine)
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ResultsError(f"{path} is not the state of a night ({error}); delete it to begin anew.") from error
    if state.schema != SCHEMA:
        raise ResultsError(f"{path} has schema {state.schema}, this program reads schema {SCHEMA}; delete it.")
    return state


def save(state: State, root: Path) -> None:
    """Put it in the place of the one before. Raises RetrospeedError."""
    path = path_of(root, state.machine)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")
