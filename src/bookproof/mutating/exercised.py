"""Is changed code noticed by the chapters that use it?

The chapters run against a copy of the library in which one thing is changed;
the first claim, fact, cell or exercise that turns red kills the mutant.
"""

from __future__ import annotations

import ast
import os
import queue
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock

from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.keeping import ledger
from bookproof.keeping.codes import unit
from bookproof.keeping.inputs import Inputs, Noted
from bookproof.keeping.used import Used
from bookproof.mutating.code_kills import spans
from bookproof.mutating.code_mutants import CodeMutant
from bookproof.outcome import Outcome, runnable
from bookproof.reading.elements import Cell, Chapter, Marker
from bookproof.running.run import run_chapter
from bookproof.tangling.tangle import Tangled, tangle

_FIRST = 1_000_000_000
"""Files get times of their own, or Python would take one mutant's compiled
code for another's."""


@dataclass(frozen=True)
class _Last:
    """What the last check has noted of a chapter, if it was of what there is
    now: which functions ran, and what ran for each verdict."""

    noted: Noted | None = None
    used: Used = field(default_factory=Used)


class _Red(Exception):
    """A check has turned red; the rest does not matter."""


@dataclass
class Laboratory:
    """The book's code, and folders in which copies of it can be changed."""

    project: Project
    chapters: Sequence[Chapter]
    tangled: Tangled
    folders: queue.Queue[Path]
    times: count[int]
    inputs: Inputs
    noted: dict[str, _Last] = field(default_factory=dict)
    sound: dict[str, str] = field(default_factory=dict)
    users: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def build(
        cls, project: Project, chapters: Sequence[Chapter], jobs: int
    ) -> Laboratory:
        """So many copies of the packages that the book prints; BookError
        when the chapters do not make them."""
        tangled = tangle(chapters, project)
        if tangled.findings:
            raise BookError([*tangled.findings])
        packages = {Path(target).parts[0] for target in tangled.files}
        folders: queue.Queue[Path] = queue.Queue()
        for number in range(jobs):
            folder = project.root / "build" / "mutants" / str(number)
            shutil.rmtree(folder, ignore_errors=True)
            for name in packages:
                _copy(project.source / name, folder / name)
            folders.put(folder)
        times = count(_FIRST)
        inputs = Inputs(project)
        return cls(project, chapters, tangled, folders, times, inputs)

    def notices(self, mutant: CodeMutant) -> tuple[str, str]:
        """Which chapter turns red, and where; empty if none does. BookError
        when a chapter does not hold against an unchanged copy."""
        folder = self.folders.get()
        try:
            function = self._function(mutant)
            for chapter in self._users(mutant, function):
                self._must_hold(chapter, folder)
                self._put(folder, mutant)
                red = self._red(chapter, folder, function)
                if red:
                    return chapter.name, red
            return "", ""
        finally:
            self.folders.put(folder)

    def _must_hold(self, chapter: Chapter, folder: Path) -> None:
        """Look once whether a chapter holds as it stands."""
        with self.lock:
            if chapter.path not in self.sound:
                self._put(folder, None)
                self.sound[chapter.path] = self._red(chapter, folder)
            red = self.sound[chapter.path]
        if red:
            place, message = Place(chapter.path, 1), f"as it stands: {red}"
            raise BookError([Finding("mutants", message, place)])

    def _put(self, folder: Path, mutant: CodeMutant | None) -> None:
        for target, text in self.tangled.files.items():
            here = mutant is not None and mutant.target == target
            changed = mutant.apply(text) if mutant and here else text
            self._write(folder / target, changed)

    def _write(self, path: Path, text: str) -> None:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        time = next(self.times)
        os.utime(path, (time, time))

    def _function(self, mutant: CodeMutant) -> str | None:
        """The function that is changed; None for what an import runs."""
        text = self.tangled.files[mutant.target]
        name = function_at(text, mutant.change.offset)
        return None if name is None else unit(mutant.target, name)

    def _users(self, mutant: CodeMutant, function: str | None) -> list[Chapter]:
        """The chapters that run the code; the one that prints it first, then
        those in which it works for most."""
        packages = {Path(target).parts[0] for target in self.tangled.files}
        users = [each for each in self.chapters if _imports(each, packages)]
        if function is not None:
            users = [each for each in users if self._runs(each, function)]
        own = mutant.place.file

        def rank(chapter: Chapter) -> tuple[bool, int]:
            many = len(self._users_in(chapter, function)) if function else 0
            return chapter.path != own, -many

        return sorted(users, key=rank)

    def _users_in(self, chapter: Chapter, function: str) -> set[str]:
        """For whose verdicts in a chapter a function has run."""
        key = chapter.path, function
        if key not in self.users:
            self.users[key] = _users_of(self._last(chapter).used, function)
        return self.users[key]

    def _runs(self, chapter: Chapter, function: str) -> bool:
        """Whether the chapter runs a function, as far as its ledger tells."""
        noted = self._last(chapter).noted
        return noted is None or noted.unseen or function in noted.ran

    def _last(self, chapter: Chapter) -> _Last:
        """What the last check has noted, if it was of what there is now."""
        if chapter.path not in self.noted:
            data = ledger.load(self.project, chapter.name)
            last = _Last()
            if data and ledger.current(self.inputs, chapter, data):
                noted = Noted.from_json(data["noted"])
                last = _Last(noted, Used.from_json(data["uses"]))
            self.noted[chapter.path] = last
        return self.noted[chapter.path]

    def _wanted(
        self, chapter: Chapter, function: str | None
    ) -> frozenset[int] | None:
        """The elements that a change of a function can reach; None for all.
        Of exercises nobody knows what they run."""
        last = self._last(chapter)
        if function is None or last.noted is None or last.noted.unseen:
            return None
        users = self._users_in(chapter, function)
        return frozenset(
            index
            for index, element in runnable(chapter)
            if not isinstance(element, Marker) or element.id in users
        )

    def _red(
        self, chapter: Chapter, folder: Path, function: str | None = None
    ) -> str:
        def look(outcome: Outcome) -> None:
            if outcome.findings:
                found = outcome.findings[0]
                raise _Red(f"{found.place}: {found.message}")

        try:
            run = run_chapter(
                chapter,
                self.project,
                wanted=self._wanted(chapter, function),
                library=folder,
                facts=ledger.references(self.project, chapter),
                on_outcome=look,
            )
        except _Red as red:
            return str(red)
        if run.findings:  # it was ended from outside
            return f"{run.findings[0].place}: {run.findings[0].message}"
        wanted = self._wanted(chapter, function)
        bad = [
            each
            for index, each in run.outcomes.items()
            if not each.good and (wanted is None or index in wanted)
        ]
        return f"{bad[0].place}: {bad[0].status}" if bad else ""


