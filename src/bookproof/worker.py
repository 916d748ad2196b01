"""One chapter, run once, forward: `python -m bookproof.worker`.

The parent (`run.py`) pickles a `Request` to standard input; the worker writes
one JSON event a line.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
from typing import IO, Any

from bookproof.forward import Runner
from bookproof.verify import Request, State

MEMORY = 4 * 2**30
"""Bytes of address space that a chapter may use."""


def main() -> None:
    """Serve one request."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    request: Request = pickle.load(sys.stdin.buffer)
    # What cells or their child processes write to the real standard output
    # must not mix with the events.
    events: IO[str] = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)

    def emit(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    Runner(State(request), emit).run()
    _save_coverage()
    emit({"event": "done"})
    events.close()
    os._exit(0)  # threads that a cell left behind must not keep us


def _save_coverage() -> None:
    """Write down what `bookproof coverage` sees, if it looks on: the parent
    ends us as soon as we say that we are done."""
    coverage = sys.modules.get("coverage")
    current = coverage.Coverage.current() if coverage else None
    if current is not None:
        current.stop()
        current.save()


if __name__ == "__main__":
    main()
