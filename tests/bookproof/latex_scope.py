"""A scope on a plain dict, for tests of formulas."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import numpy as np

from bookproof.diagnostics import Finding, Text
from bookproof.judging.claims import Scope, Verdict
from bookproof.reading.elements import Marker, SymbolRow, Symbols


class Bench:
    """Lets, rows and claims as a chapter would make them."""

    def __init__(self, **namespace: Any) -> None:
        self.namespace: dict[str, Any] = {"np": np, **namespace}
        self.scope = Scope(self.evaluate, {r"\R": r"\mathbb{R}"})

    def evaluate(self, source: str, names: Mapping[str, object]) -> object:
        return eval(source, {**self.namespace, **names})

    def marker(
        self,
        body: str,
        kind: str = "claim",
        *,
        when: tuple[str, ...] = (),
        range: str | None = None,
        redefine: bool = False,
        id: str = "the-claim",
        expression: str | None = None,
        **options: str,
    ) -> Marker:
        text = Text.at(body, "chapter.md", 10)
        return Marker(
            place=text.place(),
            kind=kind,  # type: ignore[arg-type]
            form="directive",
            id=id,
            body=text,
            raw=text,
            options={
                name.rstrip("_"): Text.at(value)
                for name, value in options.items()
            },
            when=tuple(Text.at(condition) for condition in when),
            range=None if range is None else Text.at(range),
            redefine=redefine,
            expression=None if expression is None else Text.at(expression),
        )

    def let(self, *bodies: str, redefine: bool = False) -> Bench:
        for body in bodies:
            found = self.scope.let(self.marker(body, "let", redefine=redefine))
            assert not found, found[0].render()
        return self

    def bad_let(self, body: str, *, redefine: bool = False) -> list[Finding]:
        return self.scope.let(self.marker(body, "let", redefine=redefine))

    def rows(self, **rows: str) -> Bench:
        return self.table(list(rows.items()))

    def table(self, rows: list[tuple[str, str | None]], *shapes: str) -> Bench:
        found = self.bad_table(rows, *shapes)
        assert not found, found[0].render()
        return self

    def bad_table(
        self, rows: list[tuple[str, str | None]], *shapes: str
    ) -> list[Finding]:
        made = tuple(
            SymbolRow(
                symbol=Text.at(symbol),
                meaning="",
                shape=Text.at(shape, line=20),
                value=None if value is None else Text.at(value),
            )
            for (symbol, value), shape in zip_longest(
                rows, shapes, fillvalue=""
            )
        )
        place = Text.at("x").place()
        return self.scope.symbols(Symbols(place=place, rows=made))

    def check(self, body: str, **options: Any) -> Verdict:
        return self.scope.check(self.marker(body, **options))


def shown(verdict: Verdict) -> str:
    """The verdict's findings, for an assertion's message."""
    return "\n".join([verdict.status, *(f.render() for f in verdict.findings)])
