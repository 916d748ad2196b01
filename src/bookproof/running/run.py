"""Runs a chapter in a worker process and collects what became of it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bookproof.config import Project
from bookproof.diagnostics import Finding, Place
from bookproof.keeping.used import Used
from bookproof.outcome import Outcome, blank, runnable
from bookproof.reading.elements import (
    Cell,
    Chapter,
    Element,
    Exercise,
    Marker,
    Symbols,
)
from bookproof.request import Request
from bookproof.running import leftovers
from bookproof.running.patience import Clock

_UNWANTED = (
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "PYTHONDONTWRITEBYTECODE",
    "FORCE_COLOR",
)

LOOK_SECONDS = 0.5
"""How often a worker that is silent is looked at: does it live?"""

ROOM = 100 * 2**20
"""On a disk with less, Python would keep the first half of what it compiles,
and fail to read that ever after."""

MARK = "IPYTHONDIR"
"""What every process of a worker has in its environment, and no other."""

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Whoever sets none of them gets one thread a worker: as many workers run as
there are cores, and threads of theirs that wait for each other take four times
the processor (a chapter of decompositions: 24 seconds alone, 99 beside one)."""

START_SECONDS = 60.0
"""How long a worker may take to start."""

NOTHING: Mapping[str, Any] = {
    "worker": False,
    "ran": (),
    "read": (),
    "unseen": False,
    "seconds": 0.0,
    "each": (),
}
"""What the recorder of a run reports when nothing ran."""


@dataclass
class ChapterRun:
    """The verdicts on a chapter's elements, by their index, in order; the
    outputs of its cells; whether it came to its end."""

    chapter: Chapter
    outcomes: dict[int, Outcome]
    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    complete: bool = False
    variants: dict[str, str | None] = field(default_factory=dict)
    uses: Used = field(default_factory=Used)
    report: Mapping[str, Any] = field(default_factory=lambda: dict(NOTHING))

    @property
    def findings(self) -> list[Finding]:
        """All that does not hold, in reading order."""
        return [
            finding
            for outcome in self.outcomes.values()
            for finding in outcome.findings
        ]


def run_chapter(
    chapter: Chapter,
    project: Project,
    *,
    wanted: frozenset[int] | None = None,
    bare: bool = False,
    lines: Mapping[tuple[str, int], str] | None = None,
    facts: Mapping[str, float | None] | None = None,
    variants: Mapping[int, Sequence[tuple[str, Element]]] | None = None,
    copies: int = 1,
    library: Path | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    on_variant: Callable[[str], None] | None = None,
) -> ChapterRun:
    """Run a chapter once, forward; with `wanted`, only as far as needed for
    the elements of those indices; with `bare`, without any cell, so that
    what needs Python has no verdict. `variants` are other versions of elements,
    by index, each with a name, tried in so many `copies` of the process at a
    time: the run's `variants` then say what finding each of them led to (None:
    it survived). Modules are looked for in `library` first."""
    elements = dict(runnable(chapter))
    run = ChapterRun(
        chapter, {index: blank(index, each) for index, each in elements.items()}
    )
    if not elements:
        run.complete = True
        return run
    request = Request(
        chapter=_sent(chapter, wanted),
        root=str(project.root),
        source=str(project.source),
        macros=dict(project.macros),
        cell_seconds=project.cell_seconds,
        wanted=wanted,
        bare=bare,
        lines=dict(lines or {}),
        facts=dict(facts or {}),
        variants=dict(variants or {}),
        copies=copies,
        chapter_seconds=project.chapter_seconds,
    )
    begun: int | None = None
    with _worker(chapter, project, request, library) as worker:
        for event in worker.events():
            if event["event"] == "begin":
                begun = event["index"]
            elif event["event"] == "outputs":
                run.outputs[event["number"]] = event["outputs"]
            elif event["event"] == "uses":
                run.uses.add(event)
            elif event["event"] == "variant":
                run.variants[event["name"]] = event["found"]
                if on_variant is not None:
                    on_variant(event["name"])
            elif event["event"] == "outcome":
                outcome = Outcome.from_json(event["outcome"])
                run.outcomes[outcome.index] = outcome
                if on_outcome is not None:
                    on_outcome(outcome)
            else:
                run.complete = True
                run.report = {"worker": True, **event["report"]}
        if worker.ended_badly is not None:
            # Before its first element: the chapter's first one takes the blame.
            index = begun if begun is not None else min(elements)
            finding = worker.ended_badly(elements[index])
            run.outcomes[index] = run.outcomes[index].settle("error", finding)
    return run


def _sent(chapter: Chapter, wanted: frozenset[int] | None) -> Chapter:
    """The chapter without what the worker does not look at: to hand over ten
    thousand claims for the sake of one takes longer than to check it."""
    kept = {
        index
        for index, element in runnable(chapter)
        if wanted is None or index in wanted or _binds(element)
    }
    nothing = Element(place=Place(chapter.path, 1))
    elements = tuple(
        element if index in kept else nothing
        for index, element in enumerate(chapter.elements)
    )
    return replace(chapter, text="", elements=elements, findings=())


