"""What every embedder promises, and which of them may share an index."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import strata
from strata.embed.made import form_folder
from strata.embed.onnx import FORM as ONNX
from strata.embed.packaged import packaged_folder
from strata.embed.static import FORM as STATIC
from strata.engines import ENGINES, SAME_VECTORS, load
from strata.errors import StoreError
from strata.protocols import Embedder
from strata.vector.numpy_exact import NumpyExact
from tests.strata.events import log

VARIED = [
    "",
    " \t\n",
    "a",
    "The telescope weighs 40 kg.",
    "Das Fernrohr wiegt 40 kg: schön, groß, naïve.",
    "望遠鏡の重さは四十キロです。",
    "😀🎉 an emoji\x00and a control character",
    "ﬁ Ⅳ ½ ligatures, e\u0301 decomposed",
    "word " * 400,
    "x" * 3000,
    "def parse_timestamp(value: str) -> int:\n    return int(value)\n",
]
FORMS = {"onnx": ONNX, "static": STATIC}
"""Embedders without torch, and the form of the weights that each reads."""
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}


@cache
def opened(name: str) -> Embedder:
    """One instance a session: loading is the slow part."""
    return cast(Callable[[], Embedder], load("embedder", name))()


@pytest.fixture(params=sorted(ENGINES["embedder"]))
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return opened(request.param)


def test_texts_of_one_meaning_are_near(embedder: Embedder) -> None:
    tax, return_, cat = embedder.embed(["Quarterly tax filings.", "A tax return is filed.", "The cat is napping."])
    assert tax @ return_ > 0.5 > 0.3 > tax @ cat


def test_vectors_are_unit_float32_whatever_the_text(embedder: Embedder) -> None:
    vectors = embedder.embed(VARIED)
    assert (vectors.shape, vectors.dtype) == ((len(VARIED), embedder.dimensions), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_belongs_to_its_text_whatever_is_embedded_with_it(embedder: Embedder) -> None:
    together = embedder.embed(VARIED)
    alone = np.vstack([embedder.embed([text]) for text in VARIED])
    # In bfloat16 a number has three digits, and other batch shapes add in another order.
    np.testing.assert_allclose(together, alone, atol=1e-2 if "bf16" in embedder.space else 1e-5)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_space_is_shared_by_those_alone_that_give_the_same_vectors() -> None:
    spaces = {name: opened(name).space for name in ENGINES["embedder"]}
    for one in spaces:
        for other in spaces:
            assert (spaces[one] == spaces[other]) == (SAME_VECTORS.get(one, one) == SAME_VECTORS.get(other, other))


@pytest.mark.parametrize(("name", "same"), SAME_VECTORS.items())
def test_the_same_vectors_are_equal_to_five_digits(name: str, same: str) -> None:
    np.testing.assert_allclose(opened(name).embed(VARIED), opened(same).embed(VARIED), atol=1e-5)


def test_an_index_is_not_asked_with_vectors_of_another_space(tmp_path: Path) -> None:
    NumpyExact(tmp_path, opened("static")).extend(log("the telescope"))
    with pytest.raises(StoreError, match=r"vectors of all-MiniLM-L6-v2-static.* cannot be compared with all-MiniLM"):
        NumpyExact(tmp_path, opened("onnx"))


def test_embedders_of_one_space_use_one_index_and_others_their_own(tmp_path: Path) -> None:
    with strata.open(tmp_path / "store", embedder="onnx") as stack:
        stack.ingest([entry.event for entry in log("the telescope weighs 40 kg", "the cat is napping")])
        assert stack.build(["vector"]) == {"vector": 2}
    with strata.open(tmp_path / "store", embedder="minilm") as stack:
        assert stack.search("vector", "how heavy is the telescope", 1)[0].doc_id == "e1"
        assert stack.build(["vector"]) == {"vector": 0}
    with (
        strata.open(tmp_path / "store", embedder="static") as stack,
        pytest.raises(StoreError, match="no vector index of engine numpy"),
    ):
        stack.search("vector", "how heavy is the telescope", 1)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_embedding_imports_no_torch(name: str) -> None:
    opened(name).embed(["made before"])
    program = f"""
import sys
from strata.embed.made import form_folder
from strata.embed.onnx import FORM as ONNX
from strata.embed.packaged import packaged_folder
from strata.embed.static import FORM as STATIC
from strata.engines import load
assert load("embedder", {name!r})().embed(["how heavy is the telescope"]).shape[0] == 1
assert not {{"torch", "sentence_transformers", "transformers", "sklearn"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, env=ENVIRONMENT)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux lists a process's threads")
@pytest.mark.parametrize("name", sorted(FORMS))
def test_one_thread_computes_unless_more_are_asked_for(name: str) -> None:
    program = f"""
import os, numpy, onnxruntime  # which starts a thread of its own that computes nothing
from strata.engines import load
before = len(os.listdir("/proc/self/task"))
load("embedder", {name!r})().embed(["how heavy is the telescope " * count for count in range(1, 60)])
assert len(os.listdir("/proc/self/task")) == before
"""
    subprocess.run([sys.executable, "-c", program], check=True, env=ENVIRONMENT)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_the_command_makes_a_form_and_says_where_it_is(name: str) -> None:
    command = [sys.executable, "-m", "strata", "model", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    folder = form_folder(FORMS[name])
    assert done.stdout.startswith(f"{folder}\n")
    for file in folder.glob("t*"):
        assert f"{file.stat().st_size:>12,}  {file.name}" in done.stdout


def test_the_static_table_is_what_the_model_makes_of_a_piece_weighted_by_its_rank() -> None:
    opened("static").embed(["load it"])
    table = np.load(form_folder(STATIC) / "table.npy")
    pieces = (packaged_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert table.shape == (len(pieces), 256)
    rows = {name: table[pieces.index(name)] for name in ("[unused5]", "the", "was", "telescope", "cat", "cats", "tax")}
    lengths = {name: float(np.linalg.norm(row)) for name, row in rows.items()}
    assert lengths["[unused5]"] == 0 < lengths["the"] < lengths["was"] < lengths["telescope"]

    def cosine(one: str, other: str) -> float:
        return float(rows[one] @ rows[other]) / lengths[one] / lengths[other]

    assert cosine("cat", "cats") > 0.5 > cosine("cat", "tax")
