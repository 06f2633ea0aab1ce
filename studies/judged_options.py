"""How the studies of judged collections are told which to take: RETROSPEED_DATA, or folders by name."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Layout = Literal["beir", "conversations"]

Data = Annotated[
    Path | None,
    typer.Argument(envvar="RETROSPEED_DATA", metavar="RETROSPEED_DATA", help="Folder with scifact/ and locomo/."),
]
Documents = Annotated[
    list[Path], typer.Option("--beir", help="Measure this folder in the BEIR layout instead; may be repeated.")
]
Conversations = Annotated[
    list[Path], typer.Option("--conversations", help="Measure this folder laid out as LoCoMo; may be repeated.")
]
Cache = Annotated[Path, typer.Option(help="Where embeddings are kept.")]
DEFAULT_CACHE = Path(".asv/embeddings")


def folders(data: Path | None, documents: list[Path], conversations: list[Path]) -> list[tuple[Layout, Path]]:
    """The layout and the folder of each collection. Raises typer.BadParameter if there is none."""
    found: list[tuple[Layout, Path]] = [("beir", folder) for folder in documents]
    found += [("conversations", folder) for folder in conversations]
    if not found:
        if data is None:
            raise typer.BadParameter("nothing to measure: set RETROSPEED_DATA, or name a folder with --beir")
        found = [("beir", data / "scifact"), ("conversations", data / "locomo")]
    for _, folder in found:
        if not folder.is_dir():
            raise typer.BadParameter(f"there is no folder {folder}: name one that has a collection in it")
    return found
