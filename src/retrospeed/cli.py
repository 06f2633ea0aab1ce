"""The ``retrospeed`` command: the verbs, and how errors leave the program."""

import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from retrospeed import baseline
from retrospeed.backfill.command import backfill
from retrospeed.bisect.command import bisect
from retrospeed.compare import compare
from retrospeed.errors import RetrospeedError
from retrospeed.exit_codes import ExitCode
from retrospeed.explain.command import explain
from retrospeed.gate.command import gate
from retrospeed.nightly.command import nightly
from retrospeed.show import show
from retrospeed.watch.command import watch

_INTERRUPTED = 130


class VerbGroup(TyperGroup):
    """Turns what a verb raises into one sentence and exit 2: nothing but a verdict may exit 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; see the class."""
        try:
            return super().invoke(ctx)
        except RetrospeedError as error:
            typer.echo(f"retrospeed: {error}", err=True)
            raise typer.Exit(ExitCode.CANNOT_WORK) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(_INTERRUPTED) from error


app = typer.Typer(
    cls=VerbGroup,
    name="retrospeed",
    help="Which commit made a benchmark slower, hungrier or worse? Judges the results of any asv suite.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(compare)
app.command()(gate)
app.command()(bisect)
app.command()(backfill)
app.command()(explain)
app.command()(nightly)
app.add_typer(baseline.app)
app.command()(show)
app.command()(watch)


@app.callback()
def _retrospeed() -> None:
    # A callback keeps typer from making the only verb the whole command.
    pass


def main() -> None:
    """Entry point of the command line."""
    try:
        app(prog_name="retrospeed")
    except Exception:
        # A defect of ours must not look like a severe verdict, which Python's own exit status 1 would.
        traceback.print_exc()
        sys.exit(ExitCode.CANNOT_WORK)
