"""The figures of the peers, as a table in the terminal and in Markdown."""

import platform
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from rich.table import Table

from peers.registry import REGISTRY

Measure = tuple[str, str, Callable[[float], str]]
MEASURES: tuple[Measure, ...] = (
    ("build, s", "build_s", "{:.3g}".format),
    ("p50, ms", "p50_ms", "{:.3g}".format),
    ("p99, ms", "p99_ms", "{:.3g}".format),
    ("peak memory, MB", "peak_mb", "{:.0f}".format),
)
QUALITIES = (("nDCG@10", "ndcg"), ("recall@10", "recall"), ("of the nearest ten", "nearest"))
AS_GOOD = 0.02
"""A peer is of like quality if its nDCG@10 is at most so much below that of strata's default."""
NEARLY_ALL, ALL = 0.99, 0.9995
"""Shares of the nearest ten: what an approximate index should find, and what an exact one finds up to ties."""


class Row(msgspec.Struct):
    """A peer's figures; `failure` says why there are none. Times of questions in `seconds`, over all rounds."""

    name: str
    versions: dict[str, str] = {}
    failure: str = ""
    seconds: list[float] = []
    cpu_seconds: float = 0.0
    figures: dict[str, list[float | None]] = {}

    def take(self, answer: Mapping[str, Any]) -> None:
        """Add one round's figures."""
        for name, value in answer.items():
            if name == "versions":
                self.versions = value
            else:
                self.figures.setdefault(name, []).append(value)

    def measured(self, name: str) -> bool:
        """Whether the last round has this figure already."""
        return len(self.figures.get(name, ())) == len(self.figures["build_s"])

    def summed(self) -> "Row":
        """The medians over the rounds, and the quantiles of all questions."""
        if self.failure:
            return Row(name=self.name, failure=self.failure)
        medians: dict[str, list[float | None]] = {
            name: [None if None in values else float(np.median(values))]  # type: ignore[arg-type]
            for name, values in self.figures.items()
        }
        for name, at in (("p50_ms", 0.5), ("p99_ms", 0.99)):
            medians[name] = [float(np.quantile(self.seconds, at)) * 1000]
        medians["cpu_ms"] = [self.cpu_seconds / len(self.seconds) * 1000]
        return Row(name=self.name, versions=self.versions, figures=medians)

    def of(self, name: str) -> float | None:
        """The figure, if there is one."""
        return self.figures[name][0] if name in self.figures else None


def table(collection: str, kind: str, rows: Sequence[Row]) -> Table:
    """One collection and kind, for the terminal."""
    shown = Table(title=f"{collection}: {kind}", caption=verdict(kind, rows), title_justify="left")
    shown.caption_justify = "left"
    for column in ("", *_titles(rows)):
        shown.add_column(column, justify="right" if column else "left")
    for row in rows:
        shown.add_row(row.name, *_cells(row, rows))
    return shown


def markdown(tables: Mapping[str, Mapping[str, Sequence[Row]]]) -> str:
    """All tables, and the versions of what was measured."""
    parts = []
    for collection, kinds in tables.items():
        for kind, rows in kinds.items():
            titles = _titles(rows)
            lines = [f"### {collection}: {kind}", "", f"| | {' | '.join(titles)} |", f"|---{'|---:' * len(titles)}|"]
            lines += [f"| {row.name} | {' | '.join(_cells(row, rows))} |" for row in rows]
            parts.append("\n".join([*lines, "", verdict(kind, rows)]))
    every = [row for kinds in tables.values() for rows in kinds.values() for row in rows]
    versions = sorted({f"{package} {number}" for row in every for package, number in row.versions.items()})
    versions += [f"SQLite {sqlite3.sqlite_version}", f"Python {platform.python_version()}"]
    return "\n\n".join([*parts, f"Versions: {', '.join(versions)}."]) + "\n"


def verdict(kind: str, rows: Sequence[Row]) -> str:
    """How strata stands among these, in a sentence."""
    ours = [row for row in rows if not row.failure and _is_ours(row)]
    peers = [row for row in rows if not row.failure and not _is_ours(row)]
    if not ours or not peers or ours[0] is not rows[0]:
        return "Nothing to compare."
    default = ours[0]
    if kind == "hybrid":
        slower = [row for row in peers if _time(row) > _time(default)]
        worse = [row for row in peers if _quality(row) < _quality(default)]
        return (
            f"{default.name} is ahead of {len(slower)} of {len(peers)} peers at the median "
            f"and of {len(worse)} of {len(peers)} in nDCG@10."
        )
    alike = [row for row in peers if _comparable(row, default)]
    if not alike:
        fastest = min(peers, key=_time)
        return f"No peer is of like quality. The fastest is {fastest.name}: {default.name} {_ratio(default, fastest)}."
    fastest, best = min(alike, key=_time), min((row for row in ours if _comparable(row, default)), key=_time)
    said = f"Fastest peer of like quality: {fastest.name}. {default.name} takes {_ratio(default, fastest)} as long"
    if best is not default:
        said += f", {best.name} {_ratio(best, fastest)}"
    exact = [row for row in alike if (row.of("nearest") or 0) >= ALL]
    if exact and fastest not in exact:
        fastest = min(exact, key=_time)
        said += f"; beside the fastest that misses nothing, {fastest.name}, {_ratio(default, fastest)}"
    return f"{said}."


def _comparable(row: Row, default: Row) -> bool:
    nearest = row.of("nearest")
    found_all = nearest is None or _is_ours(row) or nearest >= NEARLY_ALL
    return found_all and _quality(row) >= _quality(default) - AS_GOOD


def _is_ours(row: Row) -> bool:
    return REGISTRY[row.name].place.startswith("ours:")


def _time(row: Row) -> float:
    return row.of("p50_ms") or 0.0


def _quality(row: Row) -> float:
    return row.of("ndcg") or 0.0


def _ratio(row: Row, other: Row) -> str:
    return f"{_time(row) / _time(other):.2f} times"


def _titles(rows: Sequence[Row]) -> list[str]:
    return [title for title, *_ in MEASURES] + [title for title, _ in _qualities(rows)]


def _qualities(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Those that any of the rows has: only vectors have nearest ones."""
    return [(title, name) for title, name in QUALITIES if any(row.of(name) is not None for row in rows)]


def _cells(row: Row, rows: Sequence[Row]) -> list[str]:
    qualities = _qualities(rows)
    if row.failure:
        return [row.failure, *[""] * (len(MEASURES) + len(qualities) - 1)]
    cells = []
    for _, name, shown in MEASURES:
        value, reference = row.of(name), rows[0].of(name)
        assert value is not None
        beside = f" ({value / reference:.2f}x)" if reference and row is not rows[0] else ""
        cells.append(shown(value) + beside)
    return cells + ["" if (value := row.of(name)) is None else f"{value:.4f}" for _, name in qualities]
