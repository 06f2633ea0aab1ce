"""The list of installed packages, kept where the results measured with them are."""

from pathlib import Path

from asv.results import get_filename


def keep_beside_results(results_dir: Path, since: float, environment: str, listing: Path) -> None:
    """Copy `listing` into the result folder of the machine that asv is measuring, if it is measuring one.

    The copy is named as the result files of `environment` are, with ``.freeze.txt`` for the ending and without the
    commit. `since` is when this asv was started, in seconds since the epoch: asv does not tell an environment which
    machine that is, but writes the machine's ``machine.json`` before anything is run.
    """
    written = {path: path.stat().st_mtime for path in results_dir.glob("*/machine.json")}
    # File times come from a coarser clock than time.time().
    current = [path for path, changed in written.items() if changed >= since - 1]
    if not current:
        return
    machine = max(current, key=written.__getitem__).parent
    stem = Path(get_filename("", "commit", environment)).stem.partition("-")[2]
    target, packages = machine / f"{stem}.freeze.txt", listing.read_bytes()
    if not target.exists() or target.read_bytes() != packages:
        target.write_bytes(packages)
