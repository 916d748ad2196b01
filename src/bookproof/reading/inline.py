"""Reading the words of one block: prose, formulas, and the roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markdown_it.token import Token

from bookproof.diagnostics import Finding, Place, Text
from bookproof.reading import markup, texts
from bookproof.reading.drafts import Draft, draft_role
from bookproof.reading.elements import Element, Figure, Label, PlainMath, Prose
from bookproof.reading.markdown import Lexer, Piece
from bookproof.reading.table import MARKER_ROLES, PLAIN_ROLES
from bookproof.rules import Rule

#: Stands in printed words for code, mathematics, a marker or a link's text.
ATOM = "\ufffc"

Kind = Literal["text", "heading", "caption", "table-cell", "alt", "title"]

_ROLES = frozenset((*MARKER_ROLES, *PLAIN_ROLES))
_ATTACHED = ("source", "when", "range")


class InlineReader:
    """Collects elements, and reads what stands within a block of text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lexer = Lexer()
        self.findings: list[Finding] = []
        self.elements: list[Element | Draft] = []
        self.section = ""
        # The display marker directly above, and roles that wait for the one
        # directly below.
        self.above: Draft | None = None
        self.waiting: list[tuple[str, Text]] = []

    def find(
        self,
        rule: Rule,
        message: str,
        place: Place,
        *notes: str,
        width: int = 1,
    ) -> None:
        """Note something wrong."""
        self.findings.append(
            Finding(rule, message, place, width=width, notes=notes)
        )

    def plain_math(self, body: Text, display: bool) -> None:
        """A formula that no marker holds."""
        self.elements.append(
            PlainMath(
                place=body.place(),
                section=self.section,
                body=body,
                display=display,
            )
        )

    def label(self, text: Text | None) -> None:
        """A name that links lead to."""
        if text is not None and text.text.strip():
            self.elements.append(
                Label(place=text.place(), section=self.section, name=text.text)
            )

    def printed(self, text: Text, kind: Kind) -> None:
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

    def printed_markdown(self, text: Text, kind: Kind) -> None:
        """A title or caption, which may hold markers."""
        if text.text.strip():
            self.inline(self.lexer.inline(text.text), text, kind)

    def inline(self, token: Token, content: Text, kind: Kind) -> None:
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
            origin = ((0, *content.line_and_column(piece.start)),)
            self.printed(Text(title, self.file, origin), "title")

    def prose(self, pieces: Sequence[Piece], content: Text, kind: Kind) -> None:
        """One element for all the words that the block prints."""
        parts: list[Text] = []
        for piece in pieces:
            origin = ((0, *content.line_and_column(piece.start)),)
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
        self, piece: Piece, content: Text, here: list[Draft], kind: Kind
    ) -> None:
        """A marker, what stands with one, or a plain role."""
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
        """An image and its words for those who do not see it."""
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
