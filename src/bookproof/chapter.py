"""Reading a chapter: from Markdown to the list of its elements."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from markdown_it.token import Token

from bookproof import markup, texts
from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place, Text
from bookproof.directives import (
    MARKER_ROLES,
    MARKERS,
    PLAIN_ROLES,
    Directive,
    info_parts,
    is_label,
    read_directive,
    table_for,
    yaml_text,
)
from bookproof.drafts import Draft, draft_directive, draft_role, number_markers
from bookproof.elements import (
    Cell,
    Chapter,
    Chunk,
    Element,
    Exercise,
    Figure,
    Heading,
    PlainMath,
    Prose,
    Solution,
    SymbolRow,
    Symbols,
)
from bookproof.markdown import Lexer, Piece

#: Stands in printed words for code, mathematics, a marker or a link's text.
ATOM = "\ufffc"

_ROLES = frozenset((*MARKER_ROLES, *PLAIN_ROLES))
_ATTACHED = ("source", "when", "range")
_HEADER = ["symbol", "meaning", "shape", "value"]
_FRONT_KEYS = frozenset({"jupytext", "kernelspec", "orphan"})
_FRONT_MATTER = (
    "---",
    "jupytext: {text_representation: {extension: .md, format_name: myst}}",
    "kernelspec: {name: python3, display_name: Python 3}",
    "---",
)


def read_chapter(
    path: Path, project: Project, text: str | None = None
) -> Chapter:
    """The chapter in `path` (or `text` as if it stood there).

    Never raises for bad markup: what is wrong is in the chapter's findings.
    """
    file = project.relative(path)
    findings: list[Finding] = []
    if text is None:
        text, findings = _read(path, file)
    reader = _Reader(file, text, project)
    reader.findings += findings
    return reader.read()


def _read(path: Path, file: str) -> tuple[str, list[Finding]]:
    """The file's text, and what is wrong with its bytes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        finding = Finding("unreadable", reason, Place(file, 1))
        raise BookError([finding]) from error
    findings = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        start = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[start : error.start].decode("utf-8", "replace")) + 1
        place = Place(file, line, column)
        findings.append(Finding("encoding", "not UTF-8", place))
        text = data.decode("utf-8", "replace")
    if text.startswith("\ufeff"):
        place = Place(file, 1)
        findings.append(Finding("encoding", "a byte order mark", place))
        text = text[1:]
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        place = Place(file, line)
        message = "lines end with a carriage return: save with Unix line ends"
        findings.append(Finding("encoding", message, place))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, findings


def _is_run(token: Token, inside: tuple[str, ...]) -> bool:
    """Whether MyST-NB takes this fence for a cell: not within anything."""
    bare = token.type == "fence" and token.info.startswith("{code-cell}")
    return bare and token.level == 0 and not inside


