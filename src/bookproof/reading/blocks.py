"""Reading the blocks of a chapter, one after another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import yaml
from markdown_it.token import Token

from bookproof.config import Project
from bookproof.diagnostics import Place, Text
from bookproof.reading import markup, texts
from bookproof.reading.boxes import READERS, box
from bookproof.reading.directives import info_parts, read_directive
from bookproof.reading.drafts import Draft, number_markers
from bookproof.reading.elements import Chapter, Heading
from bookproof.reading.inline import InlineReader
from bookproof.reading.markdown import Piece
from bookproof.reading.table import MARKERS, table_for

_FRONT_KEYS = frozenset({"jupytext", "kernelspec", "orphan"})
#: So many directives may stand within one another: each is lexed again with
#: all that it holds.
DEEPEST = 10
_FRONT_MATTER = (
    "---",
    "jupytext: {text_representation: {extension: .md, format_name: myst}}",
    "kernelspec: {name: python3, display_name: Python 3}",
    "---",
)


def slug(title: str) -> str:
    """A title as the part of an id: small letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", title)
    plain = plain.encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) or "section"


def _is_run(token: Token, inside: tuple[str, ...]) -> bool:
    """Whether MyST-NB takes this fence for a cell: not within anything."""
    bare = token.type == "fence" and token.info.startswith("{code-cell}")
    return bare and token.level == 0 and not inside


