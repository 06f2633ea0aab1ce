"""Found, missed and false alert groups of `retrospeed watch` on archives with planted steps.

    python studies/watch_archives.py [--archives 10]

An alert group is false if nothing was planted, or if none of its changes is of a planted series with the planted
direction (for an undone step, of either) within three commits. A planted change is missed if no alert tells it.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from retrospeed import asv_config
from retrospeed.watch.alert import Alert, Severity
from retrospeed.watch.analysis import Analysis
from retrospeed.watch.command import watched
from synthetic_archive import KINDS, Planted, plant, write

COMMITS, SERIES_A_LAYER, MISSING, NEAR = 60, 5, 0.05, 3
SIZES = (0.03, 0.05, 0.10, 0.30, 1.00)


def true_to(alert: Alert, planted: Planted) -> bool:
    """Whether an alert tells what was planted."""
    for one in alert.changes:
        change = one.change
        if change.series.name not in planted.names:
            continue
        rises = change.after > change.before
        if planted.kind == "gradual":
            if rises and change.bad >= planted.at - NEAR and change.good <= planted.until + NEAR:
                return True
            continue
        places = [(planted.at, planted.size > 0)]
        places += [(planted.until, planted.size < 0)] if planted.kind == "undone" else []
        if any(up == rises and change.good - NEAR < at <= change.bad + NEAR for at, up in places):
            return True
    return False


def counted(analysis: Analysis, planted: Planted, counts: Counter[str]) -> None:
    """Add one archive's score."""
    true = [alert for alert in analysis.alerts if true_to(alert, planted)]
    counts["groups"] += len(analysis.alerts)
    counts["false"] += len(analysis.alerts) - len(true)
    loud = (Severity.SEVERE, Severity.WARNING)
    counts["false loud"] += sum(alert.severity in loud for alert in analysis.alerts if alert not in true)
    if planted.names:
        counts["planted"] += 1
        counts["found"] += bool(true)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archives", type=int, default=10)
    parser.add_argument("--noise", type=float, default=0.01)
    arguments = parser.parse_args()
    rng = np.random.default_rng(1)
    title = f"{arguments.archives} archives a cell, {COMMITS} commits, noise {arguments.noise:.1%}, drift, 5 % missing"
    table = Table(title=title)
    for heading in ("planted", "size", "found", "missed", "alert groups", "false groups", "of them alarms"):
        table.add_column(heading, justify="right")
    total: Counter[str] = Counter()
    for kind in KINDS:
        for size in SIZES if kind != "none" else (0.0,):
            counts: Counter[str] = Counter()
            for _ in range(arguments.archives):
                with tempfile.TemporaryDirectory() as root:
                    planted = plant(rng, kind, COMMITS, SERIES_A_LAYER, size)
                    write(Path(root), rng, planted, COMMITS, SERIES_A_LAYER, arguments.noise, MISSING)
                    analysis = watched(asv_config.load(Path(root) / "asv.conf.json"))
                    counted(analysis, planted, counts)
            row = (counts["found"], counts["planted"] - counts["found"], counts["groups"], counts["false"])
            table.add_row(kind, f"{size:.0%}", *map(str, row), str(counts["false loud"]))
            if size >= 0.05 or kind == "none":
                total += counts
    row = (total["found"], total["planted"] - total["found"], total["groups"], total["false"])
    table.add_row("all", "≥ 5 %", *map(str, row), str(total["false loud"]))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
