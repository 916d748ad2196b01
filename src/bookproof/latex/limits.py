"""Keep one formula from taking the machine: time, depth, size."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from bookproof.latex.errors import FormulaError

SECONDS = 5.0
MAX_BITS = 4096
MAX_TERMS = 1_000_000
_DEEP = 20_000


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
        raise FormulaError(
            f"evaluating took longer than {allowed:g} seconds", rule="limit"
        )

    handler = signal.signal(signal.SIGVTALRM, stop)
    before, _ = signal.setitimer(signal.ITIMER_VIRTUAL, allowed)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, before)
        signal.signal(signal.SIGVTALRM, handler)
