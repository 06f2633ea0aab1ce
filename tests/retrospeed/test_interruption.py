"""A request to end a run is not lost, wherever it comes."""

import os
import signal
import sys

import pytest

from retrospeed.interruption import terminated_like_interrupted


class Finalized:
    """Is interrupted while Python finalizes it, where an exception is dropped."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)
        for _ in range(1000):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_python_drops_is_remembered(number, capsys) -> None:
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    hook = sys.unraisablehook
    try:
        with pytest.raises(KeyboardInterrupt), terminated_like_interrupted() as interruption:
            interruption.check()
            Finalized(number)
            interruption.check()
        assert capsys.readouterr().err == ""
        assert sys.unraisablehook is hook
        # Whoever asks twice must not break what is still to be told.
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        for each, earlier in handlers.items():
            signal.signal(each, earlier)


def test_what_was_there_before_is_restored_where_nobody_asked() -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with terminated_like_interrupted():
        assert signal.getsignal(signal.SIGTERM) is not handlers[1]
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_what_the_shell_has_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with terminated_like_interrupted() as interruption:
            os.kill(os.getpid(), signal.SIGINT)
            interruption.check()
    finally:
        signal.signal(signal.SIGINT, before)
