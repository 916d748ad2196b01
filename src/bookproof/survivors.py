"""Which mutants of a chapter does no check notice?"""

from __future__ import annotations

import random
from collections.abc import Sequence

from bookproof.chapter import read_chapter
from bookproof.config import Project
from bookproof.elements import Chapter, Element
from bookproof.lint import lint_chapter
from bookproof.mutate import Mutant, mutants
from bookproof.run import run_chapter


def choose(
    chapters: Sequence[Chapter], sample: int | None, seed: int
) -> list[tuple[Chapter, list[Mutant]]]:
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


def survivors(
    chapter: Chapter, project: Project, chosen: Sequence[Mutant]
) -> list[Mutant]:
    """Those that leave reading, lint and every check content."""
    variants: dict[int, list[tuple[str, Element]]] = {}
    same: list[Mutant] = []
    before = _found(chapter, project)
    for number, mutant in enumerate(chosen):
        changed = _read(chapter, project, mutant)
        if len(changed.elements) != len(chapter.elements):
            continue
        if _found(changed, project) > before:
            continue
        index = _difference(chapter, changed)
        if index is None:
            same.append(mutant)
            continue
        version = (str(number), changed.elements[index])
        variants.setdefault(index, []).append(version)
    run = run_chapter(chapter, project, variants=variants)
    left = [
        chosen[int(name)] for name, found in run.variants.items() if not found
    ]
    return sorted([*same, *left], key=lambda mutant: mutant.start)


def _read(chapter: Chapter, project: Project, mutant: Mutant) -> Chapter:
    text = mutant.apply(chapter.text)
    return read_chapter(project.root / chapter.path, project, text)


def _found(chapter: Chapter, project: Project) -> int:
    """How much reading and lint find."""
    return len(chapter.findings) + len(lint_chapter(chapter, project))


def _difference(old: Chapter, new: Chapter) -> int | None:
    """The first element that reads otherwise (places aside)."""
    for index, pair in enumerate(zip(old.elements, new.elements, strict=True)):
        texts = [_texts(element) for element in pair]
        if texts[0] != texts[1]:
            return index
    return None


def _texts(element: Element) -> tuple[object, ...]:
    body = getattr(element, "body", "")
    others = (getattr(element, "when", ()), getattr(element, "range", None))
    expression = getattr(element, "expression", None)
    rows = getattr(element, "rows", ())
    printed = [(str(row.symbol), str(row.shape)) for row in rows]
    return (str(body), str(others), str(expression), printed)
