"""``python -m retrospeed.backfill.asv_process JOB``: one run of asv, which does not outlive whoever started it.

A worker that is killed cannot end what it started. So its end of a pipe, this program's standard input, tells: when it
closes, everything that this run started is killed, and then the run itself.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from asv import environment
from asv import main as asv_main
from asv.commands import run as asv_run
from asv.machine import Machine, MachineCollection
from asv.util import UserError

MARK = "RETROSPEED_BACKFILL_RUN"
"""Environment variable by which all processes of a run can be told from all others."""


def main(job_file: Path) -> int:
    """Run what the job file says; returns asv's exit status, and leaves what else it found in ``done.json``."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    # A worker may ignore interrupts, which is inherited; what asv measures should not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_parent, args=(os.environ[MARK],), daemon=True).start()
    _name_machine(job["machine"], job_file.with_name("machine-facts.json"))
    unbuilt, environments = _note_unbuilt(), _note_environments()
    sys.argv = ["asv", *job["arguments"]]
    try:
        asv_main.main()
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    done = {"status": status, "unbuilt": unbuilt, "environments": environments}
    job_file.with_name("done.json").write_text(json.dumps(done), encoding="utf-8")
    return status


def kill_marked(mark: str) -> None:
    """Kill every process that inherited this mark, but not this one."""
    while True:
        found = [process for process in psutil.process_iter() if process.pid != os.getpid() and _has(process, mark)]
        if not found:
            return
        for process in found:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(found, timeout=5)


def _has(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, OSError):
        return False


def _end_with_parent(mark: str) -> None:
    while os.read(0, 1):
        pass
    kill_marked(mark)
    os.kill(os.getpid(), signal.SIGKILL)


def _name_machine(name: str, file: Path) -> None:
    """Have asv take this machine by `name`: as it was described to asv here, or else as asv finds it."""
    try:
        facts = MachineCollection.load(name)
    except UserError:
        facts = Machine.get_defaults()
    MachineCollection.save(name, {**facts, "machine": name}, _path=str(file))
    # The file in the home folder is the user's.
    MachineCollection.get_machine_file_path = staticmethod(lambda: str(file))


def _note_unbuilt() -> list[str]:
    """The names of the environments in which the commit does not build, to be filled while asv runs.

    In the result file it looks the same as benchmarks that all fail.
    """
    unbuilt: list[str] = []
    skip = asv_run.skip_benchmarks

    def noting(benchmarks: Any, env: Any, *arguments: Any, **options: Any) -> Any:
        unbuilt.append(str(env.name))
        return skip(benchmarks, env, *arguments, **options)

    asv_run.skip_benchmarks = noting
    return unbuilt


def _note_environments() -> list[str]:
    """The names of all environments to be measured, to be filled while asv runs."""
    names: list[str] = []
    get = environment.get_environments

    def noting(*arguments: Any, **options: Any) -> Iterator[Any]:
        for found in get(*arguments, **options):
            names.append(str(found.name))
            yield found

    environment.get_environments = noting
    return names


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
