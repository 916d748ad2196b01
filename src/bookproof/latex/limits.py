"""Keep one formula from taking the machine: time, depth, size."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from bookproof.latex.errors import FormulaError, TooLarge

SECONDS = 5.0
MAX_BITS = 4096
MAX_DIGITS = 1233  # the decimal digits of 4096 bits
MAX_TERMS = 1_000_000
MAX_ENTRIES = 10_000_000
MAX_WORK = 1_000_000_000
_DEEP = 20_000


def affordable(entries: int, work: int) -> None:
    """Refuse an operation on arrays that cannot be stopped half way.

    The time limit of a claim is a signal, and a signal waits until NumPy
    comes back; so each call must be short: `entries` numbers in the result,
    about `work` multiplications.
    """
    if entries > MAX_ENTRIES:
        raise TooLarge(f"an array of {entries:,} numbers is too large")
    if work > MAX_WORK:
        raise TooLarge("these matrices are too large to compute with here")


@contextmanager
def deep() -> Iterator[None]:
    """Room for the recursion of a formula of the allowed depth."""
    before = sys.getrecursionlimit()
    if before >= _DEEP:
        yield
        return
    sys.setrecursionlimit(_DEEP)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class _TimeUp(BaseException):
    """No `except` on the way up may take this for an error of its own."""


@contextmanager
def limited(seconds: float | None = None) -> Iterator[None]:
    """Stop with an error after `seconds` (by default SECONDS), where the
    platform can.

    Seconds of computing, not of waiting: the verdict must be the same on a
    busy machine.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    allowed = SECONDS if seconds is None else seconds

    def stop(signum: int, frame: FrameType | None) -> None:
        raise _TimeUp

    handler = signal.signal(signal.SIGVTALRM, stop)
    before, _ = signal.setitimer(signal.ITIMER_VIRTUAL, allowed)
    try:
        yield
    except _TimeUp:
        raise FormulaError(
            f"evaluating took longer than {allowed:g} seconds", rule="limit"
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, before)
        signal.signal(signal.SIGVTALRM, handler)
