"""Print a tree as LaTeX: reading it again gives the same tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bookproof.latex import tree as t

_ADD, _ODOT, _PRODUCT, _FACTOR, _ATOM = range(5)
_COMMANDS = {
    "exp",
    "log",
    "ln",
    "tanh",
    "sinh",
    "cosh",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "det",
    "min",
    "max",
}


def show_node(node: t.Node) -> str:
    """The node as LaTeX."""
    text = node.shown
    if text is None:
        text = _PRINTERS[type(node)](node)
        object.__setattr__(node, "shown", text)
    return text


def _level(node: t.Node) -> int:
    if isinstance(node, t.Add | t.Negative):
        return _ADD
    if isinstance(node, t.Elementwise):
        return _ODOT
    if isinstance(node, t.Product):
        return _PRODUCT
    if isinstance(node, t.Over):
        return _ADD
    if isinstance(node, t.Power | t.Transpose | t.Factorial | t.Entry):
        return _FACTOR
    if isinstance(node, t.Derivative | t.Apply | t.Call):
        return _FACTOR
    return _ATOM


def _bracketed(node: t.Node, level: int) -> str:
    text = show_node(node)
    return text if _level(node) >= level else rf"\left({text}\right)"


def _symbol(node: t.Symbol) -> str:
    return show_symbol(node, [show_node(x) for x in (*node.label, *node.sub)])


def show_symbol(node: t.Symbol, scripts: Sequence[str]) -> str:
    """A symbol whose label and subscripts are printed as `scripts`."""
    base = node.base
    label, sub = scripts[: len(node.label)], scripts[len(node.label) :]
    for accent in reversed(node.accents):
        base = (
            rf"{accent}{{{base}}}"
            if accent != r"\mathrm{d}"
            else (rf"\mathrm{{d}}{base}")
        )
    out = base + "'" * node.primes
    raised = []
    if node.label:
        inside = ",".join(label)
        raised.append(f"[{inside}]" if node.square else f"({inside})")
    if raised:
        out += f"^{{{raised[0]}}}"
    for mark in node.marks:
        shown = rf"\text{{{mark}}}" if mark[0].isalpha() else mark
        out += f"^{{{shown}}}"
    if node.sub:
        out += "_{" + ",".join(sub) + "}"
    return out


def _number(node: t.Number) -> str:
    return node.digits + (r"\%" if node.percent else "")


def _add(node: t.Add) -> str:
    out = "-" if node.signs[0] < 0 else ""
    out += _bracketed(node.terms[0], _ODOT)
    for term, sign in zip(node.terms[1:], node.signs[1:], strict=True):
        out += (" + " if sign > 0 else " - ") + _term(term)
    return out


def _term(node: t.Node) -> str:
    if isinstance(node, t.Over):
        return show_node(node)
    return _bracketed(node, _ODOT)


def _elementwise(node: t.Elementwise) -> str:
    out = _bracketed(node.factors[0], _PRODUCT)
    for op, factor in zip(node.ops, node.factors[1:], strict=True):
        out += f" {op} {_bracketed(factor, _PRODUCT)}"
    return out


def _product(node: t.Product) -> str:
    out = _bracketed(node.factors[0], _FACTOR)
    before = node.factors[0]
    for op, factor in zip(node.ops, node.factors[1:], strict=True):
        text = _bracketed(factor, _FACTOR)
        opens = text.startswith((r"\left(", "("))
        call = opens and isinstance(before, t.Symbol)
        digits = text[0].isdigit() and not out.endswith(")")
        if not op and (call or digits):
            cut = len(out) - len(show_node(before))
            out = rf"{out[:cut]}\left({out[cut:]}\right)"
        out += f" {op} {text}" if op else f" {text}"
        before = factor
    return out


def _power(node: t.Power) -> str:
    entries = r"\odot " if node.entries else ""
    base = node.base
    if (
        isinstance(base, t.Symbol) and not base.marks and not base.label
    ) or isinstance(base, t.Number | t.Bars | t.Norm):
        inside = show_node(base)
    else:
        inside = rf"\left({show_node(base)}\right)"
    return rf"{inside}^{{{entries}{show_node(node.exponent)}}}"


def _transpose(node: t.Transpose) -> str:
    inside = node.operand
    if isinstance(inside, t.Symbol) and not inside.marks and not inside.label:
        return rf"{show_node(inside)}^\top"
    return rf"\left({show_node(inside)}\right)^\top"


def _apply(node: t.Apply) -> str:
    name = node.name
    out = rf"\{name}" if name in _COMMANDS else rf"\operatorname{{{name}}}"
    out += "'" * node.primes
    if node.base is not None:
        out += f"_{{{show_node(node.base)}}}"
    inside = ", ".join(show_node(arg) for arg in node.args)
    return rf"{out}\left({inside}\right)"


def _call(node: t.Call) -> str:
    inside = ", ".join(show_node(arg) for arg in node.args)
    return rf"{show_node(node.function)}\left({inside}\right)"


def _entry(node: t.Entry) -> str:
    inside = ",".join(show_node(item) for item in node.indices)
    return rf"\left({show_node(node.operand)}\right)_{{{inside}}}"


def _norm(node: t.Norm) -> str:
    order = "" if node.order is None else f"_{{{show_node(node.order)}}}"
    return rf"\lVert {show_node(node.operand)} \rVert{order}"


def _bars(node: t.Bars) -> str:
    left, right = {
        "abs": (r"\lvert", r"\rvert"),
        "floor": (r"\lfloor", r"\rfloor"),
        "ceil": (r"\lceil", r"\rceil"),
    }[node.kind]
    return rf"{left} {show_node(node.operand)} {right}"


def _over(node: t.Over) -> str:
    below = ",".join(show_node(index) for index in node.indices)
    if node.low is not None:
        below += f" = {show_node(node.low)}"
    if node.domain is not None:
        below += rf" \in {show_node(node.domain)}"
    if node.condition is not None:
        below += f", {show_node(node.condition)}"
    out = rf"{node.kind}_{{{below}}}"
    if node.high is not None:
        out += f"^{{{show_node(node.high)}}}"
    level = _ODOT if node.kind in (r"\sum", r"\prod") else _ATOM
    body = node.body
    if isinstance(body, t.Over) and level == _ODOT:
        return f"{out} {show_node(body)}"
    return f"{out} {_bracketed(body, level)}"


def _expectation(node: t.Expectation) -> str:
    name = r"\mathbb{E}" if node.kind == "E" else r"\operatorname{Var}"
    below = rf"{show_node(node.variable)} \sim {show_node(node.law)}"
    return rf"{name}_{{{below}}}\left[{show_node(node.body)}\right]"


def _chain(node: t.Chain) -> str:
    out = show_node(node.sides[0])
    for relation, side in zip(node.relations, node.sides[1:], strict=True):
        out += f" {relation} {show_node(side)}"
    return out


def _branch(node: t.Branch) -> str:
    value = show_node(node.value)
    if not node.conditions:
        return rf"{value} & \text{{otherwise}}"
    both = r" \land ".join(show_node(item) for item in node.conditions)
    return f"{value} & {both}"


def _cases(node: t.Cases) -> str:
    inside = r" \\ ".join(show_node(branch) for branch in node.branches)
    return rf"\begin{{cases}} {inside} \end{{cases}}"


def _matrix(node: t.Matrix) -> str:
    rows = [" & ".join(show_node(x) for x in row) for row in node.rows]
    inside = r" \\ ".join(rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


def _set(node: t.SetOf) -> str:
    return rf"\{{{', '.join(show_node(item) for item in node.items)}\}}"


def _space(node: t.Space) -> str:
    if not node.dims:
        return rf"\mathbb{{{node.letter}}}"
    dims = r" \times ".join(_bracketed(dim, _FACTOR) for dim in node.dims)
    return rf"\mathbb{{{node.letter}}}^{{{dims}}}"


def _derivative(node: t.Derivative) -> str:
    order = len(node.by)
    sign = r"\partial" + ("^{+}" if node.direct else "")
    if order > 1:
        sign += f"^{{{order}}}"
    below = " ".join(rf"\partial {show_node(by)}" for by in node.by)
    return rf"\frac{{{sign} {show_node(node.of)}}}{{{below}}}"


def _at(node: t.At) -> str:
    where = ", ".join(f"{show_node(s)} = {show_node(v)}" for s, v in node.where)
    return rf"\left. {show_node(node.body)} \right|_{{{where}}}"


_PRINTERS: dict[type[t.Node], Callable[[Any], str]] = {
    t.Number: _number,
    t.Symbol: _symbol,
    t.Infinity: lambda _: r"\infty",
    t.Negative: lambda n: "-" + _bracketed(n.operand, _ODOT),
    t.Add: _add,
    t.Product: _product,
    t.Elementwise: _elementwise,
    t.Ratio: lambda n: rf"\frac{{{show_node(n.top)}}}{{{show_node(n.bottom)}}}",
    t.Power: _power,
    t.Transpose: _transpose,
    t.Root: lambda n: (
        r"\sqrt"
        + (f"[{show_node(n.degree)}]" if n.degree else "")
        + f"{{{show_node(n.operand)}}}"
    ),
    t.Factorial: lambda n: (
        (
            show_node(n.operand)
            if isinstance(n.operand, t.Number | t.Symbol)
            else rf"\left({show_node(n.operand)}\right)"
        )
        + "!"
    ),
    t.Binomial: lambda n: (
        rf"\binom{{{show_node(n.top)}}}{{{show_node(n.bottom)}}}"
    ),
    t.Apply: _apply,
    t.Call: _call,
    t.Entry: _entry,
    t.Norm: _norm,
    t.Bars: _bars,
    t.Inner: lambda n: (
        rf"\langle {show_node(n.left)}, {show_node(n.right)} \rangle"
    ),
    t.Over: _over,
    t.Expectation: _expectation,
    t.Chain: _chain,
    t.Branch: _branch,
    t.Cases: _cases,
    t.Indicator: lambda n: rf"\mathbf{{1}}[{show_node(n.condition)}]",
    t.Matrix: _matrix,
    t.SetOf: _set,
    t.Span: lambda n: rf"\{{{show_node(n.low)}, \dots, {show_node(n.high)}\}}",
    t.Space: _space,
    t.BigO: lambda n: rf"O({show_node(n.operand)})",
    t.Derivative: _derivative,
    t.At: _at,
}
