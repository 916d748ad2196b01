r"""Read relations: chains of sides, and the spaces after `\\in`."""

from __future__ import annotations

from bookproof.latex.scripts import Scripts
from bookproof.latex.tree import Chain, Node, Space

RELATIONS = {
    "=": "=",
    r"\approx": r"\approx",
    r"\le": r"\le",
    r"\leq": r"\le",
    r"\leqslant": r"\le",
    r"\ge": r"\ge",
    r"\geq": r"\ge",
    r"\geqslant": r"\ge",
    "<": "<",
    ">": ">",
    r"\lt": "<",
    r"\gt": ">",
    r"\ne": r"\ne",
    r"\neq": r"\ne",
    r"\ll": r"\ll",
    r"\gg": r"\gg",
    r"\propto": r"\propto",
    r"\to": r"\to",
    r"\rightarrow": r"\to",
    r"\in": r"\in",
}


class Relating(Scripts):
    """Sides and the relations between them."""

    def relation(self) -> str | None:
        """The relation at the cursor, without moving."""
        token = self.here
        return RELATIONS.get(token.text) if token.kind != "text" else None

    def chain(self) -> Chain:
        """Sides joined by at least one relation."""
        node = self.chain_or_expression()
        if not isinstance(node, Chain):
            self.fail("expected a relation such as = or <")
        return node

    def chain_or_expression(self) -> Node:
        first = self.side(None)
        return self._rest_of_chain(first) if self.relation() else first

    def _rest_of_chain(self, first: Node) -> Chain:
        sides, relations = [first], []
        spots: list[tuple[int, int]] = []
        while (relation := self.relation()) is not None:
            token = self.next()
            relations.append(relation)
            spots.append((token.at, token.end - token.at))
            sides.append(self.side(relation))
        return Chain(
            tuple(sides),
            tuple(relations),
            tuple(spots),
            at=first.at,
            end=self.last_end,
        )

    def side(self, relation: str | None) -> Node:
        """One side of a relation; after \\in a space may stand."""
        if relation == r"\in" and self.here.text == r"\mathbb":
            return self._space()
        return self.expression()

    def _space(self) -> Node:
        start = self.next()
        letter, _ = self.word()
        if letter not in ("R", "N", "Z"):
            self.fail("expected a space such as \\mathbb{R}", start)
        dims: list[Node] = []
        if self.take("^"):
            if self.take("{"):
                dims.append(self.factor())
                while self.take(r"\times"):
                    dims.append(self.factor())
                self.expect("}", "} after the shape")
            else:
                dims.append(self._single())
        return Space(letter, tuple(dims), at=start.at, end=self.last_end)