def _binds(element: Element) -> bool:
    """Whether what comes later may need the element."""
    if isinstance(element, Marker):
        return element.kind == "let"
    return isinstance(element, Cell | Symbols | Exercise)


class _Worker:
    """The running process, and how it ended if it ended badly."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        project: Project,
        log: Path,
        allowed: float,
    ) -> None:
        self.process = process
        self.allowed = allowed
        self.project = project
        self.log = log
        self.ended_badly: Callable[[Element], Finding] | None = None

    def events(self) -> Iterator[dict[str, Any]]:
        """Each event of the worker, until it ends or a limit is passed."""
        assert self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        limit = Clock(self.process.pid, START_SECONDS)
        end: Clock | None = None  # it begins with the first element
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while True:
                ended = self.process.poll() is not None
                clocks = [limit, end] if end else [limit]
                nap = min(clock.nap() for clock in clocks)
                if not selector.select(min(nap, LOOK_SECONDS)):
                    if ended:
                        break  # a copy of it may still hold the pipe
                    late = [clock for clock in clocks if clock.late]
                    if not late:
                        continue
                    self.ended_badly = self._late(late[0] is end)
                    return
                data = os.read(pipe, 1 << 20)
                if not data:
                    break
                end = end or Clock(self.process.pid, self.allowed)
                seconds = self.project.cell_seconds
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    event = json.loads(line)
                    yield event
                    if event["event"] == "done":
                        return
                    seconds += event.get("grace", 0.0)
                limit = Clock(self.process.pid, seconds)
        self.ended_badly = self._died()

    def _late(self, whole: bool) -> Callable[[Element], Finding]:
        project = self.project
        seconds = project.chapter_seconds if whole else project.cell_seconds
        option = "chapter_seconds" if whole else "cell_seconds"
        whose = "the chapter's" if whole else "its"

        def finding(element: Element) -> Finding:
            thing = "the cell" if isinstance(element, Cell) else "this"
            message = f"{thing} ran past {whose} limit of {seconds:g} s"
            note = (
                f"make it smaller, or raise {option} in [tool.bookproof]; "
                "nothing after it was reached"
            )
            return Finding(
                "time-limit", message, element.place, 120, notes=(note,)
            )

        return finding

    def _died(self) -> Callable[[Element], Finding]:
        status = self.process.wait()
        how = f"with exit status {status}"
        if status < 0:
            how = f"by signal {signal.Signals(-status).name}"
        words = self.log.read_text(errors="replace").strip().split("\n")[-6:]

        def finding(element: Element) -> Finding:
            message = f"the chapter's process ended {how} here"
            notes = ("nothing after it was reached", *filter(None, words))
            return Finding("died", message, element.place, 120, notes=notes)

        return finding


@contextlib.contextmanager
def _worker(
    chapter: Chapter,
    project: Project,
    request: Request,
    library: Path | None,
) -> Iterator[_Worker]:
    with tempfile.TemporaryDirectory(prefix="bookproof-") as scratch:
        log = Path(scratch, "stderr")
        with log.open("wb") as stderr:
            command = [sys.executable, "-m", "bookproof.running.worker"]
            process = subprocess.Popen(
                [*command, str(os.getpid())],
                cwd=(project.root / chapter.path).parent,
                env=_environment(project, scratch, library),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        try:
            with process:
                assert process.stdin is not None
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(pickle.dumps(request))
                    process.stdin.close()
                tried = sum(map(len, request.variants.values()))
                allowed = project.chapter_seconds * (1 + tried)
                yield _Worker(process, project, log, allowed)
                _kill(process)
        finally:
            _kill(process)
            leftovers.end(f"{MARK}={scratch}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the worker and whatever its cells have started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(
    project: Project, scratch: str, library: Path | None
) -> dict[str, str]:
    """The same for every run: nothing of it may show on a page."""
    environment = dict(os.environ)
    paths = [str(library or ""), str(project.source)]
    paths.append(environment.get("PYTHONPATH", ""))
    style = project.book / "matplotlibrc"
    if style.is_file():
        environment["MATPLOTLIBRC"] = str(style)
    environment |= {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONHASHSEED": "0",
        # Compiled once, and nothing is written beside the sources.
        "PYTHONPYCACHEPREFIX": environment.get("PYTHONPYCACHEPREFIX")
        or str(project.root / "build" / "pycache"),
        "PYTHONIOENCODING": "utf-8",
        MARK: scratch,
        "COLUMNS": "80",
        "SOURCE_DATE_EPOCH": environment.get("SOURCE_DATE_EPOCH", "0"),
    }
    for name in _UNWANTED:
        environment.pop(name, None)
    if not any(name in environment for name in _THREADS):
        environment |= dict.fromkeys(_THREADS, "1")
    if shutil.disk_usage(project.root).free < ROOM:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return environment
