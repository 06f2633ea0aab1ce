"""The `strata` command, or one sentence where the libraries that it needs are not installed."""

import sys


def main() -> None:
    """Run the command."""
    try:
        from strata.cli import main as command

        command()
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] == "strata":
            raise
        print(
            f'strata: the library {missing.name} is not installed: pip install "retrospeed[strata]" brings it, or '
            "in a checkout pip install -c constraints.txt -e '.[strata]'",
            file=sys.stderr,
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
