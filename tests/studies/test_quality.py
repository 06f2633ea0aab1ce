"""The study of quality: its metrics against their definitions, its cache, and a whole run where the data is."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.strata.letters import LetterCounts

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(STUDIES))


def test_ndcg_and_recall_follow_their_definitions() -> None:
    from judged import ndcg, recall

    assert ndcg(["a", "b"], {"a": 1}) == 1
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(1 / math.log2(3))
    assert ndcg(["a", "b"], {"a": 1, "b": 2}) == pytest.approx((1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)))
    assert ndcg([*"0123456789", "a"], {"a": 1}) == 0
    assert recall(["a", "x"], {"a": 1, "b": 1}) == 0.5
    assert recall([*"0123456789", "a"], {"a": 1}) == 0


def test_a_text_is_embedded_once_for_all_runs(tmp_path: Path) -> None:
    from vector_cache import CachedEmbedder

    class Counting(LetterCounts):
        asked: list[str] = []  # noqa: RUF012

        def embed(self, texts):  # type: ignore[no-untyped-def]
            self.asked.extend(texts)
            return super().embed(texts)

    first = CachedEmbedder(Counting(), tmp_path).embed(["abc", "def", "abc"])
    again = CachedEmbedder(Counting(), tmp_path).embed(["def", "abc"])
    assert Counting.asked == ["abc", "def"]
    np.testing.assert_array_equal(first[[1, 0]], again)


@pytest.mark.skipif("RETROSPEED_DATA" not in os.environ, reason="RETROSPEED_DATA is not set: no judged collection here")
def test_the_judged_collections_are_read_whole() -> None:
    from judged import beir, conversations

    data = Path(os.environ["RETROSPEED_DATA"])
    abstracts, talks = beir(data / "scifact"), conversations(data / "locomo")
    assert (len(abstracts.events), len(abstracts.questions)) == (5183, 300)
    assert (len(talks.events), len(talks.questions)) == (5882, 1536)
    known = {event.event_id for event in abstracts.events}
    assert all(question.relevant.keys() <= known for question in abstracts.questions)


def test_the_study_says_what_it_needs(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "RETROSPEED_DATA"}
    done = subprocess.run(
        [sys.executable, str(STUDIES / "quality.py")],
        env=environment | {"PYTHONPATH": str(STUDIES.parent / "src")},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "RETROSPEED_DATA" in done.stderr


def test_the_study_measures_the_embedder_that_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    (folder / "qrels").mkdir(parents=True)
    texts = {"d1": "The telescope weighs 40 kg.", "d2": "Tides follow the moon.", "d3": "Bread rises in an hour."}
    (folder / "corpus.jsonl").write_text(
        "".join(json.dumps({"_id": name, "title": "", "text": text}) + "\n" for name, text in texts.items())
    )
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q1", "text": "what moves the tides"}) + "\n")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1\n")
    done = subprocess.run(
        [sys.executable, str(STUDIES / "quality.py"), "--beir", str(folder), "--embedder", "static"],
        env=os.environ | {"PYTHONPATH": str(STUDIES.parent / "src"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "embedder static" in done.stdout
    (kept,) = (tmp_path / ".asv" / "embeddings" / "static").glob("*.npz")
    with np.load(kept) as cached:
        assert cached["vectors"].shape == (4, 256)
