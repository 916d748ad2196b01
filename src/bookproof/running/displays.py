"""What a cell may show: text and pictures, never markup of its own.

HTML, Markdown or LaTeX that a cell hands out would be set on the page without
having been read; and a drawing can carry a script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

TEXT, SVG = "text/plain", "image/svg+xml"
SHOWN = (TEXT, SVG, "image/png", "image/jpeg")
"""The kinds of output that reach a page."""
PICTURES = frozenset(SHOWN) - {TEXT}

_MARKUP = re.compile(r"<IPython\.\w+\.display\.(\w+) object>")
_DRAWN = frozenset(
    {
        *("svg", "g", "defs", "use", "symbol", "path", "rect", "circle"),
        *("ellipse", "line", "polyline", "polygon", "text", "tspan", "title"),
        *("desc", "style", "clipPath", "mask", "marker", "pattern", "image"),
        *("linearGradient", "radialGradient", "stop", "metadata", "switch"),
    }
)
_DATA = ("http://www.w3.org/1999/02/22-rdf", "http://purl.org/", "http://cre")
_OUTSIDE = re.compile(r"@import|url\(\s*['\"]?(?!#|['\"]?#)|expression\(", re.I)


def refused(outputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What in a cell's outputs no page can show."""
    for output in outputs:
        data = output.get("data", {})
        kinds = [kind for kind in data if kind not in SHOWN]
        if kinds:
            yield f"the cell shows {', '.join(kinds)}"
        markup = _MARKUP.fullmatch(str(data.get(TEXT, "")))
        if markup and SVG not in data:
            yield f"the cell shows {markup[1]}"
        if SVG in data:
            yield from (
                f"the cell's drawing holds {what}"
                for what in _in_drawing(data[SVG])
            )


def pictures(outputs: Sequence[Mapping[str, Any]]) -> int:
    """How many of a cell's outputs are pictures on the page."""
    kinds = [set(output.get("data", {})) for output in outputs]
    return sum(bool(each & PICTURES) for each in kinds)


def framed(outputs: Sequence[Mapping[str, Any]]) -> int:
    """How many of a cell's outputs get its caption and its name."""
    kinds = [output["output_type"] for output in outputs]
    return sum(kind in ("display_data", "execute_result") for kind in kinds)


def _in_drawing(source: object) -> Iterator[str]:
    """What in a drawing is more than lines, areas and words."""
    text = "".join(source) if isinstance(source, list) else str(source)
    if "<!ENTITY" in text or "<?xml-stylesheet" in text:
        yield "a reference to another file"
        return
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        yield f"what is no XML ({error})"
        return
    for element in root.iter():
        yield from _in_element(element)


def _in_element(element: ElementTree.Element) -> Iterator[str]:
    space, _, name = str(element.tag).rpartition("}")
    if name not in _DRAWN and not space.lstrip("{").startswith(_DATA):
        yield f"the element {name}"
    if name == "style" and _OUTSIDE.search(element.text or ""):
        yield "a style that asks for another file"
    for key, value in element.attrib.items():
        attribute = key.rpartition("}")[2].lower()
        if attribute.startswith("on"):
            yield f"the attribute {attribute}"
        elif attribute in ("href", "src") and not _is_inside(value):
            yield "a reference to another file"
        elif _OUTSIDE.search(value):
            yield "a style that asks for another file"


def _is_inside(address: str) -> bool:
    return address.startswith(("#", "data:image/png;", "data:image/jpeg;"))
