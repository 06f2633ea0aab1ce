"""`strata model`: make a form of the packaged weights ahead of its first use, or check the one that was made."""

from typing import Annotated

import typer
from rich.console import Console

from strata.engines import ENGINES
from strata.errors import UnknownNameError


def model(
    embedder: Annotated[
        str, typer.Argument(metavar="EMBEDDER", help="The embedder whose model to make: onnx or static.")
    ],
) -> None:
    """Make the model of a torch-free embedder from the packaged weights, or check the one made before."""
    # Not at the top: the other commands do without numpy.
    from importlib import import_module

    from strata.embed.made import Form, ensure, read_manifest

    found: dict[str, Form] = {
        name: form
        for name, engine in ENGINES["embedder"].items()
        if (form := getattr(import_module(engine.partition(":")[0]), "FORM", None))
    }
    if embedder not in found:
        raise UnknownNameError(
            f"no model is made for an embedder called {embedder!r}: there is {', '.join(sorted(found))}"
        )
    with Console(stderr=True).status(f"making the model of {embedder}: under a minute, once"):
        folder = ensure(found[embedder])
    print(folder)
    for name, checksum in read_manifest(folder).files.items():
        print(f"{(folder / name).stat().st_size:>12,}  {name}  sha256 {checksum}")
