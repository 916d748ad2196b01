"""Ends what a worker has left behind: processes that its cells have started
in a session of their own, which a signal to the worker's group does not reach.

They are known by a setting that every process of the worker inherits. Linux
shows it in `/proc`; elsewhere, and of a process that has been given another
environment, nobody can tell.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ROUNDS = 100
"""A process may start another one while it is looked for."""


def end(setting: str) -> None:
    """Kill every process that has this setting (`NAME=value`)."""
    for _ in range(_ROUNDS):
        found = [*_having(setting.encode())]
        for process in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        if not found:
            return


def _having(setting: bytes) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if setting in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)
