"""What holds for every test."""

import signal

import pytest

# A runner that starts the tests behind a shell's `&` or nohup has Ctrl-C ignored in them, and processes inherit that;
# the tests that interrupt a command would wait for it in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the newcomer's clone first: it is the longest, and at the end one of two workers would have nothing to do."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/test_documented_commands.py"))
