"""Builds asv's site, with a page of what ``watch`` sees in the history."""

from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.errors import RetrospeedError
from retrospeed.nightly import measuring
from retrospeed.nightly.request import Tell
from retrospeed.watch import page, site
from retrospeed.watch.command import watched


def publish(suite: Suite, machine: str, thresholds_file: Path | None, tell: Tell) -> list[str]:
    """Build the site; a line for each part of it that could not be built."""
    tell("publishing")
    status, output = measuring.asv(suite, ["publish", "--config", suite.config_file.name])
    if status:
        last = [line.strip() for line in output.splitlines() if line.strip()]
        return [f"the site: asv publish failed: {last[-1] if last else 'it said nothing'}"]
    if not page.is_available():
        return ["the page of charts: it needs `pip install retrospeed[site]`"]
    try:
        file = suite.html_dir / f"history-{machine}.html"
        page.write(watched(suite, machine_name=machine, thresholds_file=thresholds_file), file)
        site.link(file, suite.html_dir, machine)
    except RetrospeedError as error:
        return [f"the page of charts: {error}"]
    return []
