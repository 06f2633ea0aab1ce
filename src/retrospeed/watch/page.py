"""The HTML page of a machine: self-contained, offline, light and dark; charts by Vega-Lite, inlined by vl-convert."""

import html
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from retrospeed import whole_file
from retrospeed.errors import RetrospeedError
from retrospeed.units import as_people_read_it
from retrospeed.watch import summary
from retrospeed.watch.analysis import Analysis
from retrospeed.watch.series import Series
from retrospeed.watch.terminal import change_line

ROWS = (
    ("latency", ("p50", "p90", "p99", "cpu", "way_p50", "build"), "seconds"),
    ("throughput", ("throughput",), "events/s"),
    ("memory", ("peak_memory", "index_bytes"), "bytes"),
    ("quality", ("quality",), "quality"),
)
_EVENTS_TIMED = 1000
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
    panels = _panels(analysis)
    template = resources.files("retrospeed.watch").joinpath("page.html").read_text(encoding="utf-8")
    data = msgspec.json.encode(panels).decode().replace("</", "<\\/")
    parts = {
        "@TITLE@": html.escape(f"{analysis.archive.machine}: history of the benchmarks"),
        "@HEALTH@": html.escape(summary.headline(analysis)),
        "@ALERTS@": _alerts(analysis),
        "@ADVICE@": _advice(analysis),
        "@PANELS@": data,
        "@SCRIPT@": script.replace("</script", "<\\/script"),
    }
    for name, text in parts.items():
        template = template.replace(name, text)
    return template


def link(page_file: Path, html_dir: Path, machine: str) -> None:
    """Link the page from asv's published site, once; index.html keeps all it had. Raises RetrospeedError."""
    for name in ("index.html", "asv-index.html"):
        index = html_dir / name
        if not index.is_file():
            continue
        text = index.read_text(encoding="utf-8")
        mark = f"<!-- retrospeed {html.escape(machine)} -->"
        if mark in text or "</body>" not in text:
            continue
        target = html.escape(page_file.name)
        style = "position:fixed;right:8px;bottom:8px;padding:4px 8px;background:#fff;border:1px solid #888"
        anchor = f'{mark}<a href="{target}" style="{style}">history of {html.escape(machine)}</a>'
        head, _, tail = text.rpartition("</body>")
        whole_file.write(index, f"{head}{anchor}</body>{tail}".encode())


def _panels(analysis: Analysis) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, list[Series]]] = {}
    for one in analysis.series:
        if len(one) > 1 and not one.is_ratio:
            layer = one.benchmark.layer or one.benchmark.name.partition(".")[0]
            groups.setdefault(layer, {}).setdefault(_row(one), []).append(one)
    times = [analysis.archive.order.commits[p].date * 1000 for p in analysis.archive.measured]
    domain = [min(times), max(times)] if times else [0, 1]
    return [
        {"layer": layer, "charts": [_chart(name, rows[name], analysis, domain) for name, *_ in ROWS if name in rows]}
        for layer, rows in groups.items()
    ]


def _row(series: Series) -> str:
    for name, metrics, _ in ROWS:
        if series.benchmark.metric in metrics:
            return name
    by_unit = {"bytes": "memory", "loss": "quality"}
    return by_unit.get(series.benchmark.unit, "latency")


def _chart(name: str, series: list[Series], analysis: Analysis, domain: list[int]) -> dict[str, Any]:
    marked = {id(one.change.series) for alert in analysis.alerts for one in alert.changes}
    shown = sorted(series, key=lambda one: (id(one) not in marked, -float(np.ptp(one.values) / (one.typical() or 1))))
    shown = shown[:MOST_LINES]
    commits = analysis.archive.order.commits
    points = [
        {
            "t": commits[int(p)].date * 1000,
            "v": _shown(float(v), one, name),
            "s": summary.title(one, analysis),
            "c": commits[int(p)].short,
            "w": as_people_read_it(float(v), one.benchmark),
        }
        for one in shown
        for p, v in zip(one.positions, one.values, strict=True)
    ]
    drawn = {id(one) for one in shown}
    steps = [
        {"t": commits[alert.bad].date * 1000, "c": commits[alert.bad].short, "k": str(alert.severity)}
        for alert in analysis.alerts
        if any(id(one.change.series) in drawn for one in alert.changes)
    ]
    unit = next(unit for row, _, unit in ROWS if row == name)
    return {
        "name": name,
        "unit": unit,
        "points": points,
        "steps": steps,
        "domain": domain,
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
        heading = f'<b class="{alert.severity}">{alert.severity}</b> {place} <small>{alert.confirmation}</small>'
        found.append(f"<details><summary>{heading}</summary><ul>{lines}</ul></details>")
    return "\n".join(found) or "<p>Nothing changed.</p>"


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
            found.append(f"<h3>{heading}</h3><ul>{items}</ul>")
    return "\n".join(found)
