"""The cache of vectors: addressed by content, filled by the pinned model in another process, never half-written."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.workloads import vectors
from benchmarks.workloads.workload import WorkloadError


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETROSPEED_CACHE", str(tmp_path / "inputs"))
    return tmp_path / "inputs"


def test_texts_are_embedded_once(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["the kiln is hot", "an oven for clay", "payroll is late"]
    first = np.array(vectors.load(texts))
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    assert first[0] @ first[1] > first[0] @ first[2]
    monkeypatch.setattr(vectors, "_PROGRAM", Path("no-such-program.py"))
    np.testing.assert_array_equal(vectors.load(texts), first)
    assert len(list(cache_folder.rglob("*.npy"))) == 1


def test_other_texts_have_another_place(cache_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys, numpy\n"
        "texts = json.load(open(sys.argv[1]))\n"
        "numpy.save(sys.argv[2], numpy.zeros((len(texts), 384), numpy.float32))\n"
    )
    monkeypatch.setattr(vectors, "_PROGRAM", program)
    for texts in (["a", "b"], ["ab"], ["b", "a"]):
        assert vectors.load(texts).shape == (len(texts), 384)
    assert len(list(cache_folder.rglob("*.npy"))) == 3


def test_a_failed_embedding_leaves_nothing(cache_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("raise SystemExit('out of memory')")
    monkeypatch.setattr(vectors, "_PROGRAM", program)
    with pytest.raises(WorkloadError, match=r"embedding 1 texts failed: .*out of memory"):
        vectors.load(["a"])
    assert not [file for file in cache_folder.rglob("*") if file.is_file()]


def test_a_missing_model_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors.model_checksum.cache_clear()
    monkeypatch.setattr(vectors, "_PACKAGE", "no_such_package")
    with pytest.raises(WorkloadError, match="no_such_package is not installed"):
        vectors.load(["a"])
    vectors.model_checksum.cache_clear()


def test_a_cache_entry_of_another_shape_is_refused(cache_folder: Path) -> None:
    from benchmarks.workloads.workload import digest

    file = cache_folder / vectors.model_checksum()[:16] / f"{digest(['a'])[:32]}.npy"
    file.parent.mkdir(parents=True)
    np.save(file, np.zeros((3, 3), np.float32))
    with pytest.raises(WorkloadError, match="delete it"):
        vectors.load(["a"])
