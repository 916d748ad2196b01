"""What a chapter is made of: plain records, in reading order.

`chapter.read_chapter` makes them from Markdown; everything else (tangle, run,
check, lint, weave, mutate) works from them and never looks at Markdown again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bookproof.diagnostics import Finding, Place, Text

MarkerKind = Literal["let", "claim", "fact", "cited", "unchecked"]


@dataclass(frozen=True, kw_only=True)
class Element:
    """Anything a chapter holds. `section` is the slug of the last heading."""

    place: Place
    section: str = ""


@dataclass(frozen=True, kw_only=True)
class Heading(Element):
    level: int
    title: str
    slug: str


@dataclass(frozen=True, kw_only=True)
class Label(Element):
    """A name that links lead to, given to a place in the text, a picture, a
    table, a box or a formula. Markers, chunks and exercises hold theirs."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Chunk(Element):
    """Code that is tangled: to `target`, or (target None) a fragment."""

    target: str | None
    name: str | None
    body: Text
    label: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cell(Element):
    """A `{code-cell}`: `number` counts the chapter's cells from 0."""

    number: int
    body: Text
    language: str = "ipython3"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tags(self) -> tuple[str, ...]:
        tags = self.options.get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()

    @property
    def alt(self) -> str:
        """What its options say to those who do not see its picture."""
        return str(self._shown("image", "alt") or "").strip()

    @property
    def is_figure(self) -> bool:
        """Whether its options give what it shows a name or a caption."""
        return bool(self._shown("figure"))

    def _shown(self, *keys: str) -> Any:
        node: Any = self.options
        for key in ("mystnb", *keys):
            node = node.get(key) if isinstance(node, Mapping) else None
        return node


@dataclass(frozen=True, kw_only=True)
class Marker(Element):
    r"""A `let`, `claim`, `fact`, `cited` or `unchecked`, role or directive.

    `body` is the formula of a let or claim, or the printed words of the
    others; `expression` is what stands in `<...>` at the end (Python for a fact
    or for a claim that is a term, a bibliography key, a reason). `options`
    maps an option's name ("for", "given", "where", "assuming", "rtol", "draws",
    "layout", "rows", "along", "loose", "counter", ...) to its text. `when` and
    `range` are the `{when}` and `{range}` formulas that stand with it.
    `sources` are the ids of `{source}` / `:source:`. `redefine` is true for
    `{redefine}` and `:redefine:`. `raw` is the whole marker as it stands in
    the file.
    """

    kind: MarkerKind
    form: Literal["role", "directive"]
    id: str
    body: Text
    raw: Text
    label: str | None = None
    expression: Text | None = None
    options: Mapping[str, Text] = field(default_factory=dict)
    when: tuple[Text, ...] = ()
    range: Text | None = None
    sources: tuple[str, ...] = ()
    redefine: bool = False


@dataclass(frozen=True, kw_only=True)
class SymbolRow:
    r"""A row of a `{symbols}` table: `symbol` is LaTeX without its dollars,
    `value` Python without its backticks (None: the row only explains)."""

    symbol: Text
    meaning: str
    shape: Text
    value: Text | None


@dataclass(frozen=True, kw_only=True)
class Symbols(Element):
    rows: tuple[SymbolRow, ...]
    redefine: bool = False
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class PlainMath(Element):
    """Mathematics outside markers: `$...$`, `$$...$$`, `{math}`; `checked` is
    the shape of a symbol that has a value, which is held against it."""

    body: Text
    display: bool
    checked: bool = False


@dataclass(frozen=True, kw_only=True)
class Prose(Element):
    """Printed words with code, mathematics and markers taken out (each
    replaced by one U+FFFC), for the lint. `kind` says what prints them."""

    text: Text
    kind: Literal["text", "heading", "caption", "table-cell", "alt", "title"]


@dataclass(frozen=True, kw_only=True)
class Figure(Element):
    """An image or figure; `alt` None when it has none."""

    alt: str | None
    target: str


@dataclass(frozen=True, kw_only=True)
class Exercise(Element):
    label: str
    starter: Text | None
    check: Text | None
    title: str = ""
    grade: str = ""


@dataclass(frozen=True, kw_only=True)
class Solution(Element):
    label: str
    code: Text | None


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One file, read: its elements in reading order, and what is wrong with
    its markup (findings of reading; empty when it is sound)."""

    path: str  # relative to the project's root, with forward slashes
    text: str
    elements: tuple[Element, ...]
    findings: tuple[Finding, ...] = ()
    front_matter: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def name(self) -> str:
        """The file's name without folder and suffix."""
        return self.path.rsplit("/", 1)[-1].removesuffix(".md")
