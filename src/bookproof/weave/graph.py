"""What of a chapter depends on what, drawn: derived from the run, not typed.

A short chapter is one drawing. Of a long one the sections are drawn, and each
section with what it takes from outside.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sphinx.builders import Builder

from bookproof.keeping.used import Used
from bookproof.reading.elements import Cell, Element, Heading, Marker, Symbols
from bookproof.weave.arcs import Dot, draw
from bookproof.weave.book import Page
from bookproof.weave.things import Shown, Things, files_in, used_by

LARGEST = 60
"""Things that a drawing can hold and still be read."""


@dataclass(frozen=True)
class Graph:
    """Things in reading order, with the section and kind of each, what each
    of them uses, and which do not hold."""

    sections: Mapping[str, str]
    kinds: Mapping[str, str]
    edges: Mapping[str, Sequence[str]]
    unverified: Collection[str] = ()

    @property
    def order(self) -> list[str]:
        return list(self.sections)


def graph_of(page: Page) -> Graph:
    """All that a chapter checks and runs, and how it hangs together."""
    used = used_by(page)
    sections: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for element in page.chapter.elements:
        for name, kind in _things(element, used):
            sections[name], kinds[name] = element.section, kind
    unverified = {
        name
        for name in sections
        if page.entries.get(name, {}).get("status", "holds") != "holds"
    }
    return Graph(sections, kinds, _edges(used, sections), unverified)


def _things(element: Element, used: Used) -> Iterable[tuple[str, str]]:
    if isinstance(element, Marker) and element.kind in ("let", "claim", "fact"):
        yield element.id, element.kind
    elif isinstance(element, Cell):
        yield f"cell-{element.number + 1}", "cell"
    elif isinstance(element, Symbols):
        known = {*used.things}.union(*used.things.values())
        for name in sorted(known):
            if name.startswith(f"{element.id}:"):
                yield name, "symbol"


def _edges(used: Used, inside: Mapping[str, str]) -> dict[str, list[str]]:
    """What each thing uses: things of the chapter, facts of others, and the
    files of the library whose code it ran itself."""
    return {
        name: [*used.things.get(name, ()), *files_in(used.code.get(name, []))]
        for name in inside
    }


def graphs_of(builder: Builder, here: str, page: Page) -> str:
    """The drawings of a chapter, as HTML."""
    graph = graph_of(page)
    if not any(graph.edges.values()):
        return ""
    things = Things(builder, here, page)
    titles = {
        each.slug: each.title
        for each in page.chapter.elements
        if isinstance(each, Heading)
    }
    out = ['<h2 id="what-rests-on-what">What rests on what</h2>\n', _INTRO]
    if len(graph.order) <= LARGEST:
        out.append(_drawing(graph, graph.order, things))
        return "".join(out)
    out.append(_overview(graph, titles))
    for section, names in _by_section(graph).items():
        parts = [
            names[start : start + LARGEST]
            for start in range(0, len(names), LARGEST)
        ]
        for number, part in enumerate(parts):
            anchor = _anchor(section) if number == 0 else ""
            title = html.escape(titles.get(section, page.title))
            out.append(
                f'<details class="drawing"{anchor}><summary>{title}</summary>'
                f"{_drawing(graph, part, things)}</details>\n"
            )
    return "".join(out)


_INTRO = (
    "<p>The arrows lead from what is used to what uses it. They were noted "
    "while the chapter was checked.</p>\n"
)


def _anchor(section: str) -> str:
    return f' id="drawing-{html.escape(section)}"'


def _by_section(graph: Graph) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, section in graph.sections.items():
        found.setdefault(section, []).append(name)
    return found


def _overview(graph: Graph, titles: Mapping[str, str]) -> str:
    groups = _by_section(graph)
    weight = Counter(
        (graph.sections[used], graph.sections[user])
        for user, each in graph.edges.items()
        for used in each
        if used in graph.sections
        and graph.sections[used] != graph.sections[user]
    )
    dots = [
        Dot(
            section,
            "section",
            Shown(
                f"#drawing-{section}",
                f"{html.escape(titles.get(section, section))} ({len(names)})",
            ),
        )
        for section, names in groups.items()
    ]
    return draw(dots, dict(weight))


def _drawing(graph: Graph, names: Sequence[str], things: Things) -> str:
    """Some things, with whatever they use from elsewhere above them."""
    outside = {
        used: None
        for name in names
        for used in graph.edges[name]
        if used not in names
    }
    order = {name: at for at, name in enumerate(graph.order)}
    first = sorted(outside, key=lambda name: (order.get(name, -1), name))
    dots = [
        Dot(
            name,
            "outside" if name in outside else graph.kinds[name],
            _shown(things, graph, name),
            name in graph.unverified,
        )
        for name in (*first, *names)
    ]
    edges = {(used, name): 1 for name in names for used in graph.edges[name]}
    return draw(dots, edges)


def _shown(things: Things, graph: Graph, name: str) -> Shown:
    if name in graph.sections or not name.endswith(".py"):
        return things.shown(name)
    return things.file(name)
