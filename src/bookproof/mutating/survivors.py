"""Which mutants of a chapter does no check notice?"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from bookproof.config import Project
from bookproof.diagnostics import BookError
from bookproof.judging.facts import TRUE
from bookproof.keeping import ledger
from bookproof.latex.errors import FormulaError
from bookproof.latex.normal import normal_definitions, normal_formula, within
from bookproof.latex.statements import (
    Formula,
    read_definitions,
    read_formula,
    read_loop,
)
from bookproof.mutating.mutate import Mutant, mutants, parts
from bookproof.outcome import runnable
from bookproof.prose.lint import lint_chapter
from bookproof.reading.elements import (
    Chapter,
    Element,
    Exercise,
    Marker,
    PlainMath,
    Solution,
)
from bookproof.running.run import ChapterRun, run_chapter

Macros = Mapping[str, str]
Chosen = list[tuple[Chapter, list[Mutant]]]
Fate = Literal["killed", "survives", "equivalent", "weaker", "words"]
"""What becomes of a mutant. One that no check notices may be *equivalent*:
its formula has the normal form of the printed one; *weaker*: it says the same
of a part of the printed range, so it is true; or mere *words*: a count in the
words of a fact that Python calls true or false, which binds none of them."""

APART: frozenset[Fate] = frozenset({"equivalent", "weaker", "words"})
"""What no check could notice."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant, what became of it, and the finding that killed it."""

    mutant: Mutant
    fate: Fate
    why: str = ""


def choose(
    chapters: Sequence[Chapter], sample: int | None, seed: int
) -> Chosen:
    """All mutants of the chapters, or so many of them at random."""
    every = [(each, mutant) for each in chapters for mutant in mutants(each)]
    if sample is not None and sample < len(every):
        numbers = random.Random(seed).sample(range(len(every)), sample)
        every = [every[number] for number in sorted(numbers)]
    return [
        (chapter, [mutant for its, mutant in every if its is chapter])
        for chapter in chapters
        if any(its is chapter for its, _ in every)
    ]


class Trial:
    """Some mutants of a chapter, on their way through its run: those that
    the lint notices are dead already, the others are `variants` of it."""

    def __init__(
        self, chapter: Chapter, project: Project, chosen: Sequence[Mutant]
    ) -> None:
        self.chapter = chapter
        self.project = project
        self.chosen = chosen
        self.linted: dict[int, str] = {}
        self.variants: dict[int, list[tuple[str, Element]]] = {}
        for number, mutant in enumerate(chosen):
            changed = mutant.apply(chapter.elements[mutant.index])
            why = _linted(changed, chapter, project)
            if why:
                self.linted[number] = why
            else:
                version = (str(number), changed)
                self.variants.setdefault(mutant.index, []).append(version)

    def judge(self, run: ChapterRun) -> list[Tried]:
        """What became of each in the chapter's run."""
        out, found = [], run.variants
        for number, mutant in enumerate(self.chosen):
            why = self.linted.get(number) or found.get(str(number))
            if why:
                out.append(Tried(mutant, "killed", why))
            else:
                element = self.chapter.elements[mutant.index]
                fate = _fate(element, mutant, self.project.macros)
                if run.outcomes[mutant.index].values[:1] == TRUE:
                    fate = "words"
                out.append(Tried(mutant, fate))
        return out


def try_mutants(
    chapter: Chapter,
    project: Project,
    chosen: Sequence[Mutant],
    copies: int = 1,
    on_end: Callable[[], None] = lambda: None,
) -> list[Tried]:
    """What becomes of each, in so many processes at a time; BookError when
    the chapter does not hold as it stands."""
    found = lint_chapter(chapter, project)
    if found:
        raise BookError(found)
    trial = Trial(chapter, project, chosen)
    for _ in trial.linted:
        on_end()
    run = run_chapter(
        chapter,
        project,
        wanted=_without_exercises(chapter),
        facts=ledger.references(project, chapter),
        variants=trial.variants,
        copies=copies,
        on_variant=lambda name: on_end(),
    )
    if run.findings:
        raise BookError(run.findings)
    return trial.judge(run)


def try_all(
    project: Project, chosen: Chosen, jobs: int, on_end: Callable[[], None]
) -> list[tuple[Chapter, list[Tried]]]:
    """Try the mutants of several chapters: chapters side by side, and, when
    there are more jobs than chapters, several copies of each."""
    rows = max(min(jobs, len(chosen)), 1)
    copies = max(jobs // rows, 1)

    def one(its: tuple[Chapter, list[Mutant]]) -> list[Tried]:
        return try_mutants(its[0], project, its[1], copies, on_end)

    with ThreadPoolExecutor(rows) as pool:
        tried = pool.map(one, chosen)
        return [
            (its[0], found) for its, found in zip(chosen, tried, strict=True)
        ]


def _without_exercises(chapter: Chapter) -> frozenset[int]:
    """No text is changed in exercises, and nothing depends on them."""
    return frozenset(
        index
        for index, element in runnable(chapter)
        if not isinstance(element, Exercise | Solution)
    )


def _linted(changed: Element, chapter: Chapter, project: Project) -> str:
    """What the lint says of a changed element, if it says anything."""
    if not isinstance(changed, PlainMath):
        return ""
    alone = replace(chapter, elements=(changed,), findings=())
    found = lint_chapter(alone, project)
    return f"{found[0].place}: {found[0].message}" if found else ""


def _fate(element: Element, mutant: Mutant, macros: Macros) -> Fate:
    """Whether a mutant that nothing notices could be noticed at all."""
    changed = mutant.apply(element)
    try:
        if isinstance(element, PlainMath) or not isinstance(changed, Marker):
            return "survives"
        if changed.kind == "let":
            return _compare_lets(element, changed, macros)
        if changed.kind == "claim":
            return _compare_claims(element, changed, mutant, macros)
    except FormulaError:
        pass
    return "survives"


def _compare_lets(old: Element, new: Element, macros: Macros) -> Fate:
    one, two = (
        normal_definitions(read_definitions(parts(each)[0].text, macros))
        for each in (old, new)
    )
    return "equivalent" if one == two else "survives"


def _compare_claims(
    old: Element, new: Element, mutant: Mutant, macros: Macros
) -> Fate:
    assert isinstance(old, Marker)
    assert isinstance(new, Marker)
    conditions = range(1, len(old.when) + 1)
    numbers = [mutant.part] if mutant.part in conditions else [0]
    for number in numbers:
        one, two = (
            read_formula(parts(each)[number].text, macros)
            for each in (old, new)
        )
        if normal_formula(one) != normal_formula(two):
            return "survives"
    before, after = (_loops(each, macros) for each in (old, new))
    if before == after:
        return "equivalent"
    pairs = zip(after.loops, before.loops, strict=True)
    return "weaker" if all(within(*pair) for pair in pairs) else "survives"


def _loops(marker: Marker, macros: Macros) -> Formula:
    """Only the ranges of a claim."""
    loops = read_formula(marker.body.text, macros).loops
    if marker.range is not None:
        loops += (read_loop(marker.range.text, macros),)
    return Formula((), loops)
