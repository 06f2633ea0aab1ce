"""Builds asv's site, with asv-tachyon's over it where that is installed, and the pages of ``watch`` in it."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.errors import RetrospeedError
from retrospeed.nightly import measuring
from retrospeed.nightly.request import Tell
from retrospeed.result_store import ResultStore
from retrospeed.watch import page, site
from retrospeed.watch.command import watched


def publish(suite: Suite, thresholds_file: Path | None, tell: Tell) -> list[str]:
    """Build the site; a line for each part of it that could not be built."""
    tell("publishing")
    status, output = measuring.asv(suite, ["publish", "--config", suite.config_file.name])
    if status:
        return [f"the site: asv publish failed: {measuring.last_line(output)}"]
    missing = []
    if find_spec("asv_tachyon") is not None:
        command = [sys.executable, "-m", "asv_tachyon", "install", str(suite.html_dir)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            missing.append(f"asv-tachyon's site: {measuring.last_line(done.stderr)}")
    if not page.is_available():
        return [*missing, "the pages of charts: they need `pip install retrospeed[site]`"]
    for machine in ResultStore(suite.results_dir).machines():
        try:
            site.install(suite, [watched(suite, machine_name=machine, thresholds_file=thresholds_file)])
        except RetrospeedError as error:
            missing.append(f"the page of charts of {machine}: {error}")
    return missing