class BlockReader(InlineReader):
    """Walks the tokens of one chapter."""

    def __init__(self, file: str, text: str, project: Project) -> None:
        super().__init__(file)
        self.text = text
        self.table = table_for(project.directives)
        self.title = ""
        self.slugs: dict[str, int] = {}
        self.cells = 0
        self.symbol_tables = 0
        self.front_matter: dict[str, Any] = {}
        self.exercise: dict[str, Text] | None = None
        self.footnotes: dict[str, Place] = {}

    def read(self) -> Chapter:
        """The whole chapter."""
        self.findings += markup.character_findings(self.text, self.file)
        readable = markup.without_controls(self.text)
        self.walk(Text.at(readable, self.file), inside=())
        self.settle_waiting()
        drafts = [e for e in self.elements if isinstance(e, Draft)]
        self.findings += number_markers(drafts)
        self.require_front_matter()
        elements = tuple(
            element.marker() if isinstance(element, Draft) else element
            for element in self.elements
        )
        return Chapter(
            path=self.file,
            text=self.text,
            elements=elements,
            findings=tuple(sorted(self.findings, key=lambda f: f.place)),
            front_matter=self.front_matter,
            title=self.title,
        )

    def require_front_matter(self) -> None:
        """Cells are run only under the right front matter."""
        known = {"jupytext", "kernelspec"} <= set(self.front_matter)
        if self.cells and not known:
            self.find(
                "front-matter",
                "without this front matter Sphinx leaves the cells out",
                Place(self.file, 1),
                *_FRONT_MATTER,
            )

    def walk(self, source: Text, inside: tuple[str, ...]) -> None:
        """Read the blocks of a document, or of the body of a directive."""
        tokens = self.lexer.blocks(source.text + ("\n" if inside else ""))
        lines = texts.lines(source)
        while len(lines) > 1 and not lines[-1].text:
            lines.pop()
        handlers: dict[str, Callable[[Token], None]] = {
            "fence": lambda t: self.fence(t, lines, inside),
            "colon_fence": lambda t: self.fence(t, lines, inside),
            "front_matter": lambda t: self.read_front_matter(t, lines, inside),
            "math_block": lambda t: self.math_block(t, lines),
            "math_block_label": lambda t: self.math_block(t, lines),
            "myst_target": lambda t: self.target(t, lines),
            "footnote_reference_open": lambda t: self.footnote(t, lines),
            "html_block": lambda t: self.refuse_html(t, lines),
            "code_block": lambda t: self.refuse_indented(t, lines),
        }
        for double in self.lexer.env.pop("duplicate_refs", ()):
            name = double["label"]
            first = self.lexer.env["references"][name]["map"][0]
            here = lines[double["map"][0]].place()
            self.taken(f"[{name.lower()}]", here, lines[first].place())
        cells: list[Text] = []
        for number, token in enumerate(tokens):
            if token.type in handlers:
                handlers[token.type](token)
            elif token.type == "heading_open":
                self.heading(token, tokens[number + 1], lines, inside)
            elif token.type == "table_open":
                self.findings += markup.table_findings(token, lines)
            elif token.type == "tr_open" and token.map:
                cells = markup.row_cells(lines[token.map[0]])
            elif token.type == "ordered_list_open":
                self.findings += markup.list_findings(tokens, number, lines)
            elif token.type == "inline":
                before = tokens[number - 1].type
                if before in ("th_open", "td_open"):
                    content = self.cell_text(token, cells, lines)
                    self.inline(token, content, "table-cell")
                elif before != "heading_open":
                    assert token.map is not None
                    content = texts.lift(token.content, lines, token.map[0])
                    self.inline(token, content, "text")

    def cell_text(
        self, token: Token, cells: list[Text], lines: list[Text]
    ) -> Text:
        """The text of a table's cell, taken off the row's cells."""
        if cells:
            content = cells.pop(0)
            if content.text == token.content:
                return content
        assert token.map is not None
        return texts.lift(token.content, lines, token.map[0])

    def read_front_matter(
        self, token: Token, lines: list[Text], inside: tuple[str, ...]
    ) -> None:
        """The settings at the top of the file."""
        place = lines[0].place()
        if inside:
            self.find("front-matter", "this is not printed", place)
            return
        try:
            data = yaml.safe_load(token.content)
        except yaml.YAMLError as error:
            self.find("front-matter", f"not YAML: {error}", place)
            return
        if not isinstance(data, dict):
            self.find("front-matter", "the front matter is no mapping", place)
            return
        self.front_matter = data
        for key in data:
            if key not in _FRONT_KEYS:
                self.find(
                    "front-matter",
                    f"the front matter may not set {key}",
                    place,
                    "what a file sets for itself could make the page differ "
                    "from what the press reads",
                )

    def heading(
        self,
        token: Token,
        inline: Token,
        lines: list[Text],
        inside: tuple[str, ...],
    ) -> None:
        """A heading, which opens a section."""
        assert token.map is not None
        content = texts.lift(inline.content, lines, token.map[0])
        pieces = self.lexer.pieces(inline)
        title = "".join(self.readable(piece) for piece in pieces)
        level = int(token.tag[1:])
        name = slug(title)
        self.slugs[name] = self.slugs.get(name, 0) + 1
        if self.slugs[name] > 1:
            name = f"{name}-{self.slugs[name]}"
        self.section = name
        if inside:
            self.find(
                "heading", "a heading within a directive", content.place()
            )
        if level == 1 and not self.title:
            self.title = title
        self.elements.append(
            Heading(
                place=content.place(),
                section=name,
                level=level,
                title=title,
                slug=name,
            )
        )
        self.inline(inline, content, "heading")

    @staticmethod
    def readable(piece: Piece) -> str:
        """What a piece of a heading says."""
        if piece.token is None:
            return piece.text
        return piece.token.content

    def math_block(self, token: Token, lines: list[Text]) -> None:
        """A displayed formula between dollars."""
        assert token.map is not None
        self.between_blocks()
        content = texts.lift(token.content, lines, token.map[0])
        self.plain_math(texts.strip(content), display=True)
        if token.type == "math_block_label":
            last = lines[token.map[1] - 1]
            at = last.text.rindex(token.info)
            self.label(texts.cut(last, at, at + len(token.info)))

    def target(self, token: Token, lines: list[Text]) -> None:
        """A place that links lead to."""
        assert token.map is not None
        self.label(texts.lift(token.content, lines, token.map[0]))

    def footnote(self, token: Token, lines: list[Text]) -> None:
        """A footnote: of two by one name a page would print one."""
        assert token.map is not None
        place = texts.strip(lines[token.map[0]]).place()
        name = token.meta["label"]
        first = self.footnotes.setdefault(name, place)
        if first != place:
            self.taken(f"[^{name}]", place, first)

    def taken(self, name: str, place: Place, first: Place) -> None:
        """A second thing by a name of which a page has one."""
        self.find(
            "duplicate-label",
            f"the label {name} is taken",
            place,
            f"first used at {first}",
        )

    def refuse_html(self, token: Token, lines: list[Text]) -> None:
        """HTML: the press cannot read it."""
        assert token.map is not None
        line = texts.strip(lines[token.map[0]])
        self.find(
            markup.REFUSED_RULE,
            "HTML cannot be read by the press",
            line.place(),
            "a comment is a line that starts with %",
            width=len(line.text),
        )

    def refuse_indented(self, token: Token, lines: list[Text]) -> None:
        """Code by indentation: it has no language."""
        assert token.map is not None
        line = texts.strip(lines[token.map[0]])
        self.find(
            markup.BROKEN,
            "indented so far that it is code",
            line.place(),
            "code stands in a fence with a language",
            width=len(line.text),
        )

    def fence(
        self, token: Token, lines: list[Text], inside: tuple[str, ...]
    ) -> None:
        """A directive, or a block of code."""
        assert token.map is not None
        opening = lines[token.map[0]]
        name, _ = info_parts(token, opening)
        self.findings += markup.fence_findings(token, name, opening)
        if not (name.startswith("{") and name.endswith("}")):
            self.between_blocks()
            return
        directive, findings = read_directive(token, lines, self.table)
        self.findings += findings
        if any(each.rule == "directive" for each in findings):
            return  # the page has nothing in its place
        if directive.name not in MARKERS:
            self.between_blocks()
        if directive.row is None:
            self.findings.append(
                markup.unknown_directive(directive.name, self.table, opening)
            )
            return
        if len(inside) == DEEPEST:
            self.find(
                markup.FENCE,
                f"directives within directives, more than {DEEPEST} deep",
                texts.strip(opening).place(),
                "nothing within this one is read",
                width=len(opening.text.strip()),
            )
            return
        if directive.name == "code-cell" and not _is_run(token, inside):
            self.find(
                markup.BROKEN,
                "a cell that MyST-NB does not run",
                texts.strip(opening).place(),
                "cells stand at the top level of the chapter, in backticks",
                width=len(opening.text.strip()),
            )
        READERS.get(directive.name, box)(self, directive, inside)
