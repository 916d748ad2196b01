"""Compare a derivative too large to write down, along random directions."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex.errors import FormulaError
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.oracle import LARGE
from bookproof.latex.values import Value, floating, mag

DIRECTIONS = 3


def directional_pairs(
    nodes: tuple[t.Node, t.Node], env: Evaluator, seed: str
) -> list[tuple[Value, Value]]:
    """Both sides, contracted with three random directions."""
    large = [node for node in nodes if isinstance(node, t.Derivative)]
    if not large or len(large[0].by) > 1:
        raise FormulaError(
            "this derivative is too large to be part of a formula: let it "
            "stand alone on its side",
            nodes[0].at,
            rule="oracle",
        )
    variable = env.slot(cast(t.Symbol, large[0].by[0])).value
    shape = np.shape(variable.v)
    digest = hashlib.sha256(seed.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    out = []
    for _ in range(DIRECTIONS):
        direction = rng.standard_normal(shape)
        a, b = (_contracted(node, env, direction, variable) for node in nodes)
        out.append((a, b))
    return out


def _contracted(
    node: t.Node, env: Evaluator, direction: Any, variable: Value
) -> Value:
    if isinstance(node, t.Derivative):
        try:
            return env.along(node, direction)
        except FormulaError as error:
            if error.rule == LARGE:
                error.rule = "oracle"
            raise
    value = floating(env.value(node))
    if value.shape == variable.shape and value.kind == variable.kind:
        v = np.sum(value.v * direction)
        return Value(v, np.sum(value.m * np.abs(direction)))
    jacobian = value.kind == "m" and variable.kind == "c"
    if jacobian and value.shape[1] == variable.shape[0]:
        m = value.m @ np.abs(direction) + mag(value.v) @ mag(direction)
        return Value(value.v @ direction, m, "c")
    raise FormulaError(
        "the two sides differ in shape", node.at, node.width, rule="shape"
    )