@dataclass(frozen=True)
class Fate:
    """A mutant, the chapter that noticed it (if any), and what turned red."""

    mutant: CodeMutant
    chapter: str
    red: str


def try_code(
    laboratory: Laboratory,
    chosen: Sequence[CodeMutant],
    jobs: int,
    on_end: Callable[[Fate], None],
) -> list[Fate]:
    """What became of each mutant, told as soon as it is known; BookError when
    the chapters do not hold as they are."""

    def one(mutant: CodeMutant) -> Fate:
        fate = Fate(mutant, *laboratory.notices(mutant))
        on_end(fate)
        return fate

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(one, mutant) for mutant in chosen]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _copy(source: Path, to: Path) -> None:
    """Copy a folder, if it is one. (`copytree` would go on after an error,
    and then tell of all of them at once.)"""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and "__pycache__" not in name.parts:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to / name)


def _users_of(used: Used, function: str) -> set[str]:
    """For whose verdicts a function has run."""
    every = {*used.things, *used.code}
    return {
        user
        for user in every
        if any(_unit(name) == function for name in used.functions_of(user))
    }


def _unit(name: str) -> str:
    file, _, function = name.split(":", 2)
    return unit(file, function)


def function_at(text: str, offset: int) -> str | None:
    """The name of the function in whose body a character of a file stands;
    None for what an import runs."""
    line = text.count("\n", 0, offset) + 1
    names: list[str] = []
    here: list[ast.stmt] = ast.parse(text).body
    while True:
        inner = next((each for each in here if spans(each, line)), None)
        if isinstance(inner, ast.ClassDef):
            names.append(inner.name)
            here = inner.body
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            if line < inner.body[0].lineno:
                return None
            return ".".join([*names, inner.name])
        else:
            return None


def _imports(chapter: Chapter, packages: set[str]) -> bool:
    texts = [e.body.text for e in chapter.elements if isinstance(e, Cell)]
    return any(name in text for name in packages for text in texts)
