"""What the fuzzers of formulas share: a scope, words to mix, one trial."""

from __future__ import annotations

import re
import sys
import time
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1] / "bookproof"
sys.path.insert(0, str(TESTS))

from latex_scope import Bench  # noqa: E402

# A claim may take five seconds of computing; a call into NumPy that is under
# way when they are over ends first.
ALLOWED = 8.0

WORDS = re.findall(
    r"\S+",
    r"""
    x y n u S A \phi q 1 2 3 0 0.5 10 100 - + = < > ( ) [ ] \{ \} { } ^ _ ' !
    , ; . / * | & \\ \cdot \times \odot \oslash \frac \sqrt \binom \sum \prod
    \max \min \exp \log \ln \tanh \sin \det \partial \nabla \mathrm{d} \top
    \infty \le \ge \ne \approx \ll \to \propto \in \left \right \left( \right)
    \left. \right| \lVert \rVert \lvert \rvert \lfloor \rfloor \langle \rangle
    \mathbb{E} \sim p \mathbb{R} \mathbf{1} I \operatorname{tr} \dots \quad
    \operatorname{diag} \operatorname{Var} \begin{cases} \end{cases}
    \begin{pmatrix} \end{pmatrix} \begin{aligned} \end{aligned} \text{if }
    \text{otherwise} \hat \bar \% {,} \bmod _{i=1}^{3} _{ij} _i ^{-1} ^\top ^2
    ^{(1)} ^{10^{9}} O(
    """,
)


@cache
def _scope() -> Bench:
    """Symbols of every kind, and definitions that depend on each other."""
    rng = np.random.default_rng(5)
    made = Bench(
        A=rng.normal(size=(3, 4)),
        S=rng.normal(size=(3, 3)),
        u=rng.normal(size=3),
        p={1: 0.25, 2: 0.75},
    )
    made.table(
        [
            *((name, name) for name in "ASup"),
            ("x", "2"),
            ("y", "3.5"),
            ("n", "4"),
        ]
    )
    return made.let(
        r"\phi(z) = \tanh z",
        r"q = u^\top S u",
        "h_0 = u",
        r"h_t = \phi(S h_{t-1})",
    )


def formulas() -> Iterator[str]:
    """Every formula of the tests, right and wrong."""
    for path in sorted((TESTS / "formulas").glob("*.toml")):
        content = tomllib.loads(path.read_text())
        yield from content.get("let", ())
        for pair in content["pair"]:
            yield from (pair["right"], pair["wrong"])


def trial(text: str) -> None:
    """Check a text as a claim and read it as a definition.

    Whatever it is, the answer is a verdict or findings: no exception comes
    out, and none takes longer than the limit.
    """
    bench = _scope()
    bench.scope, kept = bench.scope.fork(), bench.scope
    start = time.process_time()
    verdict = bench.check(text)
    assert verdict.status == "holds" or verdict.findings, text
    for finding in verdict.findings:
        assert finding.message
        assert finding.render()
    for finding in bench.bad_let(text):
        assert finding.render()
    bench.scope = kept
    spent = time.process_time() - start
    assert spent < ALLOWED, f"{spent:.1f} s for {text}"
