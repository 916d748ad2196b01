"""What is wrong with a formula: a message and where it stands in it."""

from __future__ import annotations

from bookproof.diagnostics import Finding, Text


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
        rule: str = "latex",
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


class ShapeMismatch(Exception):
    """Two values do not fit; the evaluator adds the place."""


class Undefined(Exception):
    """An operation has no value here (division by zero, log of -1, ...)."""
