"""Feed the reader and evaluator of formulas with what atheris makes up.

Run by hand, in an environment of its own that has atheris and the press:

    python tests/fuzz/fuzz_latex.py [CORPUS] -max_total_time=600

The first byte of an input says what the rest is: text as it stands, words of
mathematics one byte each, or a formula of the tests with a piece replaced.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["bookproof.latex"]):
    from soup import WORDS, formulas, trial

FORMULAS = list(formulas())


def text_of(data: bytes) -> str:
    """The formula that an input stands for."""
    if not data:
        return ""
    kind, rest = data[0] % 3, data[1:]
    if kind == 0 or len(rest) < 4:
        return rest.decode(errors="replace")
    if kind == 1:
        return " ".join(WORDS[byte % len(WORDS)] for byte in rest)
    number, place, length, *words = rest
    formula = FORMULAS[(number * 256 + place) % len(FORMULAS)]
    place = place * len(formula) // 256
    middle = " ".join(WORDS[word % len(WORDS)] for word in words)
    return formula[:place] + f" {middle} " + formula[place + length % 16 :]


def one(data: bytes) -> None:
    trial(text_of(data))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
