"""Keep what a chapter has defined; verify what it claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bookproof.diagnostics import Finding, Text
from bookproof.latex.bindings import Bindings
from bookproof.latex.checker import Checker
from bookproof.latex.checking import Haste
from bookproof.latex.draws import Draws
from bookproof.latex.errors import FormulaError, MissingName
from bookproof.latex.limits import deep, limited
from bookproof.latex.options import OptionError, read_options
from bookproof.latex.plain import read_plain
from bookproof.latex.printing import show_node
from bookproof.latex.statements import (
    Formula,
    read_definitions,
    read_formula,
    read_loop,
)
from bookproof.latex.tables import meet_shape, read_rows
from bookproof.latex.terms import bind
from bookproof.reading.elements import Marker, Symbols

Status = Literal["holds", "fails", "error", "waiting"]


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    `values` are the sides of each relation in the first draw; `missing`, of a
    claim that waits, is a Python name that no cell has bound yet.
    """

    id: str
    kind: str
    status: Status
    findings: tuple[Finding, ...] = ()
    draws: int = 0
    relations: int = 0
    values: tuple[tuple[str, str], ...] = ()
    missing: str | None = None


class Scope:
    """The bindings in force at a place of a chapter.

    `evaluate(source, names)` evaluates Python in the chapter's namespace,
    with `names` laid over it.
    """

    def __init__(
        self,
        evaluate: Callable[[str, Mapping[str, object]], object],
        macros: Mapping[str, str] | None = None,
    ) -> None:
        self.evaluate = evaluate
        self.macros = dict(macros or {})
        self.bindings = Bindings()
        self.haste: Haste | None = None

    def fork(self) -> Scope:
        """A copy that later definitions do not reach."""
        other = Scope(self.evaluate, self.macros)
        other.bindings = self.bindings.copy()
        return other

    def let(self, marker: Marker) -> list[Finding]:
        """Take in a definition; what is wrong with it."""
        if not marker.body.text.strip():
            return []  # reading has said so
        try:
            definitions = read_definitions(marker.body.text, self.macros)
        except FormulaError as error:
            return [error.finding(marker.body, marker.id)]
        if not definitions:
            return [
                FormulaError("an empty let").finding(marker.body, marker.id)
            ]
        findings = []
        known = any(
            self.bindings.before(one.target) is not None
            or self.bindings.row_of(show_node(one.target)) is not None
            for one in definitions
        )
        for definition in definitions:
            before = self.bindings.before(definition.target)
            name = show_node(definition.target)
            if before is not None and not marker.redefine:
                findings.append(
                    Finding(
                        "redefined",
                        f"{name} is defined already; say {{redefine}} if it "
                        "is to change",
                        marker.body.place(definition.at),
                        definition.width,
                        id=marker.id,
                        notes=(f"first defined at {before.place(0)}",),
                    )
                )
            elif marker.redefine and not known:
                findings.append(
                    Finding(
                        "redefined",
                        f"{name} is not defined yet; write {{let}}",
                        marker.body.place(definition.at),
                        definition.width,
                        id=marker.id,
                    )
                )
            else:
                self.bindings.add_let(definition, marker.body, marker.id)
        return findings

    def symbols(self, table: Symbols) -> list[Finding]:
        """Take in a table of symbols."""
        return read_rows(table, self.bindings, self.macros)

    def shapes(self, table: Symbols, *, whole: bool) -> list[Finding]:
        """Hold the values of a table that no claim has looked up against
        their shapes. `whole`: every claim of the chapter has been checked."""
        findings: list[Finding] = []
        for row in self.bindings.tables.get(table.id, ()):
            try:
                with limited(), deep(), np.errstate(all="ignore"):
                    meet_shape(row, self.bindings, self.evaluate, whole)
            except FormulaError as error:
                text, error.source = error.source or row.value, None
                findings.append(error.finding(text, table.id))
        return findings

    def read(self, text: Text, *, relation_allowed: bool) -> list[Finding]:
        """What is wrong with mathematics that stands outside of markers."""
        return read_plain(
            text,
            self.bindings,
            self.macros,
            relation_allowed=relation_allowed,
        )

    def check(self, marker: Marker) -> Verdict:
        """Verify a claim under the bindings in force."""
        try:
            formula = read_formula(marker.body.text, self.macros)
            formula = _with_range(formula, marker, self.macros)
            if marker.expression is not None:
                formula = bind(formula, marker.expression, self.bindings)
        except FormulaError as error:
            return _wrong(marker, error.finding(marker.body, marker.id))
        unchecked = _unchecked(formula, marker)
        if unchecked:
            return _wrong(marker, *unchecked)
        try:
            options = read_options(marker.options, self.macros)
            when = [
                (text, _condition(text, self.macros)) for text in marker.when
            ]
        except OptionError as failed:
            return _wrong(marker, failed.error.finding(failed.text, marker.id))
        except FormulaError as error:
            return _wrong(marker, error.finding(marker.body, marker.id))
        draws = Draws(
            self.bindings, self.evaluate, options, formula.loops, marker.id
        )
        if marker.expression is not None:
            draws.python_of_term = marker.expression.text
        checker = Checker(
            marker.body, marker.id, formula, draws, when, self.haste
        )
        try:
            with limited(), deep(), np.errstate(all="ignore"):
                checker.run()
        except MissingName as missing:
            return Verdict(
                marker.id, marker.kind, "waiting", missing=missing.name
            )
        except FormulaError as error:
            checker.findings = [error.finding(marker.body, marker.id)]
        except RecursionError:
            limit = FormulaError("nested too deep to evaluate", rule="limit")
            checker.findings = [limit.finding(marker.body, marker.id)]
        return _verdict(marker, checker)


def _verdict(marker: Marker, checker: Checker) -> Verdict:
    findings = tuple(checker.findings)
    status: Status = "holds"
    if findings:
        false = all(finding.rule == "claim" for finding in findings)
        status = "fails" if false else "error"
    return Verdict(
        marker.id,
        marker.kind,
        status,
        findings,
        draws=checker.accepted,
        relations=sum(pair.cases for pair in checker.pairs),
        values=tuple(pair.shown for pair in checker.pairs),
    )


def _wrong(marker: Marker, *findings: Finding) -> Verdict:
    return Verdict(marker.id, marker.kind, "error", findings)


def _with_range(
    formula: Formula, marker: Marker, macros: Mapping[str, str]
) -> Formula:
    if marker.range is None:
        return formula
    try:
        loop = read_loop(marker.range.text, macros)
    except FormulaError as error:
        error.source = marker.range
        raise
    return Formula(formula.chains, (*formula.loops, loop), formula.loose)


def _condition(text: Text, macros: Mapping[str, str]) -> Formula:
    try:
        formula = read_formula(text.text, macros)
        if not formula.chains or formula.loose or formula.loops:
            raise FormulaError("a condition is a relation", 0, len(text.text))
    except FormulaError as error:
        error.source = text
        raise
    return formula


def _unchecked(formula: Formula, marker: Marker) -> list[Finding]:
    if formula.loose:
        return [
            FormulaError(
                "nothing is claimed here: a relation is missing",
                node.at,
                node.width,
            ).finding(marker.body, marker.id)
            for node in formula.loose
        ]
    if not formula.chains:
        return [FormulaError("an empty claim").finding(marker.body, marker.id)]
    return []
