# Edit the book, or edit here and stitch.
"""What a training run writes down, epoch by epoch."""

from __future__ import annotations


# Keep one row for each epoch
class History:
    """The rows of a training run, one an epoch: numbers by their names.

    `history["loss"]` is the list of one number in all rows, `rows` the list
    of dicts. Raises KeyError, with the names there are, for another one.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def __getitem__(self, name: str) -> list[float]:
        if self.rows and name not in self.rows[0]:
            raise KeyError(f"no {name!r} among {sorted(self.rows[0])}")
        return [row[name] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        names = ", ".join(self.rows[0]) if self.rows else "empty"
        return f"History({len(self)} epochs: {names})"
