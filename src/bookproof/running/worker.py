"""One chapter, run once, forward: `python -m bookproof.running.worker PARENT`.

The process PARENT (`run.py`) pickles a `Request` to standard input; the worker
writes one JSON event a line.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
from typing import IO, Any

from bookproof.judging.verify import State, spent
from bookproof.latex import limits
from bookproof.request import Request
from bookproof.running import leftovers
from bookproof.running.forward import Runner

MEMORY = 4 * 2**30
"""Bytes of address space that a chapter may use."""

WATCHED = 10
"""How many times longer a claim may take while coverage.py looks on."""


def main() -> None:
    """Serve one request."""
    # No cell may see the number: a page would differ from run to run.
    leftovers.end_with_parent(int(sys.argv.pop()))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    request: Request = pickle.load(sys.stdin.buffer)
    # What cells or their child processes write to the real standard output
    # must not mix with the events.
    events: IO[str] = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)

    process = os.getpid()

    def emit(event: dict[str, Any]) -> None:
        if os.getpid() != process:
            os._exit(0)  # a copy that a cell has made of us is no witness
        events.write(json.dumps(event) + "\n")
        events.flush()

    measured = _coverage()
    if measured is not None:
        limits.SECONDS *= WATCHED
    state = State(request)
    Runner(state, emit).run()
    if measured is not None:
        measured.stop()  # the parent ends us as soon as we say "done"
        measured.save()
    report = {**state.uses.recorder.report(), "seconds": spent()}
    report["each"] = [*state.spent.items()]
    emit({"event": "done", "report": report})
    events.close()
    os._exit(0)  # threads that a cell left behind must not keep us


def _coverage() -> Any:
    """What looks on when `bookproof coverage` started us, else None."""
    coverage = sys.modules.get("coverage")
    return coverage.Coverage.current() if coverage else None


if __name__ == "__main__":
    main()
