"""Which machine's results to read. Two machines are never compared with each other."""

import platform
from typing import Any

from asv.machine import Machine, MachineCollection
from asv.util import UserError

from retrospeed.errors import ResultsError
from retrospeed.result_file import load_versioned_json
from retrospeed.result_store import MACHINE_FILE, ResultStore


def choose(store: ResultStore, wanted: str | None = None) -> str:
    """The machine asked for; else asv's machine for this host; else the only one that has results.

    Raises ResultsError listing the machines there are, if that names none or is not clear.
    """
    machines = store.machines()
    if not machines:
        raise ResultsError(f"There are no results in {store.folder}; measure something first (`asv run`).")
    if wanted is not None:
        if wanted not in machines:
            raise ResultsError(f"There are no results of machine {wanted}; there are of {', '.join(machines)}.")
        return wanted
    here = name_here()
    if here in machines:
        return here
    if len(machines) == 1:
        return machines[0]
    raise ResultsError(f"There are results of several machines, choose one with --machine: {', '.join(machines)}.")


def name_here() -> str:
    """The name under which asv stores what it measures on this host."""
    host = Machine.get_unique_machine_name()
    try:
        return str(MachineCollection.load(host).get("machine", host))
    except UserError:
        return str(host or platform.node())


def facts(store: ResultStore, machine: str) -> dict[str, Any]:
    """What asv noted of the machine (cpu, ram, os, ...), without the format version."""
    content = load_versioned_json(store.folder / machine / MACHINE_FILE, 1, "machine file")
    return {name: value for name, value in content.items() if name != "version"}
