"""`strata route` and `strata search` over every layer, and golden explanations.

Times vary from run to run and are masked; run with UPDATE_GOLDEN=1 to write the files anew after a deliberate change.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import strata
from strata.cli import app
from strata.stack import Strata
from tests.strata.conversations import opened
from tests.strata.letters import WholeAlphabet

GOLDEN = Path(__file__).parent / "golden" / "explanations"
QUESTIONS = {
    "answer": ["what is the retry limit"],
    "explore": ["tell me about the retry limit", "--agent", "claude"],
    "locate": ["find the zebra fixtures", "-k", "3"],
    "time-boxed": ["what broke in July 2023?", "-k", "5"],
    "guessed-now": ["pizza yesterday", "-k", "3"],
    "agentic": ["quagga", "--tier", "agentic"],
    "fallback": ["xylophone", "--tier", "keyword"],
    "bounds": ["zebra gateway olives", "--min-confidence", "0.9"],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cli") / "store"
    opened(folder, ("toc", "bm25", "vector", "topics")).close()
    yield folder


@pytest.fixture(autouse=True)
def _letters(monkeypatch: pytest.MonkeyPatch) -> None:
    original = strata.open

    def by_letters(*arguments: object, **named: object) -> Strata:
        stack = original(*arguments, **named)  # type: ignore[arg-type]
        stack.__dict__["embedder"] = WholeAlphabet()
        return stack

    monkeypatch.setattr(strata, "open", by_letters)


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_golden_explanation(name: str, store: Path) -> None:
    done = CliRunner().invoke(app, ["route", str(store), *QUESTIONS[name]])
    assert done.exit_code == 0, done.output
    found = re.sub(r"\d+\.\d ms", "N ms", done.output)
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text()


def test_json_holds_hits_and_explanation(store: Path) -> None:
    done = CliRunner().invoke(app, ["route", str(store), "retry limit", "--json", "-k", "3"])
    result = json.loads(done.output)
    assert len(result["hits"]) == 3
    assert {"doc_id", "text", "confidence", "found_by"} <= result["hits"][0].keys()
    assert result["explanation"]["winner"] in ("bm25", "vector")


@pytest.mark.parametrize("layer", ["toc", "bm25", "vector", "topics"])
def test_every_layer_can_be_searched_and_shows_text(layer: str, store: Path) -> None:
    done = CliRunner().invoke(app, ["search", str(store), "retry limit", "--layer", layer, "--json"])
    hits = json.loads(done.output)
    assert hits
    assert all(hit["text"] for hit in hits)
    assert {hit["layer"] for hit in hits} == {layer}
