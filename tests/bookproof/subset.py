"""The printed grammar of formulas, run: whether it accepts a formula."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from importlib.resources import files

import lark

from bookproof.latex.tokens import Token

GRAMMAR = (files("bookproof.latex") / "subset.lark").read_text()
_TAKES_A_NAME = [
    r"\mathcal",
    r"\mathscr",
    r"\mathfrak",
    r"\mathbb",
    r"\mathsf",
    r"\mathrm",
    r"\operatorname",
    r"\operatorname*",
    r"\begin",
    r"\end",
]
_TAKES_A_DIGIT = (r"\frac", r"\dfrac", r"\tfrac", r"\binom", r"\sqrt")
_CLEAR = [r"\mathbf", r"\boldsymbol", r"\bm", r"\mathit", r"\bold"]


def words(tokens: list[Token]) -> Iterator[str]:
    """The words of the grammar: a command that takes a name, with it."""
    index = 0
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if token.kind == "text":
            yield rf"\text{{{token.text}}}"
            continue
        name, end = _name(tokens, index)
        one = token.text in _CLEAR and name == "1"
        if name and (one or token.text in _TAKES_A_NAME):
            index = end
            yield f"{token.text}{{{name}}}"
        elif token.kind == "num" and _argument(tokens, index - 2):
            yield from (token.text[0], *filter(None, [token.text[1:]]))
        elif token.kind != "end":
            yield token.text


def _argument(tokens: list[Token], before: int) -> bool:
    r"""Whether one digit alone is taken: `\frac12`."""
    return before >= 0 and tokens[before].text in _TAKES_A_DIGIT


def _name(tokens: list[Token], index: int) -> tuple[str, int]:
    """The name in braces (or the one token) that stands at `index`."""
    if index >= len(tokens):
        return "", index
    if tokens[index].text != "{":
        plain = tokens[index].kind in ("letter", "num")
        return tokens[index].text if plain else "", index + 1
    end, parts = index + 1, []
    while end < len(tokens) and tokens[end].text != "}":
        token = tokens[end]
        if token.kind not in ("letter", "num") and token.text not in ("-", "*"):
            return "", index
        parts.append(tokens[end].text)
        end += 1
    return "".join(parts), end + 1


class Subset:
    """Recognises what the grammar generates, all readings at once."""

    def __init__(self) -> None:
        made = lark.Lark(
            GRAMMAR, parser="earley", start=["piece", "definition"]
        )
        self.rules: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for rule in made.rules:
            names = tuple(symbol.name for symbol in rule.expansion)
            self.rules[rule.origin.name].append(names)
        self.literal = {}
        self.patterns = []
        for terminal in made.terminals:
            if terminal.pattern.type == "str":
                self.literal[terminal.pattern.value] = terminal.name
            else:
                self.patterns.append((terminal.name, terminal.pattern.value))
        # NAME stands for what no narrower pattern takes.
        self.patterns.sort(key=lambda pair: pair[0] == "NAME")

    def accepts(self, text: list[str], start: str = "piece") -> bool:
        """Whether the grammar makes this row of words from `start`."""
        self.kinds = [self._kind(word) for word in text]
        self.memo: dict[tuple[str, int], frozenset[int]] = {}
        return len(text) in self._ends(start, 0)

    def _kind(self, word: str) -> str:
        if word in self.literal:
            return self.literal[word]
        for name, pattern in self.patterns:
            if re.fullmatch(pattern, word, re.DOTALL):
                return name
        return "unknown"

    def _ends(self, name: str, start: int) -> frozenset[int]:
        """Where a `name` that begins at `start` may end."""
        if name not in self.rules:
            fits = start < len(self.kinds) and self.kinds[start] == name
            return frozenset([start + 1] if fits else [])
        key = name, start
        if key not in self.memo:
            found = self._begun(name, start)
            self.memo[key] = self._repeated(name, found)
        return self.memo[key]

    def _begun(self, name: str, start: int) -> frozenset[int]:
        here = self.kinds[start] if start < len(self.kinds) else ""
        if here not in self.first[name] and "" not in self.first[name]:
            return frozenset()
        found: frozenset[int] = frozenset()
        for parts in self.rules[name]:
            if parts[:1] != (name,):
                found |= self._row(parts, start)
        return found

    def _repeated(self, name: str, found: frozenset[int]) -> frozenset[int]:
        """More of a rule that repeats itself: lark's `a: a b`."""
        tails = [p[1:] for p in self.rules[name] if p[:1] == (name,)]
        new = found
        while new and tails:
            more = [self._row(tail, end) for tail in tails for end in new]
            new = frozenset().union(*more) - found
            found |= new
        return found

    def _row(self, parts: tuple[str, ...], start: int) -> frozenset[int]:
        places = frozenset([start])
        for part in parts:
            places = frozenset().union(*(self._ends(part, p) for p in places))
        return places

    @cached_property
    def first(self) -> dict[str, set[str]]:
        """The words a rule may begin with; "" if it may be empty."""
        out: dict[str, set[str]] = defaultdict(set)
        size = -1
        while size != sum(map(len, out.values())):
            size = sum(map(len, out.values()))
            for name, alternatives in self.rules.items():
                for parts in alternatives:
                    out[name] |= self._first_of(parts, out)
        return out

    def _first_of(
        self, parts: tuple[str, ...], known: dict[str, set[str]]
    ) -> set[str]:
        found: set[str] = set()
        for part in parts:
            begins = known[part] if part in self.rules else {part}
            found |= begins - {""}
            if "" not in begins:
                return found
        return found | {""}
