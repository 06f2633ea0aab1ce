"""The study of what embedders cost: it runs, each in a process of its own, and says who imports torch."""

import json
from pathlib import Path

from tests.studies.test_growth import study


def test_the_embedder_study_measures_every_one_asked_for(tmp_path: Path) -> None:
    done = study(
        "embedder_cost", "--embedder", "onnx", "--embedder", "static", "--repeats", "1", "--count", "20",
        "--json", str(tmp_path / "cost.json"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "cost.json").read_text())
    assert list(found) == ["onnx", "static"]
    for row in found.values():
        assert row["imports_torch"] is False
        assert min(row["first_vector_seconds"], row["query_seconds"], row["texts_per_second"]) > 0
        assert row["peak_bytes"] > 1e7
