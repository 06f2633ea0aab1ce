"""Retrieval quality on real data, layer by layer: SciFact (nDCG@10) and LoCoMo (recall@10).

Both are ingested and asked through strata, with the same settings. The data is found through RETROSPEED_DATA, a folder
with `scifact/` and `locomo/`; see docs for where to get it. Embeddings are made once and cached by content.

    RETROSPEED_DATA=... python studies/quality.py
    RETROSPEED_DATA=... python studies/quality.py --json quality.json
    python studies/quality.py --beir FOLDER --conversations FOLDER       other collections, the same settings
    python studies/quality.py --beir FOLDER --embedder static            another embedder
"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

import strata
from judged import Collection, Question, read
from judged_options import DEFAULT_CACHE, Cache, Conversations, Data, Documents, folders
from strata.engines import DEFAULTS, ENGINES
from strata.stack import Strata
from vector_cache import CachedEmbedder

K = 10
ROUTES = ("bm25", "vector", "fused", "routed")
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open", 4: "single-hop"}
# Measured on the same files with other code than this project's; bm25 in its Lucene form, k1 1.5 and b 0.75.
REFERENCES = {
    "scifact": {"bm25": "0.662 unstemmed, 0.686 stemmed", "vector": "0.648", "fused": "0.720 (k 60, equal weights)"},
    "locomo": {
        "bm25": "0.568 single turns, 0.66 with neighbours",
        "vector": "0.437 single turns",
        "fused": "0.54 single turns",
    },
}
TARGETS = {
    "scifact": {"bm25": 0.68, "vector": 0.645, "fused": 0.72},
    "locomo": {"routed": 0.66},
}


def main(
    data: Data = None,
    documents: Documents = [],  # noqa: B006 typer copies it
    spoken: Conversations = [],  # noqa: B006
    embedder: Annotated[str, typer.Option(help=f"The embedder: {', '.join(ENGINES['embedder'])}.")] = "minilm",
    cache: Cache = DEFAULT_CACHE,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Print nDCG@10 and recall@10 by layer, by question category, and with and without the time-boxed path."""
    figures: dict[str, Any] = {}
    console = Console()
    for layout, place in folders(data, documents, spoken):
        collection = read(layout, place)
        with tempfile.TemporaryDirectory() as folder, strata.open(folder, embedder=embedder) as stack:
            # Embedders of one space have caches of their own: this is where their equality is measured.
            kept = cache if embedder == DEFAULTS["embedder"] else cache / embedder
            stack.__dict__["embedder"] = cached = CachedEmbedder(stack.embedder, kept)
            stack.ingest(collection.events)
            with console.status(f"building {collection.name}"):
                stack.build(["toc", "bm25", "vector", "topics"])
            cached.embed([question.text for question in collection.questions])
            scores = {route: _scores(stack, collection, route) for route in ROUTES}
            figures[collection.name] = _figures(stack, collection, scores)
            cached.save()
        _show(console, embedder, collection, figures[collection.name])
    if as_json:
        as_json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


def _scores(stack: Strata, collection: Collection, route: str) -> NDArray[np.float64]:
    questions = track(collection.questions, f"{collection.name} {route}", console=Console(stderr=True))
    return np.array([collection.score(_answer(stack, question, route), question) for question in questions])


def _answer(stack: Strata, question: Question, route: str) -> list[str]:
    query, agent = question.text, question.agent
    if route == "bm25":
        hits = stack.search("bm25", query, K, agent=agent)
    elif route == "vector":
        hits = stack.search("vector", query, K, agent=agent)
    elif route == "fused":
        hits = list(stack.route(query, K, agent=agent, tier="hybrid", time_boxing=False).hits)
    else:
        hits = list(stack.route(query, K, agent=agent, time_boxing=route != "unboxed").hits)
    return [hit.doc_id for hit in hits]


def _figures(stack: Strata, collection: Collection, scores: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    categories = np.array([question.category for question in collection.questions])
    timed = np.array(
        [
            stack.route(question.text, 1, agent=question.agent).explanation.window is not None
            for question in collection.questions
        ]
    )
    unboxed = _scores(stack, collection, "unboxed")
    change = scores["routed"] - unboxed
    return {
        "questions": len(categories),
        "all": {route: float(values.mean()) for route, values in scores.items()},
        "categories": {
            CATEGORIES[category]: {
                "questions": int((categories == category).sum()),
                **{route: float(values[categories == category].mean()) for route, values in scores.items()},
            }
            for category in sorted(set(categories.tolist()) & CATEGORIES.keys())
        },
        "timed": {
            "questions": int(timed.sum()),
            "without": float(unboxed[timed].mean()) if timed.any() else None,
            "with": float(scores["routed"][timed].mean()) if timed.any() else None,
            "better": int((change[timed] > 0).sum()),
            "worse": int((change[timed] < 0).sum()),
        },
    }


def _show(console: Console, embedder: str, collection: Collection, figures: dict[str, Any]) -> None:
    metric = collection.metric
    title = f"{collection.name}: {metric}, {figures['questions']:,} questions, embedder {embedder}"
    table = Table(title=title, title_justify="left")
    for column in ("", *ROUTES):
        table.add_column(column)
    table.add_row("all", *(f"{figures['all'][route]:.4f}" for route in ROUTES))
    for name, row in figures["categories"].items():
        table.add_row(f"{name} ({row['questions']})", *(f"{row[route]:.4f}" for route in ROUTES))
    targets, references = TARGETS.get(collection.name, {}), REFERENCES.get(collection.name, {})
    if targets:
        table.add_row("at least", *(f"{targets[route]:.3f}" if route in targets else "" for route in ROUTES))
        table.add_row("reference", *(references.get(route, "") for route in ROUTES))
    console.print(table)
    timed = figures["timed"]
    if timed["questions"]:
        console.print(
            f"{timed['questions']} questions carry a time expression: {metric} {timed['without']:.4f} without the "
            f"time-boxed path, {timed['with']:.4f} with it ({timed['better']} better, {timed['worse']} worse)\n"
        )


if __name__ == "__main__":
    sys.exit(typer.run(main))
