"""What is wrong with a formula: a message and where it stands in it."""

from __future__ import annotations

from bookproof.diagnostics import Finding, Text
from bookproof.rules import Rule


class FormulaError(Exception):
    """A formula that cannot be read or evaluated.

    `at` is the offset of the offending text in the formula, `width` how much
    of it to underline, `rule` the kebab-case name of the gate that failed.
    """

    def __init__(
        self,
        message: str,
        at: int = 0,
        width: int = 1,
        *,
        rule: Rule = "latex",
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.width = max(1, width)
        self.rule = rule
        self.notes = notes
        self.source: Text | None = None  # the let it came from, if any

    def finding(self, text: Text, id: str | None = None) -> Finding:
        """This error as a finding in `text`, or in the let it came from."""
        notes = self.notes
        if self.source is not None:
            notes = (*notes, f"needed at {text.place(0)}")
            text = self.source
        return Finding(
            self.rule,
            self.message,
            text.place(self.at),
            self.width,
            id=id,
            notes=notes,
        )


class MissingName(Exception):
    """Python needed by a formula uses a name that no cell has bound yet."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def missing_name(error: NameError) -> str:
    """The name that is not bound."""
    if error.name:
        return error.name
    parts = str(error).split("'")
    return parts[1] if len(parts) > 1 else str(error)


class NotAnalytic(Exception):
    """A complex step cannot go through this; use differences instead."""


class Unplaced(Exception):
    """An error of arithmetic: the evaluator adds its place in the formula."""

    rule: Rule = "latex"

    def placed(self, at: int, width: int) -> FormulaError:
        """This error at a place."""
        return FormulaError(str(self), at, width, rule=self.rule)


class ShapeMismatch(Unplaced):
    """Two values do not fit."""

    rule = "shape"


class Undefined(Unplaced):
    """An operation has no value here (division by zero, log of -1, ...)."""

    rule = "undefined"


class TooLarge(Unplaced):
    """An operation would take more time or memory than a claim may."""

    rule = "limit"
