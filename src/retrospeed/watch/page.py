"""The HTML page of a machine: self-contained, offline, light and dark; charts by Vega-Lite, inlined by vl-convert."""

import html
from collections.abc import Mapping, Sequence
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from retrospeed import whole_file
from retrospeed.errors import RetrospeedError
from retrospeed.watch import summary
from retrospeed.watch.alert import Fate
from retrospeed.watch.analysis import Analysis
from retrospeed.watch.series import Series
from retrospeed.watch.terminal import change_line

_AXIS = """<label><input type="radio" name="axis" value="commits" checked> measured commits, evenly spaced</label>
<label><input type="radio" name="axis" value="dates"> by date of the commit</label>"""
ROWS = (
    ("latency", ("p50", "p90", "p99", "cpu", "way_p50", "build"), "seconds"),
    ("throughput", ("throughput",), "events/s"),
    ("memory", ("peak_memory", "index_bytes"), "bytes"),
    ("quality", ("quality",), "quality"),
)
_EVENTS_TIMED = 1000
MOST_OPEN = 6
"""A longer list is folded."""
MOST_LINES = 12
"""Series in one chart; those with the largest changes are shown where there are more."""


def is_available() -> bool:
    """Whether the library that the page needs is installed."""
    return find_spec("vl_convert") is not None


def write(analysis: Analysis, path: Path) -> None:
    """Write the page to `path`. Raises RetrospeedError if vl-convert is not installed or the file cannot be written."""
    whole_file.write(path, page(analysis).encode())


def page(analysis: Analysis) -> str:
    """The page."""
    try:
        converter = import_module("vl_convert")
    except ImportError as error:
        raise RetrospeedError(
            "--html needs vl-convert-python; install it with `pip install retrospeed[site]`."
        ) from error
    script = converter.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    template = resources.files("retrospeed.watch").joinpath("page.html").read_text(encoding="utf-8")
    drawn = _data(analysis)
    data = msgspec.json.encode(drawn).decode().replace("</", "<\\/")
    parts = {
        "@TITLE@": html.escape(f"{analysis.archive.machine}: history of the benchmarks"),
        "@HEALTH@": html.escape(summary.headline(analysis)),
        "@ALERTS@": _alerts(analysis),
        "@ADVICE@": _advice(analysis),
        "@AXIS@": _axis(drawn["panels"]),
        "@DATA@": data,
        "@SCRIPT@": script.replace("</script", "<\\/script"),
    }
    for name, text in parts.items():
        template = template.replace(name, text)
    return template


def _data(analysis: Analysis) -> dict[str, Any]:
    """What the charts are drawn from; commits are given once, and points by their number among them."""
    commits = analysis.archive.order.commits
    measured = analysis.archive.measured
    number = {position: index for index, position in enumerate(measured)}
    return {
        "commits": [[commits[p].short, commits[p].date, commits[p].subject] for p in measured],
        "panels": _panels(analysis, number),
    }


def _panels(analysis: Analysis, number: Mapping[int, int]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, list[Series]]] = {}
    for one in analysis.series:
        shown = one.absolute if one.is_ratio and one.absolute is not None else one
        if len(shown) > 1 and not shown.is_ratio:
            layer = one.benchmark.layer or one.benchmark.name.partition(".")[0]
            rows = groups.setdefault(layer, {}).setdefault(_row(one), [])
            if not any((other.key, other.environment) == (shown.key, shown.environment) for other in rows):
                rows.append(shown)
    return [
        {"layer": layer, "charts": [_chart(name, rows[name], analysis, number) for name, *_ in ROWS if name in rows]}
        for layer, rows in groups.items()
    ]


def _row(series: Series) -> str:
    for name, metrics, _ in ROWS:
        if series.benchmark.metric in metrics:
            return name
    by_unit = {"bytes": "memory", "loss": "quality"}
    return by_unit.get(series.benchmark.unit, "latency")


def _chart(name: str, series: list[Series], analysis: Analysis, number: Mapping[int, int]) -> dict[str, Any]:
    marked = {
        (one.change.series.key, one.change.series.environment) for alert in analysis.alerts for one in alert.changes
    }
    shown = sorted(
        series,
        key=lambda one: ((one.key, one.environment) not in marked, -float(np.ptp(one.values) / (one.typical() or 1))),
    )[:MOST_LINES]
    drawn = {(one.key, one.environment) for one in shown}
    steps = [
        {"i": number[alert.bad], "k": str(alert.severity)}
        for alert in analysis.alerts
        if alert.bad in number
        and any((one.change.series.key, one.change.series.environment) in drawn for one in alert.changes)
    ]
    return {
        "name": name,
        "unit": next(unit for row, _, unit in ROWS if row == name),
        "series": [
            {
                "s": summary.title(one, analysis),
                "i": [number[int(p)] for p in one.positions],
                "v": [float(f"{_shown(float(v), one, name):.5g}") for v in one.values],
            }
            for one in sorted(shown, key=lambda one: (one.key, one.environment))
        ],
        "steps": steps,
        "more": len(series) - len(shown),
    }


def _shown(value: float, series: Series, row: str) -> float:
    if row == "quality" and series.benchmark.unit == "loss":
        return 1 - value
    if row == "throughput" and series.benchmark.unit == "seconds" and value > 0:
        return _EVENTS_TIMED / value
    return value


def _alerts(analysis: Analysis) -> str:
    found = []
    for alert in analysis.alerts:
        place = html.escape(summary.where(analysis, alert.good, alert.bad))
        lines = "".join(f"<li>{html.escape(change_line(one, analysis))}</li>" for one in alert.changes)
        state = alert.confirmation if alert.fate is Fate.OPEN else f"{alert.fate}, {alert.confirmation}"
        heading = f'<b class="{alert.severity}">{alert.severity}</b> {place} <small>{state}</small>'
        found.append(f"<details><summary>{heading}</summary><ul>{lines}</ul></details>")
    if found:
        return "\n".join(found)
    return f"<p>{'Nothing changed.' if summary.judged(analysis) else 'That cannot be told yet.'}</p>"


def _axis(panels: Sequence[object]) -> str:
    return _AXIS if panels else "<p>Charts begin with the second commit that is measured.</p>"


def _advice(analysis: Analysis) -> str:
    found = []
    for heading, lines in (
        ("Fix first", summary.fix_first(analysis)),
        ("Watch", summary.to_watch(analysis)),
        ("Improved", summary.improved(analysis)),
        ("Could be tightened", summary.could_tighten(analysis)),
        ("To be known", summary.left_out(analysis)),
    ):
        if lines:
            items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            opened = " open" if len(lines) <= MOST_OPEN else ""
            found.append(f"<details{opened}><summary><b>{heading}</b></summary><ul>{items}</ul></details>")
    return "\n".join(found)
