"""``retrospeed explain COMMIT BENCH``: which functions a commit's difference went into."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from retrospeed import asv_config, options, whole_file
from retrospeed.errors import RetrospeedError
from retrospeed.exit_codes import ExitCode
from retrospeed.explain import commits, issue, json_form, page, terminal
from retrospeed.explain.explanation import explain as explained
from retrospeed.gate import builds, limits
from retrospeed.gate.progress import Bar
from retrospeed.interruption import terminated_like_interrupted
from retrospeed.report import table


def explain(
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="The culprit; it is compared with its parent.")],
    bench: Annotated[str, typer.Argument(metavar="BENCH", help="The benchmark, with its parameters if it has any.")],
    against: Annotated[
        str | None, typer.Option("--against", help="Compare with this commit instead of the parent.")
    ] = None,
    profile_rounds: Annotated[
        int,
        typer.Option(
            "--profile-rounds",
            min=2,
            help="How often both are profiled, each time anew; up to three times as often if need be.",
        ),
    ] = 5,
    issue_file: Annotated[
        Path | None, typer.Option("--issue", help="Also write the text of an issue, in Markdown, to this file.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Also write a page with the differential flame graph to this file.")
    ] = None,
    json_file: options.JsonFile = None,
    environment: options.Environment = None,
    thresholds_file: options.ThresholdsFile = None,
    config: options.Config = None,
) -> None:
    """Measure and profile COMMIT and its parent in alternation, and say which functions the difference went into.

    Exits 0 if the profile accounts for a confirmed difference, 2 if there is nothing to compare, 4 if no difference is
    confirmed or the profile does not account for it.
    """
    suite = asv_config.load(config)
    repository = suite.repository
    if repository is None:
        raise RetrospeedError(
            f"The repository that {suite.config_file} names is not on this machine; asv clones it with `asv run`."
        )
    base, head = commits.pair_of_commits(repository, commit, against)
    rules = limits.load(thresholds_file, suite.benchmark_dir)
    again = ["retrospeed", "explain", head[:8], bench, *(["--against", base[:8]] if against else [])]
    with terminated_like_interrupted() as interruption, Bar(interruption.check) as bar:
        built = builds.build(suite.config_file, base, head, environment)
        found = explained(built, repository, bench, rules, profile_rounds, shlex.join(again), bar)
    if json_file is not None:
        whole_file.write(json_file, json_form.encode(found))
    if html_file is not None:
        whole_file.write(html_file, page.html(found).encode())
    if issue_file is not None:
        whole_file.write(issue_file, issue.markdown(found).encode())
    terminal.show(found, table.console())
    confirmed = found.is_confirmed and found.cause.accounts
    raise typer.Exit(ExitCode.OK if confirmed else ExitCode.INCONCLUSIVE)
