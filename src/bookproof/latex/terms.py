r"""A term bound to Python: {claim}`W^\top \delta <back>`.

It prints the term alone; the claim is that the term, read as LaTeX, has the
value that the expression has in Python.
"""

from __future__ import annotations

from bookproof.diagnostics import Text
from bookproof.latex import tree as t
from bookproof.latex.bindings import Bindings
from bookproof.latex.errors import FormulaError
from bookproof.latex.printing import show_node
from bookproof.latex.statements import Formula
from bookproof.reading.expressions import is_constant, same
from bookproof.rules import Rule


def bind(formula: Formula, expression: Text, bindings: Bindings) -> Formula:
    """The claim that the one term of `formula` equals `expression`."""
    for chain in formula.chains:
        raise FormulaError(
            "a term that is bound to Python holds no relation",
            *chain.spots[0],
            notes=("leave the <…> out, or make it two claims",),
        )
    if len(formula.loose) != 1:
        raise FormulaError("one term is bound to one expression")
    (term,) = formula.loose
    _refuse_vacuous(term, expression, bindings)
    equal = t.Chain(
        (term, t.Bound(expression)),
        ("=",),
        ((term.at, term.width),),
        at=term.at,
        end=term.end,
    )
    return Formula((equal,), formula.loops)


def _refuse_vacuous(term: t.Node, expression: Text, bindings: Bindings) -> None:
    try:
        constant = is_constant(expression.text)
    except SyntaxError as error:
        raise _vacuous(
            f"not one Python expression: {error.msg}", expression, "claim"
        ) from None
    if constant:
        raise _vacuous(
            "the expression is a constant, which the reader does not see",
            expression,
            "vacuous",
            "print it, as in W x = 3, or let the value come from a cell",
        )
    if isinstance(term, t.Symbol):
        row = bindings.row_of(show_node(term))
        if row is not None and same(row.source, expression.text):
            raise _vacuous(
                "the table of symbols binds it to this very expression",
                expression,
                "vacuous",
                "a check comes by another route",
            )


def _vacuous(
    message: str, expression: Text, rule: Rule, *notes: str
) -> FormulaError:
    width = len(expression.text.split("\n")[0])
    error = FormulaError(message, 0, width, rule=rule, notes=notes)
    error.source = expression
    return error
