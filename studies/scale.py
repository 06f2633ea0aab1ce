"""The stack at a hundred thousand events: every engine against its targets, the routed query, and growth to a million.

    PYTHONPATH=. python studies/scale.py engines vector
    PYTHONPATH=. python studies/scale.py engines bm25 --tier medium --json bm25.json
    PYTHONPATH=. python studies/scale.py routed
    PYTHONPATH=. python studies/scale.py growth vector --to 1000000 --svg growth.svg

`engines` is what `benchmarks/engines.py` measures, printed with its targets; the vectors are the model's, embedded once
and kept (RETROSPEED_CACHE): for 100,000 events that takes more than half an hour the first time. `routed` asks the
whole stack, the embedding of the query included. `growth` builds one index in the batches that `strata build` takes,
and draws its vectors. Every measurement has a process of its own.
"""

import math
import os
import pickle
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from benchmarks.engines import EmbedderEngines, KeywordEngines, StoreEngines, TopicsEngines, VectorEngines
from benchmarks.index_benchmark import IndexBenchmark
from benchmarks.own_process import in_own_process
from benchmarks.protocol_benchmark import Figure, ProtocolBenchmark
from benchmarks.workloads import embedded, queries, synthetic
from rich.console import Console
from rich.table import Table

from benchmarks import blocks, logs, subject
from growth import growth

CASES: dict[str, Callable[[], ProtocolBenchmark]] = {
    "bm25": KeywordEngines,
    "vector": VectorEngines,
    "topics": TopicsEngines,
    "embedder": EmbedderEngines,
    "store": StoreEngines,
}
STACKS = [
    {"bm25": "rank-bm25", "vector": "numpy", "embedder": "minilm"},
    {"bm25": "rank-bm25", "vector": "numpy", "embedder": "onnx"},
    {"bm25": "tantivy", "vector": "usearch", "embedder": "onnx"},
]
ROUTED_TARGET = 0.06
ROUNDS = 3

Json = Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")]
Tier = Annotated[str, typer.Option(help="small, medium or large: 1,000, 10,000 or 100,000 events.")]

app = typer.Typer(add_completion=False, help=__doc__)
app.command()(growth)


@app.command()
def engines(
    layer: Annotated[str, typer.Argument(help=f"One of {', '.join(CASES)}.")],
    tier: Tier = "large",
    engine: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    as_json: Json = None,
) -> None:
    """Print every figure of a layer's engines, those that miss their target marked."""
    if layer not in CASES:
        raise typer.BadParameter(f"there is no {layer}: use one of {', '.join(CASES)}")
    case = CASES[layer]()
    # The exact engine is measured in any case: the others' recall is held against its answers.
    names = [name for name in case.params[-1] if not engine or name in engine or name == case.exact]
    case.params = (*case.params[:-1], tuple(names))
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        found = case.of_tier(tier)
        busy = {
            name: in_own_process(_processor_time, case, found["inputs"], name)
            for name in names
            if isinstance(case, IndexBenchmark) and "figures" in found[name]
        }
    table = Table(title=f"{layer}, {tier} tier; in brackets the target of what misses it", title_justify="left")
    table.add_column("engine")
    for figure in case.figures:
        table.add_column(figure.name.replace("_", " "), justify="right")
    if busy:
        # A machine that does other things too adds its time slices to a tail, and nothing to this.
        table.add_column("processor time of a search, p50 / p95", justify="right")
    for name in names:
        if "figures" not in found[name]:
            Console(stderr=True).print(f"{name}: {found[name].get('missing') or found[name]['failed']}")
            continue
        cells = [_cell(figure, found[name]["figures"][figure.name], tier, name) for figure in case.figures]
        table.add_row(name, *cells, *([" / ".join(f"{each * 1000:.3g} ms" for each in busy[name])] if busy else []))
    Console(width=180).print(table)
    if as_json:
        kept = {name: found[name].get("figures", {}) | {"processor": busy.get(name)} for name in names}
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode({"tier": tier, "engines": kept})))


def _processor_time(case: IndexBenchmark, inputs: dict[str, Any], engine: str) -> tuple[float, float]:
    asked = pickle.loads(Path(inputs["questions"]).read_bytes())
    index = case.opened(inputs, case.folder(inputs, engine), engine)
    used = []
    for turn in range(ROUNDS + 1):
        for _, argument in asked:
            start = time.thread_time()
            index.search(argument)
            if turn:
                used.append(time.thread_time() - start)
    p50, p95 = np.quantile(used, (0.5, 0.95)).tolist()
    return p50, p95


def _cell(figure: Figure, value: Any, tier: str, engine: str) -> str:
    middle = statistics.median(value) if isinstance(value, list) else float(value)
    if math.isnan(middle):
        return "none"
    assert figure.target is not None
    limits = [limit for name, limit in figure.target.of.items() if name in (tier, engine)]
    limit = limits[0] if limits else figure.target.limit
    return _words(figure, middle) + (f" ({_words(figure, limit)})" if middle > limit else "")


def _words(figure: Figure, value: float) -> str:
    if figure.metric == "throughput":
        return f"{1000 / value:,.0f}/s"
    scale, name = {"seconds": (1000, " ms"), "bytes": (1e-6, " MB"), "loss": (1, "")}[figure.unit]
    return f"{value * scale:.4g}{name}"


@app.command()
def routed(tier: Tier = "large", as_json: Json = None) -> None:
    """Print latency and memory of a routed query, with the embedding, over stacks of several engines."""
    table = Table(
        title=f"routed query, {tier} tier; target: p95 under {ROUTED_TARGET * 1000:.0f} ms", title_justify="left"
    )
    for column in ("bm25", "vector", "embedder", "p50 ms", "p95 ms", "p99 ms", "of it embedding, p50 ms", "peak MB"):
        table.add_column(column, justify="right")
    rows = []
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for names in STACKS:
            in_own_process(_build, tier, names)
            found = in_own_process(_ask, names)
            rows.append({**names, **found})
            cells = [f"{found[name] * 1000:.1f}" for name in ("p50", "p95", "p99", "embedding")]
            table.add_row(*names.values(), *cells, f"{found['peak_bytes'] / 1e6:,.0f}")
    Console(width=160).print(table)
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode({"tier": tier, "stacks": rows})))


def _build(tier: str, names: dict[str, str]) -> None:
    """Bring the store `stack` up to date in these engines; the vectors are given, not computed."""
    import strata

    workload = synthetic.load(tier)
    stack = strata.open("stack", **names)
    if stack.store.position == 0:
        stack.ingest(subject.events(workload.events))
        Path("queries.pickle").write_bytes(pickle.dumps(queries.mix(workload)))
    stack.build(["toc", "bm25"])
    left = list(stack.store.read(stack.vector.position))
    if left:
        stack.vector.extend_vectors(left, embedded.load(workload).events[-len(left) :])
    stack.build()
    stack.close()


def _ask(names: dict[str, str]) -> dict[str, float]:
    import strata

    asked = pickle.loads(Path("queries.pickle").read_bytes())
    stack = strata.open("stack", **names)
    found = blocks.measure(lambda query: stack.route(query.text, agent=query.agent, now=query.now), asked)
    peak = logs.bytes_at_peak()
    single = blocks.measure(lambda query: stack.embedder.embed([query.text]), asked, blocks.FEWEST_CALLS)
    stack.close()
    figures = {name: statistics.median(found[name]) if found[name] else math.nan for name in ("p50", "p95", "p99")}
    return {**figures, "embedding": statistics.median(single["p50"]), "peak_bytes": peak}


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(app())
