"""The study of indexing a source tree: it runs, and its figures are of the tree that was asked for."""

import json
from pathlib import Path

from tests.studies.test_growth import study


def test_the_code_study_measures_first_and_second_runs(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(40):
        (tree / f"module_{number}.py").write_text(f"def parse_{number}(text):\n" + "    text += 'x'\n" * number)
    (tree / "image.png").write_bytes(b"\0")
    done = study(
        "code_index", "--tree", str(tree), "--files", "12", "--lines", "230", "--json", str(tmp_path / "code.json")
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "code.json").read_text())
    assert (found["files"], found["lines"]) == (12, 234)
    keyword, static, same, changed = found["cases"].values()
    assert (keyword["chunks"], static["chunks"], same["chunks"], changed["chunks"]) == (12, 12, 0, 10 + 10)
    assert (static["unchanged"], same["unchanged"], changed["unchanged"]) == (0, 12, 2)
    assert all(case["seconds"] > 0 and case["peak_bytes"] > 1e7 for case in found["cases"].values())
    assert "parse_" in done.stdout
