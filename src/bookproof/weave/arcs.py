"""A drawing of dependencies: a line of text for each thing, arcs beside it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bookproof.weave.things import Shown

_LINE = 26  # pixels from one line to the next
_TEXT = 380  # pixels for the words
_SAID = ("let", "symbol", "claim", "fact")  # kinds that names do not say
_WIDEST = 150  # pixels that the widest arc may take


@dataclass(frozen=True)
class Dot:
    """One line: a thing, its kind, its link, and whether it does not hold."""

    name: str
    kind: str
    shown: Shown
    unverified: bool = False


def draw(dots: Sequence[Dot], edges: Mapping[tuple[str, str], int]) -> str:
    """The drawing as SVG. `edges` are pairs (used, user) with a weight;
    those whose ends are not both there are left out."""
    line = {dot.name: at for at, dot in enumerate(dots)}
    kept = {
        pair: weight
        for pair, weight in edges.items()
        if pair[0] in line and pair[1] in line
    }
    spans = [abs(line[a] - line[b]) for a, b in kept]
    left = round(_bulge(max(spans, default=0)) * 0.75) + 14
    width, height = left + 16 + _TEXT, len(dots) * _LINE + 8
    arcs = [
        _arc(line[used], line[user], left, weight)
        for (used, user), weight in kept.items()
    ]
    words = [_words(at, dot, left) for at, dot in enumerate(dots)]
    return (
        f'<div class="table-wrapper"><svg class="arcs" width="{width}"'
        f' height="{height}" viewBox="0 0 {width} {height}" role="group"'
        f' aria-label="what rests on what">{"".join(arcs)}{"".join(words)}'
        "</svg></div>\n"
    )


def _bulge(span: int) -> float:
    """How far the control points of an arc stand out: less and less more."""
    return _WIDEST * 4 / 3 * (1 - 12 / (12 + span))


def _middle(line: int) -> int:
    return line * _LINE + _LINE // 2 + 4


def _arc(used: int, user: int, left: int, weight: int) -> str:
    top, end = _middle(used), _middle(user)
    out = left - _bulge(abs(used - user))
    stroke = min(1 + 0.2 * (weight - 1), 3)
    return (
        f'<path data-used="{used}" data-user="{user}" fill="none"'
        f' stroke-width="{stroke:g}" d="M{left} {top}C{out:.0f} {top} '
        f"{out:.0f} {end} {left} {end}"
        f'M{left - 5} {end - 3}L{left} {end}L{left - 5} {end + 3}"/>'
    )


def _words(at: int, dot: Dot, left: int) -> str:
    kind = html.escape(dot.kind)
    said = f"{kind} " if dot.kind in _SAID else ""
    if dot.shown.name.startswith(said):
        said = ""
    css = f"{kind} unverified" if dot.unverified else kind
    return (
        f'<circle class="{css}" cx="{left + 6}" cy="{_middle(at)}" r="4"/>'
        f'<foreignObject x="{left + 16}" y="{at * _LINE + 4}"'
        f' width="{_TEXT}" height="{_LINE}"><div class="arc-name"'
        f' data-line="{at}"><span class="of">{said}</span>'
        f"{dot.shown.link()}</div></foreignObject>"
    )
