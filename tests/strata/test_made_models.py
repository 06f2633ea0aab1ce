"""Forms of the weights that are made once: kept whole, checked at every load, made again when they are gone."""

import hashlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest

from strata.embed.made import Form, Manifest, cache_folder, ensure, form_folder
from strata.embed.onnx import OnnxMiniLm
from strata.embed.packaged import SHA256
from strata.errors import ModelError

# A form that takes no time to make; each making is counted by what it writes.
QUICK = Form(name="quick-1", module="tests.strata.quick_form", packages=("numpy",), install="install it")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_CACHE", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def test_a_form_is_made_once_with_the_checksums_of_its_files() -> None:
    folder = ensure(QUICK)
    assert folder == form_folder(QUICK)
    assert SHA256 in folder.parts
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    assert manifest.weights == SHA256
    assert manifest.made_with == {"numpy": np.__version__}
    assert manifest.files == {"made.txt": hashlib.sha256((folder / "made.txt").read_bytes()).hexdigest()}
    before = (folder / "made.txt").read_text()
    assert ensure(QUICK) == folder
    assert (folder / "made.txt").read_text() == before


def test_of_many_that_want_a_form_at_once_one_makes_it() -> None:
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: ensure(QUICK), range(4)))
    assert folders == {form_folder(QUICK)}
    assert not list(cache_folder().rglob("*.new"))


@pytest.mark.parametrize("damage", [b"", b"another content"])
def test_a_damaged_file_is_refused_and_named_until_the_folder_is_deleted(damage: bytes) -> None:
    file = ensure(QUICK) / "made.txt"
    file.write_bytes(damage)
    with pytest.raises(ModelError, match=r"made\.txt has SHA-256 .* not the recorded .*: delete .*quick-1"):
        ensure(QUICK)
    shutil.rmtree(file.parent)
    assert ensure(QUICK).joinpath("made.txt").read_bytes() != damage


def test_a_missing_file_and_a_damaged_manifest_are_refused() -> None:
    folder = ensure(QUICK)
    (folder / "made.txt").unlink()
    with pytest.raises(ModelError, match=r"cannot be read .*: delete"):
        ensure(QUICK)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match=r"cannot be read .*: delete"):
        ensure(QUICK)


def test_what_other_weights_gave_is_refused() -> None:
    manifest = ensure(QUICK) / "manifest.json"
    manifest.write_text(manifest.read_text().replace(SHA256, "0" * 64))
    with pytest.raises(ModelError, match="made from other weights"):
        ensure(QUICK)


def test_a_making_that_fails_leaves_nothing_and_says_why() -> None:
    failing = Form(name="failing-1", module="tests.strata.no_such_form", packages=(), install="install it")
    with pytest.raises(ModelError, match=r"failing-1 form of the model could not be made .*no_such_form"):
        ensure(failing)
    assert not form_folder(failing).exists()
    assert not list(cache_folder().rglob("*.new"))


def test_a_missing_package_is_named_with_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "missing.py").write_text("import torch_that_is_not_here\n")
    form = Form(name="missing-1", module="missing", packages=(), install="install it with pip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        with pytest.raises(ModelError, match=r"No module named 'torch_that_is_not_here'.*: install it with pip"):
            ensure(form)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STRATA_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"cannot keep the quick-1 form.*set STRATA_CACHE"):
        ensure(QUICK)


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == tmp_path
    monkeypatch.delenv("STRATA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache_folder() == Path("/elsewhere/strata")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "strata"


def test_onnx_runtime_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"needs the package onnxruntime.*pip install"):
        OnnxMiniLm().embed(["text"])
