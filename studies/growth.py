"""How building and asking an index grow with the log: the command `growth` of studies/scale.py.

Events come as `strata build` brings them, 20,000 at a time, so what an engine writes anew at each batch is part of it.
They are the synthetic workload's, again and again, each time in sessions of another name that is part of the text; so
the vocabulary grows, as identifiers make it grow. Vectors are drawn around 500 centres. Only `extend` is timed.
"""

import gc
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from benchmarks.own_process import in_own_process
from benchmarks.workloads import synthetic
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks import logs
from strata.engines import ENGINES, load
from strata.errors import MissingLibraryError
from strata.event import Event, LogEntry
from strata.stack import BATCH

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
DIMENSIONS = 384
CENTRES = 500
QUERIES = 100
K = 10
LAYERS = ("bm25", "vector")


class Given:
    """An embedder that embeds nothing: the vectors are given."""

    space = "study/1"
    dimensions = DIMENSIONS


def growth(
    layer: Annotated[str, typer.Argument(help="bm25 or vector.")],
    to: Annotated[int, typer.Option(min=1_000, help="Events at the end.")] = 1_000_000,
    engine: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here too, and keep those of other engines there.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Draw the curves here: those in --json too.")] = None,
) -> None:
    """Print how fast an index is built, and how long a search takes, from 1,000 events on."""
    if layer not in LAYERS:
        raise typer.BadParameter(f"there is no {layer}: use one of {', '.join(LAYERS)}")
    kept = msgspec.json.decode(as_json.read_bytes()) if as_json and as_json.exists() else []
    for name in ENGINES[layer]:
        if engine and name not in engine:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                rows = in_own_process(grown, layer, name, Path(folder), to)
            except NotImplementedError as missing:
                Console(stderr=True).print(f"left out: {missing}")
                continue
        kept = [row for row in kept if (row["layer"], row["engine"]) != (layer, name)] + rows
        Console().print(_table(layer, name, rows))
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
    if svg:
        svg.write_text(curves(kept), encoding="utf-8")


def grown(layer: str, name: str, folder: Path, to: int) -> list[dict[str, Any]]:
    """Build one index up to `to` events; a row at each of the sizes."""
    try:
        kind = load(layer, name)
    except MissingLibraryError as error:
        raise NotImplementedError(str(error)) from error
    index = kind(folder) if layer == "bm25" else kind(folder, Given())
    fields = synthetic.first(min(to, 100_000))
    chance = np.random.default_rng(7)
    centres = chance.standard_normal((CENTRES, DIMENSIONS), np.float32)
    asked = _asked(layer, fields, chance, centres)
    marks, rows, seconds, start = [size for size in SIZES if size <= to], [], 0.0, 0
    while marks:
        end = min(start + BATCH, marks[0])
        entries = list(_entries(fields, start, end))
        vectors = _drawn(chance, centres, len(entries)) if layer == "vector" else None
        gc.collect()
        begun = time.perf_counter()
        if vectors is None:
            index.extend(entries)
        else:
            index.extend_vectors(entries, vectors)
        seconds += time.perf_counter() - begun
        start = end
        if start == marks[0]:
            marks.pop(0)
            rows.append(
                {"layer": layer, "engine": name, "events": start, "seconds": seconds, "disk_bytes": index.size_bytes()}
                | {"peak_bytes": logs.bytes_at_peak(), **_searched(index, asked)}
            )
    return rows


def _searched(index: Any, asked: list[Any]) -> dict[str, float]:
    index.search(asked[0], K)
    walls = []
    for query in asked:
        begun = time.perf_counter()
        index.search(query, K)
        walls.append(time.perf_counter() - begun)
    p50, p95 = np.quantile(walls, (0.5, 0.95)).tolist()
    return {"search_p50": p50, "search_p95": p95}


def _entries(fields: list[dict[str, Any]], start: int, end: int) -> Iterator[LogEntry]:
    for place in range(start, end):
        turn, row = divmod(place, len(fields))
        each = fields[row]
        session = f"{each['session_id']}x{turn}"
        changed = {"event_id": f"e{place:07d}", "session_id": session, "text": f"{each['text']} {session}"}
        # A hundred thousand events last under three years.
        moment = each["timestamp"] + turn * 3 * 365 * 86_400_000
        yield LogEntry(place + 1, Event(**each | changed | {"timestamp": moment}))


def _drawn(chance: np.random.Generator, centres: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    drawn = chance.standard_normal((count, DIMENSIONS), np.float32)
    drawn += centres[chance.integers(0, CENTRES, count)]
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn


def _asked(
    layer: str, fields: list[dict[str, Any]], chance: np.random.Generator, centres: NDArray[np.float32]
) -> list[Any]:
    if layer == "vector":
        return list(_drawn(chance, centres, QUERIES))
    # Of the first events only, so that every size is asked the same.
    texts = [fields[row]["text"].split() for row in chance.choice(min(1_000, len(fields)), QUERIES, replace=False)]
    return [" ".join(chance.permutation(text)[:5]) for text in texts]


def _table(layer: str, name: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"{layer}, {name}", title_justify="left")
    for column in ("events", "build s", "events/s", "search p50 ms", "p95 ms", "disk MB", "peak MB"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            f"{row['events']:,}",
            f"{row['seconds']:.2f}",
            f"{row['events'] / row['seconds']:,.0f}",
            f"{row['search_p50'] * 1000:.3g}",
            f"{row['search_p95'] * 1000:.3g}",
            f"{row['disk_bytes'] / 1e6:,.1f}",
            f"{row['peak_bytes'] / 1e6:,.0f}",
        )
    return table


def curves(rows: list[dict[str, Any]]) -> str:
    """The rows as a picture, SVG: events built a second and the time of a search, over the size of the log."""
    import vl_convert

    values = [
        {
            "engine": f"{row['layer']}: {row['engine']}",
            "events": row["events"],
            "rate": row["events"] / row["seconds"],
            "search": row["search_p50"] * 1000,
        }
        for row in rows
    ]
    size = {"field": "events", "type": "quantitative", "scale": {"type": "log"}, "axis": {"format": "~s"}}
    colour = {"field": "engine", "type": "nominal", "title": None}

    def panel(field: str, title: str) -> dict[str, Any]:
        y = {"field": field, "type": "quantitative", "scale": {"type": "log"}, "title": title, "axis": {"format": "~g"}}
        return {
            "width": 420,
            "height": 280,
            "mark": {"type": "line", "point": True},
            "encoding": {"x": size, "y": y, "color": colour},
        }

    panels = [panel("rate", "events taken in a second"), panel("search", "search, p50, ms")]
    picture: str = vl_convert.vegalite_to_svg({"data": {"values": values}, "hconcat": panels, "background": "white"})
    return picture
