"""The list of installed packages, kept where the results measured with them are."""

from collections.abc import Mapping
from pathlib import Path

from asv.results import get_filename

ALL_LISTING = ".freeze.txt"
OPTIONAL_LISTING = ".optional.freeze.txt"


def keep_beside_results(results_dir: Path, since: float, environment: str, listings: Mapping[str, Path]) -> None:
    """Copy the listings that exist into the result folder of the machine that asv is measuring, if it is measuring one.

    `listings` are by the ending of the copy's name, which is for the rest that of the result files of `environment`
    without the commit. `since` is when this asv was started, in seconds since the epoch: asv does not tell an
    environment which machine that is, but writes the machine's ``machine.json`` before anything is run.
    """
    written = {path: path.stat().st_mtime for path in results_dir.glob("*/machine.json")}
    # File times come from a coarser clock than time.time().
    current = [path for path, changed in written.items() if changed >= since - 1]
    if not current:
        return
    machine = max(current, key=written.__getitem__).parent
    stem = Path(get_filename("", "commit", environment)).stem.partition("-")[2]
    for ending, listing in listings.items():
        target = machine / f"{stem}{ending}"
        if listing.exists() and (not target.exists() or target.read_bytes() != listing.read_bytes()):
            target.write_bytes(listing.read_bytes())
