"""Options that several verbs share, so that they read the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from retrospeed.exit_codes import FailOn

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The asv configuration; asv.conf.json in the current folder if not given."),
]
MachineName = Annotated[
    str | None,
    typer.Option("--machine", "-m", help="Whose results to read; this host's if it has any, else the only machine's."),
]
Environment = Annotated[
    str | None, typer.Option("--env", "-E", help="Look at this environment only, by its name in the result files.")
]
Bench = Annotated[
    str | None,
    typer.Option("--bench", "-b", help="Only benchmarks whose name, with parameters, matches this expression."),
]
Exclude = Annotated[str | None, typer.Option("--exclude", help="No benchmarks that match this expression.")]
ThresholdsFile = Annotated[
    Path | None,
    typer.Option("--thresholds", help="The thresholds; thresholds.toml in the benchmarks' folder if not given."),
]
FailOnLevel = Annotated[
    FailOn, typer.Option("--fail-on", help="The lowest level that fails: severe (exit 1), or warning too (exit 3).")
]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Also write the verdict to this file as JSON.")]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", help="Also write the verdict to this file as Markdown, for a comment.")
]
GitHub = Annotated[
    bool, typer.Option("--github", help="Also print GitHub annotations; on by itself in GitHub Actions.")
]
