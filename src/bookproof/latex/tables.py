"""Take in the rows of a `{symbols}` table."""

from __future__ import annotations

from collections.abc import Mapping

from bookproof.diagnostics import Finding
from bookproof.latex import tree as t
from bookproof.latex.bindings import Bindings, Row
from bookproof.latex.environment import Evaluate
from bookproof.latex.errors import FormulaError
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.printing import show_node
from bookproof.latex.shapes import read_shape
from bookproof.latex.statements import read_list, read_symbol
from bookproof.reading import python
from bookproof.reading.elements import SymbolRow, Symbols


def read_rows(
    table: Symbols, bindings: Bindings, macros: Mapping[str, str]
) -> list[Finding]:
    """Bind what the rows say; what is wrong with them."""
    findings: list[Finding] = []
    for row in table.rows:
        try:
            if row.value is None:
                _explain(row, bindings, macros)
            else:
                _bind(row, table, bindings, macros)
        except FormulaError as error:
            findings.append(error.finding(row.symbol, table.id or None))
    return findings


def _explain(
    row: SymbolRow, bindings: Bindings, macros: Mapping[str, str]
) -> None:
    formula = read_list(row.symbol.text, macros)
    nodes = [*formula.chains, *formula.loose]
    for loop in formula.loops:
        nodes += loop.symbols
    for node in nodes:
        bindings.explained.update(
            show_node(part)
            for part in t.walk(node)
            if isinstance(part, t.Symbol)
        )


def _bind(
    row: SymbolRow,
    table: Symbols,
    bindings: Bindings,
    macros: Mapping[str, str],
) -> None:
    assert row.value is not None
    node = read_symbol(row.symbol.text, macros)
    if isinstance(node, t.Call):
        node = node.function
    if not isinstance(node, t.Symbol | t.Derivative):
        raise FormulaError(
            "a row with a value binds one symbol",
            node.at,
            node.width,
            rule="symbols",
        )
    source = row.value.text.strip()
    try:
        python.parse(source, mode="eval")
    except SyntaxError as error:
        wrong = FormulaError(
            f"not a Python expression: {error.msg}",
            0,
            len(source),
            rule="symbols",
        )
        wrong.source = row.value
        raise wrong from None
    key = show_node(node)
    if bindings.row_of(key) is not None and not table.redefine:
        raise FormulaError(
            f"{key} has a row with a value already; say :redefine: if it is "
            "to change",
            node.at,
            node.width,
            rule="redefined",
        )
    shape = read_shape(row.shape, macros)
    made = bindings.add_row(node, row.value, table.id, shape)
    bindings.tables.setdefault(table.id, []).append(made)


def meet_shape(
    row: Row, bindings: Bindings, evaluate: Evaluate, whole: bool
) -> None:
    """Hold the row's value against its shape, unless a claim has done so."""
    if row.shape is None or row.shape.met:
        return
    if not row.indices:
        Evaluator(bindings, evaluate).python(row, row.symbol, {})
    elif whole:
        raise row.shape.wrong(
            f"no claim looks up {show_node(row.symbol)}, so that nothing "
            "checks this shape",
            "say it in words",
        )
