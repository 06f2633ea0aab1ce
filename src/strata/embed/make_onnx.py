"""Program: write the whole model, from word piece ids to unit vectors, as one ONNX file.

    python -m strata.embed.make_onnx WEIGHTS_FOLDER EMPTY_FOLDER

What is exported is the sentence-transformers pipeline itself, so pooling and normalisation are as the model's own
configuration says. The file is compared with the pipeline before the program ends well.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer

TOLERANCE = 1e-5


class _Pipeline(torch.nn.Module):
    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.model({"input_ids": input_ids, "attention_mask": attention_mask})[
            "sentence_embedding"
        ]
        return vectors


def main(weights: Path, folder: Path) -> None:
    """Write `model.onnx` and what goes with it. Raises RuntimeError if its vectors are not the model's."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pipeline = _Pipeline(SentenceTransformer(str(weights), device="cpu")).eval()
    # Two texts of different length: a size of 1 would be taken for a constant.
    mask = torch.tensor([[1] * 12, [1] * 7 + [0] * 5])
    ids = torch.randint(1000, 30_000, mask.shape) * mask
    dynamic = {0: torch.export.Dim("batch", min=1, max=4096), 1: torch.export.Dim("length", min=2, max=512)}
    file = folder / "model.onnx"
    torch.onnx.export(
        pipeline,
        (ids, mask),
        file,
        input_names=["input_ids", "attention_mask"],
        output_names=["vectors"],
        dynamic_shapes={"input_ids": dynamic, "attention_mask": dynamic},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    for batch, length in ((1, 2), (3, 30), (2, 256)):
        mask = torch.ones((batch, length), dtype=torch.long)
        mask[-1, 1 + length // 2 :] = 0
        ids = torch.randint(1000, 30_000, mask.shape) * mask
        with torch.inference_mode():
            expected = pipeline(ids, mask).numpy()
        (found,) = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        if (difference := float(np.abs(found - expected).max())) > TOLERANCE:
            raise RuntimeError(f"the exported model's vectors differ by {difference:.1e} from the model's")
    for name in ("tokenizer.json", "sentence_bert_config.json"):
        shutil.copyfile(weights / name, folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
