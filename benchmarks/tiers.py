"""Which tiers are measured, and how a benchmark is skipped, never failed, where there is nothing to measure.

`RETROSPEED_TIERS` lists the enabled tiers, `small` if unset.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .workloads.synthetic import TIERS
from .workloads.workload import WorkloadError

NAMES = tuple(TIERS)
TIMEOUT = 1800.0
Prepared = dict[str, Any]


def enabled() -> list[str]:
    """The tiers to measure. Raises WorkloadError if the variable names another."""
    wanted = [name.strip() for name in os.environ.get("RETROSPEED_TIERS", NAMES[0]).split(",") if name.strip()]
    for name in wanted:
        if name not in NAMES:
            raise WorkloadError(f"RETROSPEED_TIERS names the tier {name!r}: use {', '.join(NAMES)}, commas between")
    return wanted


def need(tier: str) -> None:
    """Raises NotImplementedError, which asv takes for "skip", unless the tier is enabled."""
    if tier not in enabled():
        raise NotImplementedError(f"tier {tier} is not enabled: set RETROSPEED_TIERS={tier}")


def prepare(build: Callable[[Any], Any], keys: Iterable[Any] | None = None) -> Prepared:
    """Call `build` for each enabled tier (or each of the keys): what a `setup_cache` returns.

    asv counts a NotImplementedError in `setup_cache` as a failure, so its message is kept, and `taken` raises it
    where it means "skip".
    """
    try:
        return {"value": {key: build(key) for key in (enabled() if keys is None else keys)}}
    except NotImplementedError as missing:
        return {"missing": str(missing)}


def taken(prepared: Prepared, key: Any) -> Any:
    """What `prepare` built for a tier or key. Raises NotImplementedError where there is nothing to measure."""
    if "missing" in prepared:
        raise NotImplementedError(prepared["missing"])
    if key not in prepared["value"]:
        raise NotImplementedError(f"{key} is not enabled: see RETROSPEED_TIERS")
    return prepared["value"][key]


def once(measured: Any, again: Callable[[], Any], name: str) -> Any:
    """Samples that `setup_cache` took, the first time they are asked for; after that `again()` takes new ones.

    One measuring pass feeds several benchmarks. A second round, or the profiler, must not be given the same
    samples twice: it would count them as more evidence than they are, or profile the reading of a list. The mark is a
    file in the working directory, which is the cache's own.
    """
    mark = Path(f"taken-{name}")
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return again()
    return measured
