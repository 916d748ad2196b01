"""Limits of time that are the same on a busy machine as on a quiet one.

What a process spends in the queue for a processor does not count; what it
sleeps does, and so does what it computes. Linux tells how long a process
stood in the queue; elsewhere every second counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

NAP = 0.05
"""So long it is slept at least before looking again."""


@dataclass
class Clock:
    """So many seconds, from now, for a process and whatever it has started."""

    process: int
    seconds: float
    begun: float = field(default_factory=time.monotonic)
    queued: dict[int, float] = field(init=False)

    def __post_init__(self) -> None:
        self.queued = _queues(self.process)

    def left(self) -> float:
        """The seconds that are left to it; none, or less, when it is late."""
        left = self.begun + self.seconds - time.monotonic()
        if left > 0:
            return left
        now = _queues(self.process)
        queued = (
            seconds - self.queued.get(process, 0.0)
            for process, seconds in now.items()
        )
        return left + max(queued, default=0.0)

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return self.left() <= 0

    def nap(self) -> float:
        """How long to sleep before looking again."""
        return max(self.left(), NAP)


def _queues(process: int) -> dict[int, float]:
    """How long this process and its children have stood in the queue."""
    found: dict[int, float] = {}
    todo = [process]
    while todo:
        each = todo.pop()
        folder = Path(f"/proc/{each}/task/{each}")
        try:
            words = (folder / "schedstat").read_text().split()
            found[each] = int(words[1]) / 1e9
            children = (folder / "children").read_text().split()
        except (OSError, ValueError, IndexError):
            continue
        todo += map(int, children)
    return found
