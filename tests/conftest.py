"""What holds for every test."""

import signal

import hypothesis
import pytest

# How long an example takes is for benchmarks to say: beside other jobs, any may take a second.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# A runner that starts the tests behind a shell's `&` or nohup has Ctrl-C ignored in them, and processes inherit that;
# the tests that interrupt a command would wait for it in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = (
    "test_documented_commands.py",
    "retrospeed/bisect/test_command.py",
    "retrospeed/gate/test_behaviour.py",
    "retrospeed/explain/test_profiles.py",
    "retrospeed/nightly/test_inquiry.py",
    "benchmarks/test_runs.py",
    "retrospeed/backfill/test_backfill.py",
    "retrospeed/nightly/test_nights.py",
    "strata/test_embedder_contract.py",
    "retrospeed/environments/test_layered.py",
    "retrospeed/gate/test_verdicts.py",
    "retrospeed/watch/test_measure.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first: they are shared out whole, and at the end no worker should have to wait."""
    place = {f"tests/{name}": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))
