"""What the docs promise of formats and rules is what the code does."""

import json
import os
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from retrospeed import baseline_file, thresholds
from retrospeed.exit_codes import ExitCode
from retrospeed.explain import json_form as explanation_json
from retrospeed.nightly import report as night_report
from retrospeed.report import json_form
from retrospeed.watch import json_form as watch_json

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("verdict", json_form.json_schema()),
        ("baseline", baseline_file.json_schema()),
        ("explanation", explanation_json.json_schema()),
        ("night", night_report.json_schema()),
        ("history", watch_json.json_schema()),
    ],
)
def test_the_published_schema_is_the_one_in_use(name, schema):
    path = DOCS / "schema" / f"{name}.schema.json"
    if os.environ.get("RETROSPEED_WRITE_GOLDEN"):
        path.write_text(json.dumps(schema, indent=2) + "\n")
    assert json.loads(path.read_text()) == schema


def test_the_example_of_thresholds_is_a_thresholds_file():
    text = re.search(r"```toml\n(.*?)```", (DOCS / "thresholds.md").read_text(), re.DOTALL)
    assert text is not None
    rules = msgspec.convert(tomllib.loads(text[1]), thresholds.Thresholds)
    thresholds.check(rules, "example")
    assert rules.layer["vector"].metric["build"].severe.absolute == 0.5


def test_every_exit_status_is_documented():
    rows = re.findall(r"^\| (\d) \| ", (DOCS / "verdicts.md").read_text(), re.MULTILINE)
    assert sorted(int(row) for row in rows) == sorted(ExitCode)
