"""`strata index`: a source tree into a store, cut along its syntax, ready to be searched."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

import strata
from strata.cli_print import shown_progress
from strata.code.source_tree import LARGEST
from strata.engines import DEFAULTS, ENGINES, INDEXES
from strata.errors import StoreError
from strata.settings import read_settings

LAYERS = ("bm25", "vector")
FOLDER = ".strata"


def index(
    tree: Annotated[Path, typer.Argument(metavar="PATH", help="Folder of a source tree.", show_default=False)],
    store: Annotated[
        Path | None, typer.Option(help=f"Folder of the store; PATH/{FOLDER} without it.", show_default=False)
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", "-l", help=f"Build only this layer, may be repeated: {', '.join(LAYERS)} without it."),
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            help=f"The embedder: {', '.join(ENGINES['embedder'])}; static for a new store.", show_default=False
        ),
    ] = None,
    largest: Annotated[int, typer.Option(help="Leave out files of more bytes.", min=1)] = LARGEST,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Index a source tree: cut what is new or changed into chunks along its syntax, and build what searches them."""
    from strata.code.indexing import index_tree

    if not tree.is_dir():
        raise StoreError(f"{tree} is not a folder: give the folder of a source tree")
    place = store or tree / FOLDER
    engines: dict[str, Any] = {"embedder": embedder} if embedder else {}
    if read_settings(place) is None:
        engines = {"embedder": "static"} | engines
    layers = layer or list(LAYERS)
    for name in layers:
        strata.engines.check(name, DEFAULTS[name] if name in INDEXES else "")
    with (
        strata.open(place, **engines) as stack,
        shown_progress() as progress,
    ):
        if store is None:
            # The store is not part of the tree it lies in.
            (place / ".gitignore").write_text("*\n")
        tasks: dict[str, Any] = {}

        def report(name: str, done: int, all_of: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=all_of)
            progress.update(tasks[name], completed=done)

        found = index_tree(
            stack.store, place / "code", tree, largest, lambda done, all_of: report("files", done, all_of)
        )
        built = stack.build(layers, report) if stack.store.position else {}
    if as_json:
        print(msgspec.json.format(msgspec.json.encode({"store": str(place), "tree": found, "built": built})).decode())
        return
    for path, reason in found.skipped.items():
        print(f"skipped: {path}: {reason}", file=sys.stderr)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    print(
        f"{tree}: {found.added:,} files added, {found.changed:,} changed, {found.removed:,} removed, "
        f"{found.unchanged:,} unchanged, {len(found.skipped):,} skipped; {found.chunks:,} new chunks in {place}"
    )
