# Edit the book, or edit here and stitch.
"""A line on the terminal that shows how far a training is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO


# Redraw a line while the bar grows
class ProgressLine:
    """One line for each epoch of so many examples, with a bar that fills.

    Nothing is written unless `shown`.
    """

    def __init__(
        self,
        epochs: int,
        examples: int,
        stream: TextIO,
        *,
        shown: bool = True,
        width: int = 20,
    ) -> None:
        self.epochs, self.examples = epochs, examples
        self.stream, self.shown, self.width = stream, shown, width
        self.drawn, self.filled = 0, -1

    def draw(self, text: str, end: str = "") -> None:
        """Write over what stands on the line."""
        self.stream.write("\r" + text.ljust(self.drawn) + end)
        self.stream.flush()
        self.drawn = 0 if end else len(text)

    def batch(self, epoch: int, seen: int, loss: float) -> None:
        """So many examples of this epoch were met, with this mean loss."""
        filled = self.width * seen // self.examples
        if self.shown and filled != self.filled:
            bar = "#" * filled + "." * (self.width - filled)
            self.draw(f"epoch {epoch}/{self.epochs} [{bar}] loss {loss:.4g}")
        self.filled = filled

    def epoch(self, row: Mapping[str, float]) -> None:
        """The epoch is over: its row stays on the terminal."""
        if self.shown:
            words = [f"{k} {v:.4g}" for k, v in row.items() if k != "epoch"]
            at = f"epoch {row['epoch']:.0f}/{self.epochs}"
            self.draw("  ".join([at, *words]), end="\n")
        self.filled = -1

    def close(self) -> None:
        """Leave the line: what is written next begins on one of its own."""
        if self.drawn:
            self.stream.write("\n")
            self.drawn = 0
