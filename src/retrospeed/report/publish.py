"""Gives a judgement out in every form that was asked for."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from retrospeed.judgement import Judgement
from retrospeed.report import annotations, json_form, markdown, table


@dataclass(frozen=True)
class Forms:
    """The forms asked for beside the table."""

    json_file: Path | None = None
    markdown_file: Path | None = None
    github: bool = False


def publish(judgement: Judgement, forms: Forms, out: Console) -> None:
    """Write the files, then print the table and the annotations. Raises RetrospeedError if a file cannot be written."""
    if forms.json_file is not None:
        json_form.write(judgement, forms.json_file)
    if forms.markdown_file is not None:
        markdown.write(judgement, forms.markdown_file)
    table.show(judgement, out)
    if annotations.wanted(forms.github):
        for line in annotations.lines(judgement):
            # Past rich, which would fold or colour a line that GitHub must read whole.
            print(line, file=out.file)
