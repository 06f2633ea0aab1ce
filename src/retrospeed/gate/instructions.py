"""The instruction channel: what a benchmark costs in instructions, counted by valgrind's callgrind.

Counts do not depend on the load of the machine, and hardly on anything else: two runs of the same commit agree to the
last instruction, as long as memory is laid out alike. Only another layout moves them a little (other paths, another
environment: some 0.01 %), so a difference is confirmed in two more layouts.

They answer for interpreted Python and plain C. What they cannot see: caches, waiting, threads, and numeric kernels,
which callgrind runs by other code than the CPU would. Hence only benchmarks that say so are counted: by the function
attribute ``instructions = True``, or by a layer named on the command line.
"""

import math
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from retrospeed.comparison import Class
from retrospeed.errors import RetrospeedError
from retrospeed.gate.caches import SetupCaches
from retrospeed.gate.discovery import Series
from retrospeed.gate.record import InstructionRecord
from retrospeed.gate.worker_pair import BOTH, Side, SideError, SideName
from retrospeed.gate.worker_process import WorkerError, WorkerProcess
from retrospeed.measurement import SeriesKey
from retrospeed.units import percent

CALLS = 3
CONFIRM = 0.002
"""Relative difference from which on a count is confirmed in other layouts."""
WARNING, SEVERE = 0.005, 0.05
LAYOUTS = (0, 1000, 5000)
"""Bytes by which the environment is made longer, and with it the stack moved."""
SLOWDOWN = 60
"""How much longer than by itself a benchmark may take."""
_TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class InstructionFinding:
    """What the counts of one series show."""

    key: SeriesKey
    classification: Class
    base: int | None
    """Instructions a call, in the first layout."""
    head: int | None
    ratio: float | None
    """HEAD / BASE in the layout in which they differ least."""
    layouts: int
    why: str


def require_valgrind() -> str:
    """The path of valgrind. Raises RetrospeedError if there is none."""
    found = shutil.which("valgrind")
    if found is None:
        raise RetrospeedError("--instructions needs valgrind, which is not installed; install it or leave it out.")
    return found


def why_excluded(series: Series, layers: Collection[str]) -> str:
    """Why a series is not counted; empty if it is."""
    said = series.attributes.get("instructions")
    if series.attributes.get("type") != "time":
        return "not a time_* benchmark"
    if series.attributes.get("name", "").rpartition(".")[2].lower().startswith("timeraw"):
        return "runs in a process of its own"
    if said is False:
        return "excluded by its tag"
    if said is not True and series.benchmark.layer not in layers:
        return "not tagged with instructions = True"
    return "" if len(series.names) == len(BOTH) else "not at both commits"


def count_series(series: Series, sides: Mapping[SideName, Side], caches: SetupCaches) -> InstructionRecord:
    """Count one series, in one layout if it is equal there, else in all of them."""
    record = InstructionRecord(key=series.key)
    try:
        folders = caches.folders(series)
        for layout in LAYOUTS:
            record.base.append(count(series, sides[SideName.BASE], folders, layout))
            record.head.append(count(series, sides[SideName.HEAD], folders, layout))
            if abs(math.log(record.head[-1] / record.base[-1])) < CONFIRM:
                break
    except (SideError, WorkerError) as error:
        record.error = str(error)
    return record


def count(series: Series, side: Side, folders: Mapping[SideName, Path], layout: int) -> int:
    """Instructions a call at one commit. Raises WorkerError."""
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as scratch:
        folder = folders.get(side.name) or Path(scratch)
        wrapper = (
            require_valgrind(),
            "--tool=callgrind",
            "--quiet",
            "--instr-atstart=no",
            f"--callgrind-out-file={scratch}/count",
        )
        variables = {**side.variables, "PYTHONHASHSEED": "0", "RETROSPEED_LAYOUT": "x" * layout}
        worker = WorkerProcess(side.python, variables, folder, Path(scratch) / "log", wrapper)
        try:
            timeout = series.timeout * SLOWDOWN
            named = {"benchmark_dir": str(side.benchmark_dir), "name": series.names[side.name]}
            worker.ask("prepare", timeout, has_cache=side.name in folders, **named)
            calls: int = worker.ask("count", timeout, number=CALLS)["calls"]
            # Callgrind numbers its dumps; the benchmark's own children would write others.
            text = (Path(scratch) / "count.1").read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise WorkerError(f"callgrind wrote no counts: {error}") from error
        finally:
            worker.close()
    totals = _TOTAL.findall(text)
    if not totals or int(totals[-1]) == 0:
        raise WorkerError("callgrind counted nothing")
    return round(int(totals[-1]) / calls)


def judge(record: InstructionRecord) -> InstructionFinding:
    """The finding on one series that was counted."""

    def finding(classification: Class, why: str, ratio: float | None = None) -> InstructionFinding:
        base, head = (counts[0] if counts else None for counts in (record.base, record.head))
        return InstructionFinding(record.key, classification, base, head, ratio, len(record.head), why)

    if record.error:
        return finding(Class.INCONCLUSIVE, f"could not be counted: {record.error}")
    logs = [math.log(head / base) for base, head in zip(record.base, record.head, strict=True)]
    least = min(logs, key=abs)
    ratio = math.exp(least)
    if abs(least) < CONFIRM or min(logs) < 0 < max(logs):
        return finding(Class.UNCHANGED, "identical" if least == 0 else "within what the layout of memory does", ratio)
    if len(logs) < len(LAYOUTS):
        return finding(Class.INCONCLUSIVE, "the run ended before the difference was confirmed", ratio)
    if ratio - 1 > SEVERE:
        return finding(Class.SEVERE, f"more than {percent(SEVERE)}, in {len(logs)} layouts", ratio)
    if ratio - 1 > WARNING:
        return finding(Class.WARNING, f"more than {percent(WARNING)}, in {len(logs)} layouts", ratio)
    if ratio - 1 < -WARNING:
        return finding(Class.IMPROVED, f"less by more than {percent(WARNING)}, in {len(logs)} layouts", ratio)
    return finding(Class.UNCHANGED, "within thresholds", ratio)
