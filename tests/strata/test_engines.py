"""The registry: every engine can be had by name, and nothing is imported that is not used."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import strata
from strata.engines import DEFAULTS, ENGINES, INDEXES, check, load
from strata.errors import MissingLibraryError, UnknownNameError
from strata.event import Event
from tests.strata import installed

HEAVY = ("psycopg", "torch", "sentence_transformers", "networkx", "scipy", "sklearn", "numpy", "rank_bm25")


@pytest.mark.parametrize(("layer", "name"), [(layer, name) for layer in ENGINES for name in ENGINES[layer]])
def test_every_engine_loads(layer: str, name: str) -> None:
    assert isinstance(installed.engine(layer, name), type)


@pytest.mark.parametrize("order", [("vector", "embedder"), ("embedder", "vector")])
def test_usearch_and_onnx_live_in_one_process(order: tuple[str, str]) -> None:
    installed.engine("vector", "usearch")
    pytest.importorskip("onnxruntime")
    imports = {"vector": "import strata.vector.usearch", "embedder": "import onnxruntime"}
    code = "\n".join(imports[layer] for layer in order)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_library_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    monkeypatch.delitem(sys.modules, "strata.topics.igraph", raising=False)
    with pytest.raises(MissingLibraryError, match=r"topics engine igraph needs .*pip install 'retrospeed\[igraph\]'"):
        load("topics", "igraph")


def test_a_missing_library_does_not_become_the_stores_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with strata.open(tmp_path) as stack:
        stack.ingest([Event(event_id="e", session_id="s", timestamp=0, text="the orders index broke")])
        stack.build(["toc", "bm25"])
    monkeypatch.setitem(sys.modules, "tantivy", None)
    monkeypatch.delitem(sys.modules, "strata.bm25.tantivy", raising=False)
    with strata.open(tmp_path, bm25="tantivy") as stack, pytest.raises(MissingLibraryError):
        stack.build(["toc"])
    with strata.open(tmp_path) as stack:
        assert [hit.doc_id for hit in stack.search("bm25", "orders")] == ["e"]


def test_no_default_needs_an_extra_and_nothing_but_tests_needs_igraph() -> None:
    assert not any(ENGINES[layer][name].endswith("]") for layer, name in DEFAULTS.items())
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]
    wanted = {
        extra: needs for extra, needs in project["optional-dependencies"].items() if extra not in ("igraph", "dev")
    }
    assert not any("igraph" in need for needs in [project["dependencies"], *wanted.values()] for need in needs)
    for engines in ENGINES.values():
        for place in engines.values():
            extra = place.partition("[")[2].removesuffix("]")
            assert not extra or extra in project["optional-dependencies"]


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
