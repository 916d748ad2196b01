"""Run the relations of a claim through its draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bookproof.diagnostics import Finding, Text
from bookproof.latex import tree as t
from bookproof.latex import values as va
from bookproof.latex.comparing import compare, drowned
from bookproof.latex.draws import Case, Draws
from bookproof.latex.errors import FormulaError, TooLarge, Unplaced
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.functions import real
from bookproof.latex.large import directional_pairs
from bookproof.latex.membership import judge_membership
from bookproof.latex.oracle import LARGE
from bookproof.latex.pairs import Pair, pairs_of
from bookproof.latex.relations import (
    BOUNDS,
    Failure,
    bound_sides,
    is_tight,
    judge,
    judge_along,
)
from bookproof.latex.statements import Formula
from bookproof.latex.values import Value, show
from bookproof.rules import Rule

MAX_REJECTED = 20
MAX_REMEMBERED = 1000


Known = dict[t.Node, Value | FormulaError]


@dataclass
class Haste:
    """For trying many versions of one claim: one finding is enough, and what
    was evaluated in a case is remembered for the next version."""

    cases: dict[tuple[object, ...], Known] = field(default_factory=dict)

    def known(self, case: Case) -> Known:
        """The values of sides that are known in this case."""
        if case.path is None or len(self.cases) >= MAX_REMEMBERED:
            return {}
        return self.cases.setdefault((case.number, *case.path), {})


class Checking:
    """Collects what each draw says; one finding a relation at most."""

    def __init__(
        self,
        text: Text,
        id: str,
        formula: Formula,
        draws: Draws,
        when: Sequence[tuple[Text, Formula]] = (),
        haste: Haste | None = None,
    ) -> None:
        self.text = text
        self.haste = haste
        self.id = id
        self.pairs = pairs_of(formula)
        self.draws = draws
        self.options = draws.options
        self.when = when
        self.findings: list[Finding] = []
        self.accepted = 0
        self.rejected: list[Case] = []
        self.first: list[Case] = []
        self.touched: set[str] = set()  # the symbols that were looked up

    def _finding(
        self, rule: Rule, message: str, at: int, width: int, *notes: str
    ) -> Finding:
        return Finding(
            rule, message, self.text.place(at), width, id=self.id, notes=notes
        )

    def _draw(self, cases: list[Case]) -> bool:
        accepted = False
        for case in cases:
            if not self._accepts(case):
                if len(self.rejected) < MAX_REJECTED:
                    self.rejected.append(case)
                continue
            if not accepted and len(self.first) < 50:
                self.first.append(case)
            accepted = True
            self._case(case)
            if self.findings or self.decided():
                break
        return accepted

    def _accepts(self, case: Case) -> bool:
        """Whether the claim speaks about this case."""
        if not self.draws.assumed(case):
            return False
        if self._conditions(case):
            return True
        filters = self.options.assuming is None and self._varies()
        if not filters:
            text = self.when[0][0]
            self.findings.append(
                Finding(
                    "when",
                    "the condition does not hold where the claim is checked",
                    text.place(0),
                    len(text.text),
                    id=self.id,
                    notes=case.summary(),
                )
            )
        return False

    def _varies(self) -> bool:
        return bool(
            self.options.given or self.options.loops or self.draws.loops
        )

    def _conditions(self, case: Case) -> bool:
        """Whether every `{when}` holds."""
        env = self.draws.evaluator(case)
        for text, formula in self.when:
            for chain in formula.chains:
                try:
                    if not bool(np.all(env.truth(chain))):
                        return False
                except FormulaError as error:
                    if error.source is None:
                        error.source = text
                    raise
        self.touched |= env.touched
        return True

    def _case(self, case: Case) -> None:
        env = self.draws.evaluator(case)
        known = self.haste.known(case) if self.haste else {}
        for pair in self.pairs:
            try:
                self._pair(pair, env, case, known)
            except FormulaError as error:
                self._error(error, case)
            except Unplaced as error:
                self._error(error.placed(pair.at, pair.width), case)
            except (OverflowError, MemoryError) as error:
                large = TooLarge(f"the numbers are too large: {error}")
                self._error(large.placed(pair.at, pair.width), case)
            if self.decided():
                return
        self.touched |= env.touched

    def decided(self) -> bool:
        """Whether the rest cannot matter."""
        found = bool(self.findings) or any(p.failure for p in self.pairs)
        return self.haste is not None and found

    def _error(self, error: FormulaError, case: Case) -> None:
        finding = error.finding(self.text, self.id)
        notes = (*finding.notes, *case.summary())
        finding = Finding(
            finding.rule,
            finding.message,
            finding.place,
            finding.width,
            id=self.id,
            notes=notes,
        )
        if finding not in self.findings:
            self.findings.append(finding)

    def _pair(
        self,
        pair: Pair,
        env: Evaluator,
        case: Case,
        known: Known,
    ) -> None:
        if pair.along:
            self._record(pair, self._sequence(pair, case), case)
            return
        if pair.relation == r"\in":
            failure = judge_membership(pair.nodes, env, pair.at)
            pair.zero = False
            self._record(pair, failure, case)
            return
        try:
            if any(map(env.unsized, pair.nodes)):
                a, b = env.pair(pair.nodes)
            else:
                a = self._side(pair.nodes[0], env, known)
                b = self._side(pair.nodes[1], env, known)
        except FormulaError as error:
            if error.rule != LARGE or pair.relation != "=":
                raise
            for one, two in directional_pairs(pair.nodes, env, self.id):
                self._judged(pair, one, two, case)
            return
        self._judged(pair, a, b, case)

    def _side(
        self,
        node: t.Node,
        env: Evaluator,
        known: Known,
    ) -> Value:
        """A side's value, found once though two relations share it."""
        found = known.get(node)
        if found is None:
            try:
                found = env.value(node)
            except FormulaError as error:
                found = error
            known[node] = found
        if isinstance(found, FormulaError):
            raise found
        return found

    def _judged(self, pair: Pair, a: Value, b: Value, case: Case) -> None:
        failure = judge(
            pair.relation, pair.nodes, a, b, pair.at, self.options.rtol
        )
        if not pair.shown[0]:
            pair.shown = (show(a), show(b))
        if not (_zero(a) and _zero(b)):
            pair.zero = False
        self._record(pair, failure, case, a, b)
        if not pair.clear:
            self._drowns(pair, a, b)
        if failure is None and pair.relation in BOUNDS:
            self._tightness(pair, a, b)

    def _drowns(self, pair: Pair, a: Value, b: Value) -> None:
        """Note whether rounding would hide a difference in this case."""
        close = pair.relation == r"\approx" or np.any(compare("=", a, b))
        moved = drowned(a, b) if close else None
        if moved is None:
            pair.clear = True
        else:
            pair.drowned = moved

    def _record(
        self,
        pair: Pair,
        failure: Failure | None,
        case: Case,
        a: Value | None = None,
        b: Value | None = None,
    ) -> None:
        pair.cases += 1
        if failure is None:
            return
        pair.failures += 1
        if pair.failure is not None:
            return
        pair.failure = Finding(
            "claim",
            failure.message,
            self.text.place(pair.at),
            pair.width,
            id=self.id,
            left=None if a is None else show(a),
            right=None if b is None else show(b),
            notes=(*failure.notes, *case.summary()),
        )

    def _sequence(self, pair: Pair, case: Case) -> Failure | None:
        if self.options.along is None:
            raise FormulaError(
                f"{pair.relation} needs :along: with at least five rising "
                "values",
                pair.at,
                pair.width,
                rule="option",
            )
        cases, along = self.draws.along(case)
        right = pair.nodes[1]
        relation = pair.relation
        if isinstance(right, t.BigO):
            relation, right = "O", right.operand
        infinite = isinstance(right, t.Infinity)
        lefts, rights = [], []
        for one in cases:
            env = self.draws.evaluator(one)
            lefts.append(env.value(pair.nodes[0]))
            rights.append(va.ZERO if infinite else env.value(right))
            self.touched |= env.touched
        if infinite:
            lefts = [va.divide(va.ONE, left) for left in lefts]
            right = t.Number("0")
        pair.zero = False
        if not pair.shown[0]:
            pair.shown = (show(lefts[-1]), show(rights[-1]))
        nodes = (pair.nodes[0], right)
        return judge_along(
            relation, nodes, lefts, rights, along, pair.at, self.options.rtol
        )

    def _tightness(self, pair: Pair, a: Value, b: Value) -> None:
        for side, how in bound_sides(pair.nodes):
            if not pair.tight.get(side):
                pair.tight[side] = is_tight(
                    pair.relation, pair.nodes, (a, b), side, how
                )


def _zero(a: Value) -> bool:
    return bool(np.all(real(a.v) == 0))
