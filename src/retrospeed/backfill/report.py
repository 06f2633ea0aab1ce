"""The table at the end of a backfill, what follows from it, and the same as JSON."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrospeed import whole_file
from retrospeed.backfill.commits import Commit
from retrospeed.backfill.record import Record, Row, State

SCHEMA = 1
_STYLES = {
    State.MEASURED: "green",
    State.ALREADY: "",
    State.WOULD: "",
    State.WAITING: "magenta",
    State.UNBUILDABLE: "yellow",
    State.EMPTY: "yellow",
}


def show(record: Record, commits: Sequence[Commit], out: Console) -> None:
    """Print the rows, oldest commit first, then notes, then one line that sums up."""
    rows = record.sorted(commits)
    table = Table(box=None, pad_edge=False)
    table.add_column("commit", no_wrap=True)
    table.add_column("machine", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("series", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("why", overflow="fold")
    for row in rows:
        table.add_row(
            str(row.commit),
            Text(row.machine),
            f"{row.seconds:.0f}" if row.seconds else "",
            str(row.series or ""),
            Text(row.state, style=_STYLES.get(row.state, "bold red")),
            Text(_why(row)),
        )
    out.print(table)
    for note in record.notes:
        out.print(Text(note), soft_wrap=True)
    out.print(Text(_summary(record, rows), style="bold green" if record.exit_code == 0 else "bold red"), soft_wrap=True)


def write_json(record: Record, commits: Sequence[Commit], path: Path) -> None:
    """Write the record to `path`. Raises RetrospeedError if it cannot be written."""
    content = {
        "schema": SCHEMA,
        "exit_code": int(record.exit_code),
        "dry_run": record.dry_run,
        "interrupted": record.interrupted,
        "problem": record.problem,
        "notes": record.notes,
        "commits": [
            {
                "commit": row.commit.hash,
                "subject": row.commit.subject,
                "machine": row.machine,
                "state": str(row.state),
                "seconds": round(row.seconds, 3),
                "series": row.series,
                "failed": row.failed,
                "why": row.words,
            }
            for row in record.sorted(commits)
        ],
    }
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")


def _why(row: Row) -> str:
    failed = f"{row.failed} series failed" if row.failed and row.series else ""
    return "; ".join(part for part in (failed, row.words) if part)


def _summary(record: Record, rows: Sequence[Row]) -> str:
    counts = Counter(row.state for row in rows)
    text = ", ".join(f"{count} {state}" for state, count in counts.items())
    machines = {row.machine for row in rows if row.state is State.MEASURED}
    if len(machines) > 1 and len({row.commit.hash for row in rows}) == len(rows):
        text += (
            f". Each of {len(machines)} machines measured a part, and results of different machines are never "
            "compared: give machines that are alike one name (RETROSPEED_MACHINE), or use --every-machine"
        )
    if record.interrupted:
        return f"Interrupted: {text}. What came in is kept; the same command goes on from here."
    return f"{text}. {record.problem}".rstrip() if record.problem else f"{text}."
