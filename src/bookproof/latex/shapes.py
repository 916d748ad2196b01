r"""The shapes that a table of symbols prints, held against its values.

A shape is sizes, `$(n_\ell, n_{\ell-1})$`; the shape of another symbol,
`as $v$`; sizes in words, `three by two`; or one of a few words (a number, a
column, a row, a matrix, a function). Other words are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bookproof.diagnostics import Text
from bookproof.latex.errors import FormulaError
from bookproof.latex.statements import Statements
from bookproof.latex.tokens import tokenize
from bookproof.latex.tree import Node
from bookproof.latex.values import Function, Thing, Value, as_int, describe
from bookproof.prose.spelled import COUNTS
from bookproof.reading import texts

FORMULA = re.compile(r"(as )?\$([^$]+)\$")
"""A cell that can be checked: sizes, or a symbol of the same shape."""

_WORD = re.compile(r"(?:an? )?(number|scalar|column|row|matrix|function)")

Dims = tuple[int, ...]

_WORDS: Mapping[str, Callable[[Dims], bool]] = {
    "number": lambda dims: dims == (),
    "scalar": lambda dims: dims == (),
    "column": lambda dims: len(dims) == 1 or dims[1:] == (1,),
    "row": lambda dims: len(dims) == 2 and dims[0] == 1,
    "matrix": lambda dims: len(dims) == 2,
}


@dataclass
class Shape:
    """A printed shape; `met` once a value has been held against it."""

    text: Text
    sizes: tuple[Node, ...] = ()
    like: Node | None = None
    word: str = ""
    counts: Dims = ()
    met: bool = False

    def wrong(self, message: str, *notes: str) -> FormulaError:
        """An error that stands at the shape."""
        width = len(self.text.text)
        error = FormulaError(message, 0, width, rule="shape", notes=notes)
        error.source = self.text
        return error

    def judge(
        self,
        value: Value | Function | Thing,
        meaning: Callable[[Node], Value | Function | Thing],
    ) -> None:
        """Raise an error unless `value` has this shape; `meaning` is what
        the symbols in the shape mean."""
        self.met = True
        if self.word == "function":
            fits, expected = isinstance(value, Function), None
        elif self.word:
            fits, expected = _WORDS[self.word](self._dims(value)), None
        elif self.counts:
            dims = self._dims(value)
            column = len(self.counts) == 1 and dims[1:] == (1,)
            fits, expected = (dims[:1] if column else dims) == self.counts, None
        else:
            expected = self._expected(meaning)
            fits = self._dims(value) == expected
        if not fits:
            says = "" if expected is None else f", which is {expected}"
            raise self.wrong(
                f"the table says {self.text.text}{says}, but the value is "
                f"{describe(value)}"
            )

    def _expected(
        self, meaning: Callable[[Node], Value | Function | Thing]
    ) -> Dims:
        try:
            if self.like is not None:
                return self._dims(meaning(self.like))
            return tuple(_size(meaning(node)) for node in self.sizes)
        except FormulaError as error:
            raise self.wrong(
                f"the shape cannot be checked: {error.message}",
                "give what stands in it a value, or say the shape in words",
            ) from None

    def _dims(self, value: Value | Function | Thing) -> Dims:
        if isinstance(value, Value):
            return value.shape
        dims = getattr(getattr(value, "value", None), "shape", None)
        if isinstance(dims, tuple):
            return dims
        raise self.wrong(f"{describe(value)} has no such shape")


def _size(value: Value | Function | Thing) -> int:
    size = as_int(value) if isinstance(value, Value) else None
    if size is None:
        raise FormulaError(f"{describe(value)} is no size")
    return size


def read_shape(cell: Text, macros: Mapping[str, str]) -> Shape | None:
    """The shape in a cell of a table; None if it is only words."""
    word = _WORD.fullmatch(cell.text)
    if word:
        return Shape(cell, word=word[1])
    counts = [COUNTS.get(each) for each in cell.text.split(" by ")]
    dims = tuple(each for each in counts if each is not None)
    if len(dims) == len(counts):
        return Shape(cell, counts=dims)
    found = FORMULA.fullmatch(cell.text)
    if not found:
        return None
    formula = texts.cut(cell, found.start(2), found.end(2))
    try:
        reader = Statements(tokenize(formula.text, macros))
        if found[1]:
            shape = Shape(cell, like=reader.expression())
        elif reader.here.text == "(":
            shape = Shape(cell, sizes=reader.arguments())
        else:
            reader.fail("sizes stand in brackets, as in (m, n)")
        reader.finish()
    except FormulaError as error:
        error.source = formula
        raise
    return shape
