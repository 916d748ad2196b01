"""`ref("chapter/label")`: a labelled fact of another chapter."""

from __future__ import annotations

import ast

from bookproof.reading import python
from bookproof.reading.elements import Chapter, Marker


def names(chapter: Chapter) -> list[str]:
    """All that the chapter's expressions refer to, each once."""
    found: dict[str, None] = {}
    for element in chapter.elements:
        if isinstance(element, Marker) and element.kind == "fact":
            expression = element.expression
            if expression is not None and "ref(" in expression.text:
                found |= dict.fromkeys(_names(expression.text))
    return list(found)


def _names(source: str) -> list[str]:
    try:
        tree = python.parse(source.strip(), mode="eval")
    except SyntaxError:
        return []
    out = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="ref"), args=[ast.Constant(value=str(name))]
            ):
                out.append(name)
    return out


def chapters(chapter: Chapter) -> list[str]:
    """The names of the chapters that must be verified before this one."""
    return list(dict.fromkeys(name.split("/")[0] for name in names(chapter)))


def cycle(graph: dict[str, list[str]]) -> list[str] | None:
    """A cycle of chapters that refer to one another, or None."""
    done: set[str] = set()
    for start in graph:
        path: list[str] = []
        found = _visit(start, graph, path, done)
        if found:
            return found
    return None


def _visit(
    name: str, graph: dict[str, list[str]], path: list[str], done: set[str]
) -> list[str] | None:
    if name in path:
        return [*path[path.index(name) :], name]
    if name in done or name not in graph:
        return None
    path.append(name)
    for other in graph[name]:
        found = _visit(other, graph, path, done)
        if found:
            return found
    path.pop()
    done.add(name)
    return None
