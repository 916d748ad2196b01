# Edit the book, or edit here and stitch.
"""The rows of a training run in a file of comma-separated values."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from os import PathLike


# Append each row to a file
class CSVLog:
    """A callback of `fit` that writes the rows to a file, one line each.

    The first line has the names. A file that exists is begun anew, unless
    `append`; then the rows must have its names: ValueError otherwise. Numbers
    are written with all their digits: float() gives the same ones back.
    """

    def __init__(self, path: str | PathLike[str], append: bool = False) -> None:
        self.path, self.names = path, list[str]()
        with open(path, "a+" if append else "w", newline="") as file:
            file.seek(0)
            self.names = next(csv.reader(file), []) if append else []

    def __call__(self, row: Mapping[str, float]) -> None:
        with open(self.path, "a", newline="") as file:
            writer = csv.writer(file)
            if not self.names:
                self.names = list(row)
                writer.writerow(self.names)
            if self.names != list(row):
                raise ValueError(f"{self.path} has {self.names}, not {row}")
            writer.writerow(row.values())
