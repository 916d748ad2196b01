"""MyST's own lexer, which in addition remembers where every piece stood."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore, block, normalize
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from bookproof.config import MYST_EXTENSIONS

_PIECES = "bookproof.pieces"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one inline rule made of `source[start:end]` of an inline token.

    `text` pieces hold printed characters; `token` pieces all else.
    """

    kind: Literal["text", "token"]
    start: int
    end: int
    text: str = ""
    token: Token | None = None
    in_link: bool = False


class RecordingInline(ParserInline):
    """Markdown-it's inline parser; `tokenize` is upstream's loop, recording."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[list[Piece]] = []

    def parse(
        self,
        src: str,
        md: MarkdownIt,
        env: MutableMapping[str, Any],
        tokens: list[Token],
    ) -> list[Token]:
        """Lex `src`; the pieces wait in `env` for `_keep_pieces`."""
        self._open.append([])
        try:
            return super().parse(src, md, env, tokens)
        finally:
            # The list of tokens is kept beside its pieces: an id is good only
            # for as long as its object lives.
            pieces = self._open.pop()
            env.setdefault(_PIECES, {})[id(tokens)] = (tokens, pieces)

    def tokenize(self, state: StateInline) -> None:
        """Try the rules at each place, and record what each one read."""
        pieces = self._open[-1]
        rules = self.ruler.getRules("")
        end = state.posMax
        while state.pos < end:
            start, known = state.pos, len(state.tokens)
            pending, seen = state.pending, len(pieces)
            ok = False
            if state.level < state.md.options["maxNesting"]:
                for rule in rules:
                    ok = rule(state, False)
                    if ok:
                        break
            if not ok:
                state.append_pending(state.src[state.pos])
                state.pos += 1
            if len(state.tokens) == known:
                printed = state.pending[len(pending) :]
                pieces.append(Piece("text", start, state.pos, printed))
            else:
                new = state.tokens[known:]
                _record(pieces, seen, new, start, state.pos)
        if state.pending:
            state.pushPending()


def _record(
    pieces: list[Piece], seen: int, new: list[Token], start: int, end: int
) -> None:
    """Add the pieces of one rule, which may have recorded inner ones."""
    if any(token.type == "link_open" for token in new):
        pieces[seen:] = [
            replace(piece, in_link=True) for piece in pieces[seen:]
        ]
    inner = {id(piece.token) for piece in pieces[seen:]}
    for token in new:
        if id(token) in inner or token.type == "text":
            continue  # a text token flushes characters recorded already
        if token.type == "text_special":
            pieces.append(Piece("text", start, end, token.content))
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append(Piece("text", start, end, "\n"))
        else:
            pieces.append(Piece("token", start, end, token=token))


class Lexer:
    """One chapter's Markdown parser, sharing its link references."""

    def __init__(self) -> None:
        self.md = make_parser()
        plain = self.md.inline
        recorder = RecordingInline()
        recorder.ruler, recorder.ruler2 = plain.ruler, plain.ruler2
        recorder.terminator_re = plain.terminator_re
        self.md.inline = recorder
        self.md.core.ruler.after("inline", "keep_pieces", _keep_pieces)
        self.md.disable("wordcount", ignoreInvalid=True)
        self.env: dict[str, Any] = {}

    def blocks(self, text: str) -> list[Token]:
        """The tokens of a document or of a directive's body."""
        return self.md.parse(text, self.env)

    def outline(self, text: str) -> list[Token]:
        """The tokens of a document whose words nobody wants to read."""
        state = StateCore(text, self.md, self.env)
        normalize(state)
        block(state)
        return state.tokens

    def inline(self, text: str) -> Token:
        """The one inline token of a title or caption."""
        return self.md.parseInline(text, self.env)[0]

    def pieces(self, inline: Token) -> list[Piece]:
        """What the inline rules read in an inline token, in order."""
        pieces: list[Piece] = inline.meta[_PIECES]
        return pieces


def _keep_pieces(state: StateCore) -> None:
    """Hang the pieces on their inline tokens, before later rules join any."""
    waiting = state.env.pop(_PIECES, {})
    for token in state.tokens:
        if token.type == "inline":
            _, token.meta[_PIECES] = waiting[id(token.children)]


def make_parser() -> MarkdownIt:
    """MyST's parser, set up as `conf.py` sets it up."""
    config = MdParserConfig(enable_extensions=set(MYST_EXTENSIONS))
    return create_md_parser(config, RendererHTML)
