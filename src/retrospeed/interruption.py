"""Ends what runs for long in the same way however it is asked to end."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Interruption:
    """Whether the run was asked to end; if so, the signals are ignored from then on."""

    def __init__(self) -> None:
        self.asked = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if it was, in case the first one was lost: Python drops what finalizers raise."""
        if self.asked:
            raise KeyboardInterrupt

    def _ask(self, *_: object) -> None:
        # One is enough: what is left to do then (ending the workers, telling what is known) takes a moment, and broken
        # off it would leave processes behind.
        if not self.asked:
            self.asked = True
            raise KeyboardInterrupt


@contextmanager
def terminated_like_interrupted() -> Iterator[Interruption]:
    """Have SIGTERM end the run as Ctrl-C does: a cancelled CI job must not leave workers behind either."""
    interruption = Interruption()
    # Where a shell has Ctrl-C ignored, as behind nohup, it stays ignored.
    signals = [signal.SIGTERM] + [signal.SIGINT] * (signal.getsignal(signal.SIGINT) is not signal.SIG_IGN)
    before = {number: signal.signal(number, interruption._ask) for number in signals}
    unraisable = sys.unraisablehook

    def quietly(lost: "sys.UnraisableHookArgs") -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            unraisable(lost)

    sys.unraisablehook = quietly
    try:
        yield interruption
    finally:
        sys.unraisablehook = unraisable
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if interruption.asked else handler)
