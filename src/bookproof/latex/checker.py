"""Check all relations of a claim in all its cases."""

from __future__ import annotations

import numpy as np

from bookproof.diagnostics import Finding
from bookproof.latex.bindings import python_name
from bookproof.latex.checking import Checking
from bookproof.latex.comparing import difference
from bookproof.latex.draws import Case
from bookproof.latex.errors import FormulaError, Unplaced
from bookproof.latex.pairs import Pair
from bookproof.latex.printing import show_node
from bookproof.latex.relations import (
    BOUNDS,
    bound_sides,
    judge,
)
from bookproof.latex.spelling import plainly
from bookproof.latex.values import Value
from bookproof.latex.zeros import only_zeros


class Checker(Checking):
    """Runs one claim; findings collect, one a relation at most."""

    def run(self) -> None:
        """Check everything; afterwards `findings` says what is wrong."""
        self._same_trees()
        if self.findings:
            return
        given = self.options.given is not None
        for _, cases in self.draws.tried():
            if self._draw(cases):
                self.accepted += 1
            if self.decided():
                break
            if self._broken() or (
                given and self.accepted >= self.options.draws
            ):
                break
        if self._broken():
            return
        self._enough()
        self.findings += [p.failure for p in self.pairs if p.failure]
        if not self.findings:
            self._not_vacuous()
            self._bounds()
            self._conditions_needed()
            self._nothing_idle()

    def _broken(self) -> bool:
        """Whether an error (not a false relation) ended the run."""
        return bool(self.findings)

    def _same_trees(self) -> None:
        for pair in self.pairs:
            one, two = pair.nodes
            if plainly(one) == plainly(two):
                self.findings.append(
                    self._finding(
                        "vacuous",
                        "both sides say the same: nothing is checked",
                        pair.at,
                        pair.width,
                    )
                )

    def _enough(self) -> None:
        if self.accepted == 0:
            self.findings.append(
                self._finding(
                    "vacuous",
                    "no case is accepted: nothing is checked",
                    0,
                    len(self.text.text.split("\n")[0]),
                )
            )
            return
        wanted = self.options.draws
        if self.options.given is not None and self.accepted < wanted:
            self.findings.append(
                self._finding(
                    "option",
                    f":given: gives only {self.accepted} accepted draws, "
                    f"{wanted} are needed",
                    0,
                    1,
                )
            )

    def _not_vacuous(self) -> None:
        if self.options.given is not None and self._draws_alike():
            self.findings.append(
                self._finding(
                    "vacuous",
                    "all draws are identical: is the generator random?",
                    0,
                    1,
                )
            )
        self.findings += map(self._drowned, filter(_is_drowned, self.pairs))
        for pair in self.pairs:
            if not pair.zero or not self.first:
                continue
            if pair.relation in BOUNDS or pair.relation == r"\ne":
                continue
            env = self.draws.evaluator(self.first[0])
            if only_zeros(pair.nodes, env):
                self.findings.append(
                    self._finding(
                        "vacuous",
                        "both sides are zero, and so is all they are made of",
                        pair.at,
                        pair.width,
                    )
                )

    def _drowned(self, pair: Pair) -> Finding:
        return self._finding(
            "vacuous",
            "rounding hides whether this holds: terms cancel",
            pair.at,
            pair.width,
            f"the sides may be off by {pair.drowned:.3g}",
            "print it in a form in which no large terms cancel, or with exact "
            "numbers",
        )

    def _draws_alike(self) -> bool:
        if len(self.first) < 2:
            return False
        return all(_alike(self.first[0], case) for case in self.first[1:])

    def _bounds(self) -> None:
        bounds = [pair for pair in self.pairs if pair.relation in BOUNDS]
        if self.options.loose:
            # A change of the formula may take the bound away: that says
            # nothing of what is printed.
            if self.haste is None and not any(
                bound_sides(pair.nodes) for pair in bounds
            ):
                message = ":loose: excuses a bound, and this claim has none"
                note = "leave it out; a bound is a number or a constant"
                self.findings.append(
                    self._finding("option", message, 0, 1, note)
                )
            return
        for pair in bounds:
            for side, how in bound_sides(pair.nodes):
                if pair.tight.get(side):
                    continue
                which = "left" if side == 0 else "right"
                message = (
                    f"the {which} side could be one unit of its last digit "
                    "closer and the claim would still hold"
                    if how == "digit"
                    else f"the {which} side is never reached"
                )
                node = pair.nodes[side]
                self.findings.append(
                    self._finding(
                        "loose-bound",
                        message,
                        node.at,
                        node.width,
                        "print the best bound, or say why not in :loose:",
                    )
                )

    def _nothing_idle(self) -> None:
        """What an option binds, the claim must look up."""
        if self.haste is not None or not self.first:
            return
        options = self.options
        named = self.draws.named()
        own = {*map(show_node, self.draws.letters())}
        for binding in (*options.loops, *options.where):
            key, name = show_node(binding.symbol), python_name(binding.symbol)
            if key not in self.touched and name not in named:
                self._idle(f"the claim does not use {key}, which is bound")
        drawn = self.first[0].drawn.keys() - own
        plain = {key.removeprefix("\\") for key in drawn}
        if options.given and not (drawn & self.touched or plain & named):
            self._idle("the claim uses nothing that :given: draws")

    def _idle(self, message: str) -> None:
        self.findings.append(self._finding("vacuous", message, 0, 1))

    def _conditions_needed(self) -> None:
        """A printed condition must be broken by a draw, and matter."""
        if not self.when or not self._varies():
            return
        broken = [c for c in self.rejected if not self._holds_anyway(c)]
        if broken:
            return
        text = self.when[0][0]
        message = (
            "the claim holds also where the condition does not"
            if self.rejected
            else "no case breaks the condition: it is not tested"
        )
        self.findings.append(
            Finding("when", message, text.place(0), len(text.text), id=self.id)
        )

    def _holds_anyway(self, case: Case) -> bool:
        try:
            if self.draws.assumed(case) and self._conditions(case):
                return True
            env = self.draws.evaluator(case)
            for pair in self.pairs:
                if pair.along or pair.relation == r"\in":
                    continue
                a, b = env.pair(pair.nodes)
                if judge(
                    pair.relation,
                    pair.nodes,
                    a,
                    b,
                    pair.at,
                    self.options.rtol,
                ):
                    return False
        except (FormulaError, Unplaced):
            return False
        return True


def _is_drowned(pair: Pair) -> bool:
    return pair.drowned is not None and not pair.clear


def _alike(a: Case, b: Case) -> bool:
    if a.drawn.keys() != b.drawn.keys():
        return False
    for key, one in a.drawn.items():
        two = b.drawn[key]
        if isinstance(one, Value) and isinstance(two, Value):
            if one.shape != two.shape or np.any(difference(one, two) != 0):
                return False
        elif not isinstance(one, Value):
            return False
    return bool(a.drawn)
