"""The Ubuntu IRC trace, 247,963 events: ingested, its table of contents and keyword index built, and asked.

    RETROSPEED_DATA=... python studies/irc.py
    RETROSPEED_DATA=... python studies/irc.py --json irc.json

Questions are the trace's own messages that somebody answered; none is embedded. Peak memory is that of the process.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import strata
from strata.errors import StrataError
from strata.stack import Strata

QUESTIONS = 200
MOST_BYTES = 2 * 1024**3


def main(
    data: Annotated[
        Path, typer.Argument(envvar="RETROSPEED_DATA", metavar="RETROSPEED_DATA", help="Folder with ubuntu-irc/.")
    ],
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print the time of each step, latencies of two tiers, and peak memory against 2 GB."""
    trace = data / "ubuntu-irc" / "events.jsonl.gz"
    if not trace.is_file():
        raise typer.BadParameter(f"{trace} is not there: RETROSPEED_DATA must name the folder with ubuntu-irc/")
    console = Console()
    steps: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder, strata.open(folder) as stack:
        _step(steps, "ingest", lambda: stack.ingest_trace(trace))
        _step(steps, "toc", lambda: stack.build(["toc"]))
        _step(steps, "bm25", lambda: stack.build(["bm25"]))
        questions = _questions(stack)
        latencies = {tier: _latencies(stack, questions, tier) for tier in ("keyword", "agentic")}
        events = stack.store.position
    _show(console, events, steps, latencies)
    if as_json:
        form = {"events": events, "steps": steps, "latencies": latencies, "peak_bytes": _peak()}
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode(form)))


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _step(steps: dict[str, dict[str, Any]], name: str, work: Callable[[], Any]) -> None:
    start = time.perf_counter()
    try:
        work()
    except StrataError as error:
        raise typer.BadParameter(str(error)) from error
    steps[name] = {"seconds": time.perf_counter() - start, "peak_bytes": _peak()}


def _questions(stack: Strata) -> list[str]:
    """Messages that end in a question mark and have some words, spread over the log."""
    asked = [
        entry.event.text
        for entry in stack.store.read()
        if entry.event.text.rstrip().endswith("?") and 4 < len(entry.event.text.split()) < 30
    ]
    return asked[:: len(asked) // QUESTIONS][:QUESTIONS]


def _latencies(stack: Strata, questions: list[str], tier: str) -> dict[str, float]:
    seconds, answered = [], 0
    for question in questions:
        start = time.perf_counter()
        result = stack.route(question, tier=tier)
        seconds.append(time.perf_counter() - start)
        answered += bool(result.hits)
    p50, p90, p99 = np.quantile(seconds, (0.5, 0.9, 0.99)).tolist()
    return {"p50": p50, "p90": p90, "p99": p99, "answered": answered / len(questions), "questions": len(questions)}


def _show(
    console: Console, events: int, steps: dict[str, dict[str, Any]], latencies: dict[str, dict[str, float]]
) -> None:
    built = Table(title=f"{events:,} events", title_justify="left")
    for column in ("step", "time", "events/s", "peak memory so far"):
        built.add_column(column, justify="right")
    for name, step in steps.items():
        built.add_row(
            name,
            f"{step['seconds']:.1f} s",
            f"{events / step['seconds']:,.0f}",
            f"{step['peak_bytes'] / 2**20:,.0f} MiB",
        )
    console.print(built)
    asked = Table(title="Answers, without vectors", title_justify="left")
    for column in ("tier", "questions", "answered", "p50", "p90", "p99"):
        asked.add_column(column, justify="right")
    for tier, found in latencies.items():
        asked.add_row(
            tier,
            f"{found['questions']:.0f}",
            f"{found['answered']:.0%}",
            *(f"{found[name] * 1e3:.1f} ms" for name in ("p50", "p90", "p99")),
        )
    console.print(asked)
    verdict = "under" if _peak() < MOST_BYTES else "OVER"
    console.print(f"peak memory {_peak() / 2**20:,.0f} MiB, {verdict} 2 GiB")


if __name__ == "__main__":
    sys.exit(typer.run(main))
