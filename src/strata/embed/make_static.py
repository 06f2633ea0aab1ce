"""Program: distil the model into one vector a word piece, so that embedding is a weighted mean.

    python -m strata.embed.make_static WEIGHTS_FOLDER EMPTY_FOLDER

The method is that of model2vec (Tulkens and van Dongen, 2024, github.com/MinishLab/model2vec): each piece of the
vocabulary goes through the model alone, the pooled outputs are rotated and cut to their principal components, and each
is weighted by a / (a + p), smooth inverse frequency (Arora, Liang and Ma, ICLR 2017), where p follows Zipf's law over
the order of the vocabulary. The package itself is not used: model2vec 0.10 distils only with transformers before 5.4.
"""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

DIMENSIONS = 256
SMOOTHING = 1e-4
"""The `a` of the weights."""
BATCH = 256
NEVER_SEEN = re.compile(r"\[(?:unused\d+|PAD|UNK|CLS|SEP|MASK)\]")


def main(weights: Path, folder: Path) -> None:
    """Write `table.npy`, float32 of shape (vocabulary, 256), and the tokenizer into `folder`.

    Row 0, that of the padding, is what the model makes of no text at all; other pieces that no text has are 0.
    """
    torch.set_num_threads(1)
    pieces = (weights / "vocab.txt").read_text(encoding="utf-8").splitlines()
    kept = np.array([row for row, piece in enumerate(pieces) if not NEVER_SEEN.fullmatch(piece)])
    model = SentenceTransformer(str(weights), device="cpu").eval()
    cls, sep = pieces.index("[CLS]"), pieces.index("[SEP]")
    pooled = np.concatenate(
        [
            _pooled(model, [[cls, int(piece), sep] for piece in kept[start : start + BATCH]])
            for start in range(0, len(kept), BATCH)
        ]
    )
    mean, components = _principal(pooled, DIMENSIONS)
    frequency = 1 / np.arange(2, len(kept) + 2)
    weight = SMOOTHING / (SMOOTHING + frequency / frequency.sum())
    table = np.zeros((len(pieces), DIMENSIONS), np.float32)
    table[kept] = (pooled - mean) @ components * weight[:, None]
    table[0] = (_pooled(model, [[cls, sep]])[0] - mean) @ components
    np.save(folder / "table.npy", table)
    shutil.copyfile(weights / "tokenizer.json", folder / "tokenizer.json")


def _pooled(model: SentenceTransformer, ids: list[list[int]]) -> NDArray[np.float64]:
    """The model's output for texts of equal length, pooled and not normalised, shape (texts, 384)."""
    given = torch.tensor(ids)
    with torch.inference_mode():
        # The first two modules are the transformer and its pooling, the third normalises.
        features = model[1](model[0]({"input_ids": given, "attention_mask": torch.ones_like(given)}))
    return np.asarray(features["sentence_embedding"].numpy(), np.float64)


def _principal(values: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of the rows, and the directions in which they vary most as columns, shape (width, count)."""
    mean = values.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(values, rowvar=False))
    components = vectors[:, ::-1][:, :count]
    # The sign of a direction is arbitrary; made the same everywhere, so are the vectors.
    largest = components[np.abs(components).argmax(axis=0), np.arange(count)]
    return mean, components * np.sign(largest)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
