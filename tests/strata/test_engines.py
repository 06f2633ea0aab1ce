"""The registry: every engine can be had by name, and nothing is imported that is not used."""

import subprocess
import sys

import pytest

from strata.engines import DEFAULTS, ENGINES, INDEXES, check, load
from strata.errors import UnknownNameError

HEAVY = ("torch", "sentence_transformers", "networkx", "scipy", "sklearn", "numpy", "rank_bm25")


@pytest.mark.parametrize(("layer", "name"), [(layer, name) for layer in ENGINES for name in ENGINES[layer]])
def test_every_engine_loads(layer: str, name: str) -> None:
    assert isinstance(load(layer, name), type)


def test_every_layer_has_a_default_and_every_index_is_a_layer() -> None:
    assert set(DEFAULTS) == set(ENGINES)
    assert set(INDEXES) == set(ENGINES) - {"store", "embedder"}
    for layer, name in DEFAULTS.items():
        check(layer, name)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"no toc engine is called 'paper': there is .*sqlite"):
        load("toc", "paper")
    with pytest.raises(UnknownNameError, match=r"no layer is called 'cellar': there is store, toc"):
        load("cellar", "sqlite")


def test_ingest_browsing_and_stats_import_nothing_heavy(tmp_path: object) -> None:
    program = f"""
import sys, strata, strata.cli
from strata import Event
with strata.open(sys.argv[1]) as stack:
    stack.ingest([Event(event_id="e", session_id="s", timestamp=0, text="the orders index broke")])
    stack.build(["toc"])
    assert stack.search("toc", "orders")
    stack.stats()
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", program, f"{tmp_path}/store"], check=True)
