"""What a worker is asked for. Apart from what answers it (`verify.py`), whose
libraries the parent has no need of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bookproof.reading.elements import Chapter, Element


@dataclass(frozen=True)
class Request:
    """What the parent asks for. `wanted` are the indices of the elements
    whose verdicts are needed (None: all); nothing after them runs. `variants`
    are other versions of elements, each with a name, tried in so many forked
    `copies` at a time."""

    chapter: Chapter
    root: str
    source: str
    macros: Mapping[str, str]
    cell_seconds: float
    chapter_seconds: float = 120.0
    wanted: frozenset[int] | None = None
    bare: bool = False
    lines: Mapping[tuple[str, int], str] = field(default_factory=dict)
    facts: Mapping[str, float | None] = field(default_factory=dict)
    variants: Mapping[int, Sequence[tuple[str, Element]]] = field(
        default_factory=dict
    )
    copies: int = 1
