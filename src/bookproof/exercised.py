"""Is changed code noticed by the chapters that use it?

The chapters run against a copy of the library in which one thing is changed;
the first claim, fact, cell or exercise that turns red kills the mutant.
"""

from __future__ import annotations

import ast
import os
import queue
import random
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bookproof import ledger
from bookproof.code_mutants import CodeMutant, code_mutants
from bookproof.codes import unit
from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.elements import Cell, Chapter
from bookproof.inputs import Inputs, Noted
from bookproof.outcome import Outcome
from bookproof.run import run_chapter
from bookproof.tangle import Tangled, tangle

_FIRST = 1_000_000_000
"""Files get times of their own, or Python would take one mutant's compiled
code for another's."""


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
    noted: dict[str, Noted | None] = field(default_factory=dict)

    @classmethod
    def build(
        cls, project: Project, chapters: Sequence[Chapter], jobs: int
    ) -> Laboratory:
        """So many copies of the packages that the book prints."""
        tangled = tangle(chapters, project)
        packages = {Path(target).parts[0] for target in tangled.files}
        folders: queue.Queue[Path] = queue.Queue()
        for number in range(jobs):
            folder = project.root / "build" / "mutants" / str(number)
            shutil.rmtree(folder, ignore_errors=True)
            for name in packages:
                source = project.source / name
                if source.is_dir():
                    shutil.copytree(source, folder / name)
            folders.put(folder)
        times = count(_FIRST)
        inputs = Inputs(project)
        return cls(project, chapters, tangled, folders, times, inputs)

    def notices(self, mutant: CodeMutant | None) -> str:
        """What turns red; empty if nothing does. Without a mutant, whether
        the chapters hold against an unchanged copy."""
        folder = self.folders.get()
        try:
            for target, text in self.tangled.files.items():
                here = mutant is not None and mutant.target == target
                changed = mutant.apply(text) if mutant and here else text
                self._write(folder / target, changed)
            for chapter in self._users(mutant):
                red = self._red(chapter, folder)
                if red:
                    return red
            return ""
        finally:
            self.folders.put(folder)

    def _write(self, path: Path, text: str) -> None:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        time = next(self.times)
        os.utime(path, (time, time))

    def _users(self, mutant: CodeMutant | None) -> list[Chapter]:
        """The chapters that import the code; the one that prints it first."""
        packages = {Path(target).parts[0] for target in self.tangled.files}
        users = [each for each in self.chapters if _imports(each, packages)]
        if mutant is None:
            return users
        own, text = mutant.place.file, self.tangled.files[mutant.target]
        name = function_at(text, mutant.change.offset)
        if name is not None:
            function = unit(mutant.target, name)
            users = [each for each in users if self._runs(each, function)]
        return sorted(users, key=lambda chapter: chapter.path != own)

    def _runs(self, chapter: Chapter, function: str) -> bool:
        """Whether the chapter runs a function, as far as its ledger tells."""
        noted = self._noted(chapter)
        return noted is None or noted.unseen or function in noted.ran

    def _noted(self, chapter: Chapter) -> Noted | None:
        """What the last check has noted, if it was of what there is now."""
        if chapter.path not in self.noted:
            data = ledger.load(self.project, chapter.name)
            known = ledger.current(self.inputs, chapter, data)
            noted = Noted.from_json(data["noted"]) if data and known else None
            self.noted[chapter.path] = noted
        return self.noted[chapter.path]

    def _red(self, chapter: Chapter, folder: Path) -> str:
        def look(outcome: Outcome) -> None:
            if outcome.findings:
                found = outcome.findings[0]
                raise _Red(f"{found.place}: {found.message}")

        try:
            run = run_chapter(
                chapter,
                self.project,
                library=folder,
                facts=ledger.references(self.project, chapter),
                on_outcome=look,
            )
        except _Red as red:
            return str(red)
        bad = [each for each in run.outcomes.values() if not each.good]
        return f"{bad[0].place}: {bad[0].status}" if bad else ""


def try_code(
    project: Project,
    chapters: Sequence[Chapter],
    sample: tuple[int, int],
    jobs: int,
    on_end: Callable[[], None],
) -> list[tuple[CodeMutant, str]]:
    """A sample (its size, its seed) of the mutants of the code, with what
    turned red for each; BookError when the chapters do not hold as they are."""
    laboratory = Laboratory.build(project, chapters, jobs)
    if laboratory.tangled.findings:
        raise BookError([*laboratory.tangled.findings])
    red = laboratory.notices(None)
    if red:
        place, message = Place(chapters[0].path, 1), f"as it stands: {red}"
        raise BookError([Finding("mutants", message, place)])
    every = list(code_mutants(laboratory.tangled, chapters))
    size, seed = sample
    chosen = random.Random(seed).sample(every, min(size, len(every)))

    def one(mutant: CodeMutant) -> tuple[CodeMutant, str]:
        red = laboratory.notices(mutant)
        on_end()
        return mutant, red

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, chosen))


def function_at(text: str, offset: int) -> str | None:
    """The name of the function in whose body a character of a file stands;
    None for what an import runs."""
    line = text.count("\n", 0, offset) + 1
    names: list[str] = []
    here: list[ast.stmt] = ast.parse(text).body
    while True:
        inner = next((s for s in here if _spans(s, line)), None)
        if isinstance(inner, ast.ClassDef):
            names.append(inner.name)
            here = inner.body
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            if line < inner.body[0].lineno:
                return None
            return ".".join([*names, inner.name])
        else:
            return None


def _spans(statement: ast.stmt, line: int) -> bool:
    return statement.lineno <= line <= (statement.end_lineno or line)


def _imports(chapter: Chapter, packages: set[str]) -> bool:
    texts = [e.body.text for e in chapter.elements if isinstance(e, Cell)]
    return any(name in text for name in packages for text in texts)
