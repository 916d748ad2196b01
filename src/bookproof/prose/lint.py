"""The lint: nothing that the book asserts escapes the checks.

It reads and never executes. What it lets pass is in `vocabulary`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bookproof.config import Project
from bookproof.diagnostics import Finding, Text
from bookproof.mutating.changes import in_formula, outside_markers
from bookproof.prose import held, vocabulary
from bookproof.reading.elements import (
    Chapter,
    Chunk,
    Element,
    Exercise,
    Figure,
    Heading,
    Label,
    Marker,
    PlainMath,
    Prose,
    Solution,
    Symbols,
)

_WHERE = {
    "text": "running text",
    "heading": "a heading",
    "caption": "a caption",
    "table-cell": "a table",
    "alt": "the text for an image",
    "title": "a title",
}


def lint_chapter(chapter: Chapter, project: Project) -> list[Finding]:
    """Everything wrong with a chapter that can be seen without running it,
    the findings of reading included."""
    findings = [
        *chapter.findings,
        *_taken(chapter.elements, {}),
        *_words(chapter.elements),
        *held.large_counts(chapter),
        *_mathematics(chapter.elements),
        *_unbound(chapter.elements, project),
        *_unbound_rows(chapter.elements, project),
        *_figures(chapter.elements),
        *_chunks(chapter.elements),
    ]
    return sorted(findings, key=lambda finding: finding.place)


def lint_book(chapters: Iterable[Chapter]) -> list[Finding]:
    """What is wrong between chapters: labels that two of them use."""
    seen: dict[str, Element] = {}
    return [
        finding
        for chapter in chapters
        for finding in _taken(chapter.elements, seen)
        # Within a chapter it has been said.
        if not finding.notes[0].startswith(f"first used at {chapter.path}:")
    ]


def _taken(
    elements: Iterable[Element], seen: dict[str, Element]
) -> Iterator[Finding]:
    """Labels that lead to two things: a link would find the last of them."""
    for element in elements:
        for label in _labels(element):
            name = " ".join(label.lower().split())  # as links are looked up
            if isinstance(element, Solution):
                name = f"the solution of {name}"
            first = seen.setdefault(name, element)
            if first is not element:
                yield Finding(
                    "duplicate-label",
                    f"the label {label} is taken",
                    element.place,
                    notes=(f"first used at {first.place}",),
                )


def _labels(element: Element) -> Iterator[str]:
    match element:
        case Label(name=label):
            yield label
        case Marker() | Chunk() | Exercise() | Solution():
            if element.label:
                yield element.label


def _words(elements: Sequence[Element]) -> Iterator[Finding]:
    """Numbers and relations among printed words."""
    for prose in elements:
        if not isinstance(prose, Prose):
            continue
        where = _WHERE[prose.kind]
        for offset, word in vocabulary.numbers(prose.text.text):
            yield Finding(
                "number-in-prose",
                f"“{word}” in {where} is checked by nothing",
                prose.text.place(offset),
                width=len(word),
                notes=(_remedy(prose.kind),),
            )
        for offset, sign in vocabulary.signs(prose.text.text):
            yield Finding(
                "relation-in-prose",
                f"“{sign}” in {where} is checked by nothing",
                prose.text.place(offset),
                notes=("write a {claim}, or say it in words",),
            )


def _remedy(kind: str) -> str:
    if kind in ("alt", "heading"):
        return "it can hold no marker: say it in words"
    return (
        "write a {fact} or a {claim}; a small count in words; "
        "a version or a name in backticks"
    )


def _mathematics(elements: Sequence[Element]) -> Iterator[Finding]:
    """Relations and numerals in formulas that are no markers.

    `latex.plain` says the same, in the same words, of the formulas it can
    read; this does not need to read them.
    """
    for math in elements:
        if not isinstance(math, PlainMath):
            continue
        relations = vocabulary.relations(math.body.text)
        for offset, token in relations[:1]:
            yield Finding(
                "relation-outside-marker",
                "a relation outside of a marker: make it a {claim} or a {let}",
                math.body.place(offset),
                width=len(token),
            )
        if relations:
            continue
        for offset, token in vocabulary.numerals(math.body.text):
            yield Finding(
                "number-in-mathematics",
                f"the number {token} is not checked: put it into a marker",
                math.body.place(offset),
                width=len(token),
            )


def _unbound(
    elements: Sequence[Element], project: Project
) -> Iterator[Finding]:
    """Formulas outside of markers that could change unnoticed."""
    if project.unbound_mathematics == "allow":
        return
    for math in elements:
        if not isinstance(math, PlainMath) or math.checked:
            continue
        tex = math.body.text
        changes = sorted(outside_markers(tex), key=lambda one: one.offset)
        if not changes or vocabulary.relations(tex) or vocabulary.numerals(tex):
            continue  # those are findings of their own
        things = dict.fromkeys(f"{one.kind} {one.before}" for one in changes)
        yield Finding(
            "unbound-mathematics",
            f"nothing checks this formula: the {', the '.join(things)} "
            "could be another",
            math.body.place(changes[0].offset),
            width=len(changes[0].before),
            notes=(
                "put it into a {let} or a {claim}; bind it to Python, as in "
                r"{claim}`W^\top \delta <back>`; or say it in words",
            ),
        )


def _unbound_rows(
    elements: Sequence[Element], project: Project
) -> Iterator[Finding]:
    """What could change unnoticed in a table's rows that have no value."""
    if project.unbound_mathematics == "allow":
        return
    for table in elements:
        for row in table.rows if isinstance(table, Symbols) else ():
            if row.value is not None:
                continue
            changes = list(in_formula(row.symbol.text))
            if changes:
                yield _unbound_row(
                    f"the {changes[0].kind} {changes[0].before} of this symbol",
                    row.symbol,
                )
            if row.shape.text.startswith("$("):
                yield _unbound_row("this shape", row.shape)


def _unbound_row(thing: str, text: Text) -> Finding:
    return Finding(
        "unbound-mathematics",
        f"nothing checks {thing}: the row has no value",
        text.place(),
        width=len(text.text),
        notes=("bind the symbol, or explain it in words",),
    )


def _figures(elements: Sequence[Element]) -> Iterator[Finding]:
    for figure in elements:
        if isinstance(figure, Figure) and figure.alt is None:
            yield Finding(
                "figure-alt",
                "a figure without words for those who do not see it",
                figure.place,
                notes=("give it an alt text that says its conclusion",),
            )


def _chunks(elements: Sequence[Element]) -> Iterator[Finding]:
    """Chunks that no words lead up to.

    A head (docstring and imports) uses no words up: they are there for the
    chunk below it.
    """
    motivated = False
    targets: set[str | None] = {None}
    for element in elements:
        if isinstance(element, Heading):
            motivated = False
        elif isinstance(element, Prose) and element.kind == "text":
            motivated = True
        elif isinstance(element, Chunk):
            if not motivated:
                yield Finding(
                    "chunk-without-prose",
                    "no words lead up to this code",
                    element.place,
                    width=3,
                    notes=("say first what it is for",),
                )
            is_head = element.name is None and element.target not in targets
            targets.add(element.target)
            motivated = motivated and is_head
