"""Processes that run at the same time get a share of each CPU, and are bound to none."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrospeed.gate.cpu_swaps import move, swapped, threads

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or not Path("/proc/self/stat").exists() or len(os.sched_getaffinity(0)) < 2,
    reason="needs Linux and two CPUs",
)
SPINS = "while True: pass"
SPINS_IN_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPINS!r}])"
SPINS_WHERE_IT_CHOSE = f"import os; os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})\n{SPINS}"


def cpu_of(thread: int) -> int:
    return int(Path(f"/proc/{thread}/stat").read_text().rpartition(")")[2].split()[36])


def busiest(session: int) -> int:
    """The thread of a session that worked most."""

    def ticks(thread: int) -> int:
        return int(Path(f"/proc/{thread}/stat").read_text().rpartition(")")[2].split()[11])

    return max(threads(session), key=ticks)


@pytest.fixture
def sessions() -> Iterator["Sessions"]:
    started = Sessions()
    yield started
    started.end()


class Sessions:
    """Programs, each in a session of its own."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, program: str) -> int:
        self._running.append(subprocess.Popen([sys.executable, "-c", program], start_new_session=True))
        return self._running[-1].pid

    def end(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def test_both_see_both_cpus_and_so_does_what_they_start(sessions: Sessions) -> None:
    both = [sessions.start(SPINS), sessions.start(SPINS_IN_A_CHILD)]
    while len(threads(both[1])) < 2:
        time.sleep(0.01)
    time.sleep(0.5)
    spinning = [busiest(session) for session in both]
    assert spinning[0] == both[0] and spinning[1] != both[1]
    seen: list[list[int]] = [[], []]
    with swapped(both):
        for _ in range(100):
            time.sleep(0.02)
            for place, thread in enumerate(spinning):
                seen[place].append(cpu_of(thread))
    assert all(len(set(cpus)) == 2 and 20 <= cpus.count(cpus[0]) <= 80 for cpus in seen), seen
    assert [os.sched_getaffinity(thread) for thread in spinning] == [os.sched_getaffinity(0)] * 2


def test_who_chose_a_cpu_keeps_it(sessions: Sessions) -> None:
    chosen = {min(os.sched_getaffinity(0))}
    both = [sessions.start(SPINS_WHERE_IT_CHOSE), sessions.start(SPINS)]
    while os.sched_getaffinity(both[0]) != chosen:
        time.sleep(0.01)
    with swapped(both):
        time.sleep(0.5)
        assert os.sched_getaffinity(both[0]) == chosen
    assert os.sched_getaffinity(both[0]) == chosen


def test_one_alone_is_left_where_it_is(sessions: Sessions) -> None:
    alone = sessions.start(SPINS)
    before = os.sched_getaffinity(alone)
    with swapped([alone]):
        assert os.sched_getaffinity(alone) == before


def test_what_is_gone_or_not_allowed_is_no_error(sessions: Sessions) -> None:
    session = sessions.start("pass")
    sessions.end()
    assert threads(session) == []
    move(session, 0)
    move(os.getpid(), 10_000)
    assert 10_000 not in os.sched_getaffinity(0)
