"""Ends what a worker has left behind: processes that its cells have started
in a session of their own, which a signal to the worker's group does not reach.

They are known by a setting that every process of the worker inherits. Linux
shows it in `/proc`; elsewhere, and of a process that has been given another
environment, nobody can tell.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_ROUNDS = 200
_PAUSE = 0.002
"""A process may start another one, or show nothing yet, while it is looked
for: it is looked for again, so often and after so many seconds."""

_PR_SET_PDEATHSIG = 1
"""What asks for a signal at the parent's death (`include/linux/prctl.h`)."""

_PF_KTHREAD = 0x00200000
"""The flag of a thread of the kernel (`include/linux/sched.h`)."""


def end_with_parent(parent: int) -> None:
    """Have this process killed when the thread that started it, of the
    process `parent`, is gone: the one that keeps its time may itself be
    killed, even before it is asked for. Linux alone can do it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def end(setting: str) -> None:
    """Kill every process that has this setting (`NAME=value`), and wait until
    they are dead."""
    for _ in range(_ROUNDS):
        found, unclear = _look(setting.encode())
        for process in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        if not found and not unclear:
            return
        time.sleep(_PAUSE)


def _look(setting: bytes) -> tuple[list[int], list[int]]:
    """The processes that have the setting, and those of which nobody can tell
    yet: while a process becomes another program, and while it dies, it shows
    no environment at all."""
    found, unclear = [], []
    started = _Status(os.getpid()).started
    for path in Path("/proc").glob("[0-9]*/environ"):
        process = int(path.parent.name)
        with suppress(OSError):  # it has ended, or is somebody else's
            environment = _environment(path)
            if setting in environment.split(b"\0"):
                found.append(process)
            elif not environment and _Status(process).may_yet_tell(started):
                unclear.append(process)
    return found, unclear


def _environment(path: Path) -> bytes:
    """What the file shows; nothing for a process without memory of its own,
    of which newer kernels say that there is no such process: it may be dying
    still."""
    try:
        return path.read_bytes()
    except ProcessLookupError:
        return b""


class _Status:
    """What `/proc/PID/stat` says of a process (see proc(5))."""

    def __init__(self, process: int) -> None:
        text = Path("/proc", str(process), "stat").read_text()
        fields = text[text.rindex(")") + 2 :].split()  # its name may have any
        self.state = fields[0]
        self.flags = int(fields[6])
        self.started = int(fields[19])

    def may_yet_tell(self, since: int) -> bool:
        """Whether it may be a living program that has begun since."""
        of_the_kernel = self.flags & _PF_KTHREAD
        return (
            self.state not in "ZX"
            and not of_the_kernel
            and self.started >= since
        )