def slug(title: str) -> str:
    """A title as the part of an id: small letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", title)
    plain = plain.encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) or "section"


class _Reader:
    """Walks the tokens of one chapter and collects its elements."""

    def __init__(self, file: str, text: str, project: Project) -> None:
        self.file = file
        self.text = text
        self.table = table_for(project.directives)
        self.lexer = Lexer()
        self.findings: list[Finding] = []
        self.elements: list[Element | Draft] = []
        self.section = ""
        self.title = ""
        self.slugs: dict[str, int] = {}
        self.cells = 0
        self.symbol_tables = 0
        self.front_matter: dict[str, Any] = {}
        # The display marker directly above, and roles that wait for the one
        # directly below.
        self.above: Draft | None = None
        self.waiting: list[tuple[str, Text]] = []
        self.exercise: dict[str, Text] | None = None

    def read(self) -> Chapter:
        self.findings += markup.character_findings(self.text, self.file)
        self.walk(Text.at(self.text, self.file), inside=())
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
        known = {"jupytext", "kernelspec"} <= set(self.front_matter)
        if self.cells and not known:
            self.find(
                "front-matter",
                "without this front matter Sphinx leaves the cells out",
                Place(self.file, 1),
                *_FRONT_MATTER,
            )

    def find(
        self, rule: str, message: str, place: Place, *notes: str, width: int = 1
    ) -> None:
        self.findings.append(
            Finding(rule, message, place, width=width, notes=notes)
        )

    # Blocks

    def walk(self, source: Text, inside: tuple[str, ...]) -> None:
        """Read the blocks of a document, or of the body of a directive."""
        tokens = self.lexer.blocks(source.text + ("\n" if inside else ""))
        lines = texts.lines(source)
        while len(lines) > 1 and not lines[-1].text:
            lines.pop()
        handlers: dict[str, Callable[[Token], None]] = {
            "fence": lambda t: self.fence(t, lines, inside),
            "colon_fence": lambda t: self.fence(t, lines, inside),
            "front_matter": self.read_front_matter,
            "math_block": lambda t: self.math_block(t, lines),
            "math_block_label": lambda t: self.math_block(t, lines),
            "html_block": lambda t: self.refuse_html(t, lines),
            "code_block": lambda t: self.refuse_indented(t, lines),
        }
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

    def read_front_matter(self, token: Token) -> None:
        place = Place(self.file, 1)
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
        if piece.token is None:
            return piece.text
        return piece.token.content

    def math_block(self, token: Token, lines: list[Text]) -> None:
        assert token.map is not None
        self.between_blocks()
        content = texts.lift(token.content, lines, token.map[0])
        self.plain_math(texts.strip(content), display=True)

    def plain_math(self, body: Text, display: bool) -> None:
        self.elements.append(
            PlainMath(
                place=body.place(),
                section=self.section,
                body=body,
                display=display,
            )
        )

    def refuse_html(self, token: Token, lines: list[Text]) -> None:
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
        assert token.map is not None
        line = texts.strip(lines[token.map[0]])
        self.find(
            markup.BROKEN,
            "indented so far that it is code",
            line.place(),
            "code stands in a fence with a language",
            width=len(line.text),
        )

    # Words within a block

    def inline(self, token: Token, content: Text, kind: Any) -> None:
        """The words, markers and formulas of one block of text."""
        self.settle_waiting()
        pieces = self.lexer.pieces(token)
        self.findings += markup.inline_findings(pieces, content)
        self.prose(pieces, content, kind)
        here: list[Draft] = []
        for piece in pieces:
            if piece.token is None:
                continue
            if piece.token.type == "myst_role":
                self.role(piece, content, here, kind)
            elif piece.token.type == "math_inline":
                body = texts.cut(content, piece.start + 1, piece.end - 1)
                self.plain_math(body, display=False)
            elif piece.token.type == "image":
                self.markdown_image(piece, content)
            self.tooltip(piece, content)
        self.above = None

    def tooltip(self, piece: Piece, content: Text) -> None:
        """The title of a link or image, shown under the pointer."""
        assert piece.token is not None
        title = str(piece.token.attrs.get("title", ""))
        if title:
            place = content.place(piece.start)
            origin = ((0, place.line, place.column),)
            self.printed(Text(title, self.file, origin), "title")

    def prose(self, pieces: Sequence[Piece], content: Text, kind: Any) -> None:
        """One element for all the words that the block prints."""
        parts: list[Text] = []
        for piece in pieces:
            place = content.place(piece.start)
            origin = ((0, place.line, place.column),)
            if piece.kind == "text" and not piece.in_link:
                parts.append(Text(piece.text, self.file, origin))
            elif piece.token is None or piece.token.nesting < 0:
                continue
            elif piece.token.type != "span_open" and not piece.in_link:
                parts.append(Text(ATOM, self.file, origin))
        text = texts.join(parts, self.file, separator="")
        if parts:
            self.elements.append(
                Prose(
                    place=content.place(),
                    section=self.section,
                    text=text,
                    kind=kind,
                )
            )

    def role(
        self, piece: Piece, content: Text, here: list[Draft], kind: str
    ) -> None:
        assert piece.token is not None
        name: str = piece.token.meta["name"]
        raw = texts.cut(content, piece.start, piece.end)
        body = self.role_body(piece.token, name, raw)
        if name not in _ROLES:
            self.findings.append(
                markup.unknown_role(
                    name, sorted(_ROLES), raw.place(), len(raw.text)
                )
            )
        elif name == "math":
            self.plain_math(body, display=False)
        elif name in _ATTACHED:
            self.attach(name, texts.strip(body), here)
        elif name in MARKER_ROLES:
            if kind == "heading":
                self.find(
                    "heading",
                    "a marker in a heading, which is printed several times",
                    raw.place(),
                    width=len(raw.text),
                )
            draft, findings = draft_role(name, body, raw, self.section)
            self.findings += findings
            self.elements.append(draft)
            here.append(draft)

    def role_body(self, token: Token, name: str, raw: Text) -> Text:
        """What stands between the role's backticks, as it was lexed."""
        inner = raw.text[len(name) + 2 :]
        ticks = len(inner) - len(inner.lstrip("`"))
        start = len(name) + 2 + ticks
        body = texts.cut(raw, start, len(raw.text) - ticks)
        if body.text.replace("\n", " ") != token.content:
            self.find(
                "internal",
                "the press has lost the place of this role",
                raw.place(),
                "please report this with the paragraph it stands in",
                width=len(raw.text),
            )
            return texts.with_text(body, token.content)
        return texts.with_text(body, token.content)

    def attach(self, role: str, text: Text, here: list[Draft]) -> None:
        """Hang a role on the nearest marker above that can take it."""
        for draft in reversed(here):
            if draft.takes(role):
                self.findings += draft.attach(role, text)
                return
        if self.above is not None and self.above.takes(role):
            self.findings += self.above.attach(role, text)
            return
        self.waiting.append((role, text))

    def settle_waiting(self) -> None:
        """Report the roles for which no marker came."""
        for role, text in self.waiting:
            self.find(
                "unattached",
                f"this {{{role}}} stands with no marker",
                text.place(),
                "it stands right after its marker, or right above a display",
                width=len(text.text),
            )
        self.waiting = []

    def between_blocks(self) -> None:
        """A block that is no marker parts the markers around it."""
        self.settle_waiting()
        self.above = None

    def markdown_image(self, piece: Piece, content: Text) -> None:
        assert piece.token is not None
        alt = piece.token.content
        place = content.place(piece.start)
        self.elements.append(
            Figure(
                place=place,
                section=self.section,
                alt=alt or None,
                target=str(piece.token.attrs.get("src", "")),
            )
        )
        start = piece.start + 2
        self.printed(texts.cut(content, start, start + len(alt)), "alt")

    def printed(self, text: Text, kind: Any) -> None:
        """Words that are printed without being read as Markdown."""
        if text.text:
            self.elements.append(
                Prose(
                    place=text.place(),
                    section=self.section,
                    text=text,
                    kind=kind,
                )
            )

    def printed_markdown(self, text: Text, kind: Any) -> None:
        """A title or caption, which may hold markers."""
        if text.text.strip():
            self.inline(self.lexer.inline(text.text), text, kind)

    # Directives

    def fence(
        self, token: Token, lines: list[Text], inside: tuple[str, ...]
    ) -> None:
        assert token.map is not None
        opening = lines[token.map[0]]
        name, _ = info_parts(token, opening)
        self.findings += markup.fence_findings(token, name, opening)
        if not (name.startswith("{") and name.endswith("}")):
            self.between_blocks()
            return
        directive, findings = read_directive(token, lines, self.table)
        self.findings += findings
        if directive.name not in MARKERS:
            self.between_blocks()
        if directive.row is None:
            self.findings.append(
                markup.unknown_directive(directive.name, self.table, opening)
            )
            return
        special: dict[str, Callable[[Directive, tuple[str, ...]], None]] = {
            **dict.fromkeys(MARKERS, self.marker),
            "symbols": self.symbols,
            "chunk": self.chunk,
            "code-cell": self.code_cell,
            "exercise": self.read_exercise,
            "solution": self.solution,
            **dict.fromkeys(("starter", "check", "code"), self.exercise_part),
            "figure": self.figure,
            "image": self.figure,
        }
        if directive.name == "code-cell" and not _is_run(token, inside):
            self.find(
                markup.BROKEN,
                "a cell that MyST-NB does not run",
                texts.strip(opening).place(),
                "cells stand at the top level of the chapter, in backticks",
                width=len(opening.text.strip()),
            )
        special.get(directive.name, self.box)(directive, inside)

    def marker(self, directive: Directive, inside: tuple[str, ...]) -> None:
        draft, findings = draft_directive(directive, self.section)
        self.findings += findings
        self.elements.append(draft)
        for role, text in tuple(self.waiting):
            if draft.takes(role):
                self.findings += draft.attach(role, text)
                self.waiting.remove((role, text))
        self.settle_waiting()
        self.above = draft

    def box(self, directive: Directive, inside: tuple[str, ...]) -> None:
        """A directive that prints a title, a body in MyST, or mathematics."""
        row = directive.row
        assert row is not None
        if row.argument == "title":
            self.printed_markdown(directive.argument, "title")
        for name, is_printed in row.options.items():
            if is_printed and name in directive.options:
                self.printed(directive.options[name], "title")
        if row.body == "myst":
            self.walk(directive.body, (*inside, directive.name))
        elif row.body == "math":
            self.plain_math(texts.strip(directive.body), display=True)
        elif row.body == "names":
            for line in texts.lines(directive.body):
                self.printed(texts.cut(line, 0, line.text.find("<")), "title")
        self.between_blocks()

    def chunk(self, directive: Directive, inside: tuple[str, ...]) -> None:
        name = directive.options.get("name")
        label = directive.options.get("label")
        if name is not None:
            self.printed(name, "title")
        self.elements.append(
            Chunk(
                place=texts.strip(directive.opening).place(),
                section=self.section,
                target=directive.argument.text or None,
                name=name.text if name else None,
                body=directive.body,
                label=label.text if label else None,
            )
        )

    def code_cell(self, directive: Directive, inside: tuple[str, ...]) -> None:
        place = texts.strip(directive.opening).place()
        self.elements.append(
            Cell(
                place=place,
                section=self.section,
                number=self.cells,
                body=directive.body,
                language=directive.argument.text or "ipython3",
                options=directive.metadata,
            )
        )
        self.cells += 1
        if "load" in directive.metadata:
            self.find(
                markup.REFUSED_RULE,
                "a cell that is loaded from a file cannot be read here",
                place,
                width=len(directive.opening.text.strip()),
            )
        self.cell_figure(directive, place)

    def cell_figure(self, directive: Directive, place: Place) -> None:
        """The caption and the words for the blind of a cell's picture."""
        block = directive.options[""]
        settings = directive.metadata.get("mystnb")
        if not isinstance(settings, dict) or not (
            {"image", "figure"} & set(settings)
        ):
            return
        alt = yaml_text(block, "mystnb", "image", "alt")
        name = yaml_text(block, "mystnb", "figure", "name")
        self.elements.append(
            Figure(
                place=place,
                section=self.section,
                alt=alt.text if alt and alt.text.strip() else None,
                target=name.text if name else "",
            )
        )
        if alt is not None:
            self.printed(alt, "alt")
        caption = yaml_text(block, "mystnb", "figure", "caption")
        if caption is not None:
            self.printed_markdown(caption, "caption")

    def figure(self, directive: Directive, inside: tuple[str, ...]) -> None:
        alt = directive.options.get("alt")
        self.elements.append(
            Figure(
                place=texts.strip(directive.opening).place(),
                section=self.section,
                alt=alt.text if alt and alt.text.strip() else None,
                target=directive.argument.text,
            )
        )
        if alt is not None:
            self.printed(alt, "alt")
        if directive.name == "figure":
            self.walk(directive.body, (*inside, directive.name))
            self.between_blocks()

    # Exercises

    def read_exercise(
        self, directive: Directive, inside: tuple[str, ...]
    ) -> None:
        at = len(self.elements)
        title = directive.options.get("title")
        grade = directive.options.get("grade")
        if title is not None:
            self.printed_markdown(title, "title")
        parts = self.exercise_body(directive, inside)
        self.elements.insert(
            at,
            Exercise(
                place=texts.strip(directive.opening).place(),
                section=self.section,
                label=self.label_of(directive),
                starter=parts.get("starter"),
                check=parts.get("check"),
                title=title.text if title else "",
                grade=grade.text if grade else "",
            ),
        )

    def solution(self, directive: Directive, inside: tuple[str, ...]) -> None:
        at = len(self.elements)
        parts = self.exercise_body(directive, inside)
        self.elements.insert(
            at,
            Solution(
                place=texts.strip(directive.opening).place(),
                section=self.section,
                label=self.label_of(directive),
                code=parts.get("code"),
            ),
        )

    def exercise_body(
        self, directive: Directive, inside: tuple[str, ...]
    ) -> dict[str, Text]:
        outer, self.exercise = self.exercise, {}
        self.walk(directive.body, (*inside, directive.name))
        self.between_blocks()
        parts, self.exercise = self.exercise, outer
        return parts

    def exercise_part(
        self, directive: Directive, inside: tuple[str, ...]
    ) -> None:
        owner = "solution" if directive.name == "code" else "exercise"
        place = texts.strip(directive.opening).place()
        if self.exercise is None or inside[-1:] != (owner,):
            self.find(
                "exercise",
                f"a {{{directive.name}}} outside an {{{owner}}}",
                place,
                "code that is only shown stands in a fence with a language",
            )
        elif directive.name in self.exercise:
            self.find("exercise", f"a second {{{directive.name}}}", place)
        else:
            self.exercise[directive.name] = directive.body

    def label_of(self, directive: Directive) -> str:
        label = directive.argument
        if not is_label(label.text):
            self.find(
                "label",
                f"{label.text!r} is no label: small letters, digits, hyphens",
                label.place(),
                width=max(len(label.text), 1),
            )
        return label.text

    # Symbols

    def symbols(self, directive: Directive, inside: tuple[str, ...]) -> None:
        """The table of symbols: its cells are printed, its values bound."""
        place = texts.strip(directive.opening).place()
        self.symbol_tables += 1
        at = len(self.elements)
        lines = texts.lines(directive.body)
        tokens = self.lexer.blocks(directive.body.text + "\n")
        table: list[list[tuple[Token, Text]]] = []
        cells: list[Text] = []
        for token in tokens:
            if token.type == "table_open":
                self.findings += markup.table_findings(token, lines)
            elif token.type == "tr_open" and token.map:
                cells = markup.row_cells(lines[token.map[0]])
                table.append([])
            elif token.type == "inline" and table:
                table[-1].append((token, self.cell_text(token, cells, lines)))
        header = [text.text.lower() for _, text in table[0]] if table else []
        if header != _HEADER:
            self.find(
                "symbols",
                "the table's header is | symbol | meaning | shape | value |",
                place,
                width=len(directive.opening.text.strip()),
            )
            return
        rows = [row for cells in table[1:] if (row := self.symbol_row(cells))]
        self.elements.insert(
            at,
            Symbols(
                place=place,
                section=self.section,
                rows=tuple(rows),
                redefine="redefine" in directive.options,
                id=f"symbols-{self.symbol_tables}",
            ),
        )

    def symbol_row(self, cells: list[tuple[Token, Text]]) -> SymbolRow | None:
        (symbol, symbol_text), meaning, shape, (value, value_text) = cells
        formula = self.only(symbol, symbol_text, "math_inline")
        code = self.only(value, value_text, "code_inline")
        if formula is None:
            self.find(
                "symbols",
                "a row's first cell is one symbol, in dollars",
                symbol_text.place(),
                width=max(len(symbol_text.text), 1),
            )
            return None
        if code is None and value_text.text:
            self.find(
                "symbols",
                "a row's value is one Python expression in backticks, or empty",
                value_text.place(),
                width=len(value_text.text),
            )
        for token, text in (meaning, shape):
            self.inline(token, text, "table-cell")
        return SymbolRow(
            symbol=formula,
            meaning=meaning[1].text,
            shape=shape[1].text,
            value=code,
        )

    def only(self, token: Token, content: Text, kind: str) -> Text | None:
        """The inside of a cell that holds one piece of this kind."""
        pieces = self.lexer.pieces(token)
        if len(pieces) != 1 or pieces[0].token is None:
            return None
        if pieces[0].token.type != kind:
            return None
        width = len(pieces[0].token.markup)
        return texts.strip(texts.cut(content, width, len(content.text) - width))
