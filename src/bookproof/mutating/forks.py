"""Jobs in forked copies of this process: nothing that they do remains.

A job that hangs or kills its process costs that job alone; the others of its
share go on in a new copy.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from bookproof.running import leftovers
from bookproof.running.patience import Clock

Job = Callable[[], Any]

LATE = "it ran past its limit of time"
DIED = "the process died"


@dataclass(frozen=True)
class Failed:
    """Why a job has no result."""

    why: str


def in_copies(
    jobs: Sequence[Job], copies: int, seconds: float
) -> Iterator[tuple[int, Any]]:
    """The number and the result (as JSON has it) of each job, as they end;
    `Failed` for one that raises, dies or takes longer than `seconds`."""
    shares = [list(range(len(jobs)))[each::copies] for each in range(copies)]
    team = _Team(jobs, seconds)
    try:
        for share in shares:
            team.start(share)
        while team.running:
            yield from team.wait()
    finally:
        team.close()


@dataclass
class _Copy:
    """A forked copy: the jobs left to it, and what it has half written."""

    process: int
    left: list[int]
    limit: Clock
    rest: bytes = b""


@dataclass
class _Team:
    """The copies at work, by the pipe that each writes to."""

    jobs: Sequence[Job]
    seconds: float
    running: dict[int, _Copy] = field(default_factory=dict)
    selector: selectors.BaseSelector = field(
        default_factory=selectors.DefaultSelector
    )

    def start(self, share: list[int]) -> None:
        """Fork a copy for these jobs, if there are any."""
        if not share:
            return
        reading, writing = os.pipe()
        parent = os.getpid()
        process = os.fork()
        if process == 0:
            leftovers.end_with_parent(parent)
            _work([(number, self.jobs[number]) for number in share], writing)
        os.close(writing)
        limit = Clock(process, self.seconds)
        self.running[reading] = _Copy(process, share, limit)
        self.selector.register(reading, selectors.EVENT_READ)

    def wait(self) -> list[tuple[int, Any]]:
        """What has ended next."""
        nap = min(copy.limit.nap() for copy in self.running.values())
        events = self.selector.select(nap)
        out = []
        for key, _ in events:
            out += self._read(key.fd)
        for pipe, copy in [*self.running.items()]:
            if copy.limit.late:
                out.append(self._replace(pipe, LATE))
        return out

    def _read(self, pipe: int) -> list[tuple[int, Any]]:
        copy = self.running[pipe]
        data = os.read(pipe, 1 << 16)
        if not data:
            return [self._replace(pipe, DIED)]
        *whole, copy.rest = (copy.rest + data).split(b"\n")
        out = []
        for line in whole:
            record = json.loads(line)
            failed = record["failed"]
            result = Failed(failed) if failed else record["result"]
            out.append((copy.left.pop(0), result))
            copy.limit = Clock(copy.process, self.seconds)
        if not copy.left:
            self._end(pipe)
        return out

    def _replace(self, pipe: int, why: str) -> tuple[int, Failed]:
        """Give up the job at hand; a new copy takes over the rest."""
        number, *rest = self.running[pipe].left
        self._end(pipe)
        self.start(rest)
        return number, Failed(why)

    def _end(self, pipe: int) -> None:
        copy = self.running.pop(pipe)
        self.selector.unregister(pipe)
        os.close(pipe)
        with contextlib.suppress(ProcessLookupError):
            os.kill(copy.process, signal.SIGKILL)
        os.waitpid(copy.process, 0)

    def close(self) -> None:
        """End what is still at work."""
        for pipe in [*self.running]:
            self._end(pipe)
        self.selector.close()


def _work(share: list[tuple[int, Job]], writing: int) -> NoReturn:
    """Do the jobs in the forked copy; a line for each."""
    try:
        for _, job in share:
            record: dict[str, Any] = {"result": None, "failed": ""}
            try:
                record["result"] = job()
            except BaseException as error:
                record["failed"] = f"{type(error).__name__}: {error}"
            os.write(writing, json.dumps(record).encode() + b"\n")
    finally:
        os._exit(0)
