"""The relations of a claim, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from bookproof.diagnostics import Finding
from bookproof.latex import tree as t
from bookproof.latex.relations import (
    ALONG,
)
from bookproof.latex.statements import Formula


@dataclass(slots=True)
class Pair:
    """One relation of the claim, and what is known of it so far."""

    nodes: tuple[t.Node, t.Node]
    relation: str
    at: int
    width: int
    failure: Finding | None = None
    failures: int = 0
    cases: int = 0
    shown: tuple[str, str] = ("", "")
    tight: dict[int, bool] = field(default_factory=dict)
    zero: bool = True
    clear: bool = False  # in some case rounding hides no difference
    drowned: float | None = None  # by how much the sides may be off in others

    @property
    def along(self) -> bool:
        return self.relation in ALONG or isinstance(self.nodes[1], t.BigO)


def pairs_of(formula: Formula) -> list[Pair]:
    """The relations of all chains, in reading order."""
    out = []
    for chain in formula.chains:
        sides = zip(chain.sides, chain.sides[1:], strict=False)
        for nodes, relation, (at, width) in zip(
            sides, chain.relations, chain.spots, strict=True
        ):
            out.append(Pair(nodes, relation, at, width))
    return out
