"""Which verdicts of a chapter a change of its text cannot reach.

A verdict depends on its own text, on the cells before it, and on the
definitions that its symbols may lead to. It is kept while these are the same;
where it stands and what is around it do not matter. All cells must be the
same, so that their outputs and all names are; else the chapter runs again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bookproof.keeping.context import (
    Scope,
    define,
    digest,
    formula_of,
    said_by,
    sizes,
)
from bookproof.keeping.used import Used
from bookproof.outcome import Outcome, blank, runnable
from bookproof.reading.elements import (
    Cell,
    Chapter,
    Exercise,
    PlainMath,
    Solution,
    Symbols,
)


def digests(chapter: Chapter, macros: Mapping[str, str]) -> dict[int, str]:
    """What each verdict of a chapter depends on in its text, by index."""
    scope = Scope(macros)
    checks = {
        each.label: said_by(each)
        for each in chapter.elements
        if isinstance(each, Exercise)
    }
    cells = ""
    out: dict[int, str] = {}
    late: dict[int, str] = {}
    for index, element in runnable(chapter):
        said = said_by(element)
        if isinstance(element, Cell):
            cells = digest(cells, said)
        formula = formula_of(element)
        parts = [cells, said, scope.around(formula)]
        if isinstance(element, Solution):
            parts.append(checks.get(element.label, ""))
        elif isinstance(element, PlainMath | Symbols):
            late[index] = formula
        out[index] = digest(*parts)
        define(scope, element)
    for index, formula in late.items():  # it is read in the end, too
        out[index] = digest(out[index], scope.around(formula))
    return out


@dataclass(frozen=True)
class Kept:
    """The verdicts that still stand; the elements that need another."""

    outcomes: Mapping[int, Outcome]
    wanted: frozenset[int]
    digests: Mapping[int, str]


def kept(
    chapter: Chapter, macros: Mapping[str, str], data: Mapping[str, Any]
) -> Kept | None:
    """What of a ledger still stands after a change of the text alone; None
    when the chapter must run as a whole."""
    known = {each["digest"]: each for each in data["entries"]}
    found: dict[int, Outcome] = {}
    used = set()
    its = digests(chapter, macros)
    for index, said in its.items():
        element = chapter.elements[index]
        entry = known.get(said)
        if entry is None or entry["findings"]:
            if isinstance(element, Cell | Symbols):
                return None
            continue
        outcome = Outcome.from_json(entry)
        if not outcome.good:
            return None
        used.add(outcome.id)
        found[index] = _moved(blank(index, element), outcome)
    gone = {each["id"] for each in data["entries"]} - used
    rows = _rows(gone, data) - _rows(used, data) - _plain_rows(chapter)
    if rows or _lost_cell(chapter, data):
        return None
    return Kept(found, frozenset(its.keys() - found.keys()), its)


def _moved(here: Outcome, outcome: Outcome) -> Outcome:
    return Outcome(
        here.index,
        here.id,
        here.kind,
        outcome.status,
        here.place,
        here.text,
        values=outcome.values,
        draws=outcome.draws,
        relations=outcome.relations,
        sources=here.sources,
        expression=here.expression,
        value=outcome.value,
    )


def _lost_cell(chapter: Chapter, data: Mapping[str, Any]) -> bool:
    """Whether there are fewer cells or tables than there were."""
    before = Counter(each["kind"] for each in data["entries"])
    now = Counter(type(each) for each in chapter.elements)
    return (now[Cell], now[Symbols]) != (before["cell"], before["symbols"])


def _rows(users: set[str], data: Mapping[str, Any]) -> set[str]:
    """The rows of tables that these have looked up: their shapes have been
    held against a value, which a changed claim may do no more."""
    uses = Used.from_json(data["uses"])
    reached = {thing for user in users for thing in uses.behind(user)}
    return {thing for thing in reached if ":" in thing}


def _plain_rows(chapter: Chapter) -> set[str]:
    """The rows whose shape can be checked without any claim."""
    return {
        f"{table.id}:{row.symbol.text.strip()}"
        for table in chapter.elements
        if isinstance(table, Symbols)
        for row in table.rows
        if not sizes(row) and not re.search(r"[_^]", row.symbol.text)
    }
