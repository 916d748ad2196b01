"""The project a chapter belongs to: where things are, and what they may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookproof.diagnostics import BookError
from bookproof.settings import PYPROJECT, read_settings

#: The extensions of MyST that the press reads; `conf.py` imports this list, so
#: that a page and the press cannot disagree about what a character means.
MYST_EXTENSIONS = (
    "dollarmath",
    "colon_fence",
    "deflist",
    "attrs_inline",
    "attrs_block",
)


@dataclass(frozen=True)
class Project:
    r"""Where the book, the source and the settings are.

    `macros` maps a KaTeX macro to what it stands for (`\R` to `\mathbb{R}`);
    `directives` holds rows that the project adds to the closed table of
    directives (`{"name": {"body": "myst", "argument": "title"}}`).
    `unbound_mathematics = "refuse"` makes the lint find every formula outside
    of markers that holds what could change unnoticed: a digit, a sign, a
    transpose (by default, "allow", only its numerals and relations).
    `depends` are patterns of files outside of the book's folder, from the
    root, that cells read: when one changes, the chapters are run again.
    `configured` is false for a bare folder without settings.
    """

    root: Path
    book: Path
    source: Path
    macros: Mapping[str, str] = field(default_factory=dict)
    statements: Path | None = None
    cell_seconds: float = 60.0
    chapter_seconds: float = 120.0
    directives: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unbound_mathematics: str = "allow"
    depends: tuple[str, ...] = ()
    configured: bool = False

    @classmethod
    def find(cls, start: Path) -> Project:
        """The project around `start`: the nearest configured pyproject.toml,
        else a bare project that consists of the folder of `start`."""
        start = real(start)
        folder = start if start.is_dir() else start.parent
        for root in (folder, *folder.parents):
            settings = read_settings(root / PYPROJECT)
            if settings is not None:
                return cls._configured(root, settings)
        return cls(root=folder, book=folder, source=folder / "src")

    @classmethod
    def _configured(cls, root: Path, settings: Mapping[str, Any]) -> Project:
        book = root / settings.get("book", "book")
        statements = root / settings.get("statements", book / "claims.toml")
        return cls(
            root=root,
            book=book,
            source=root / settings.get("source", "src"),
            macros=dict(settings.get("macros", {})),
            statements=statements if statements.is_file() else None,
            cell_seconds=float(settings.get("cell_seconds", 60.0)),
            chapter_seconds=float(settings.get("chapter_seconds", 120.0)),
            directives=dict(settings.get("directives", {})),
            unbound_mathematics=settings.get("unbound_mathematics", "allow"),
            depends=tuple(settings.get("depends", ())),
            configured=True,
        )

    def chapters(self) -> list[Path]:
        """The book's files in reading order, `index.md` first.

        Without an `index.md`, the folder's files in the order of their names.
        Raises BookError when the table of contents and the folder differ.
        """
        from bookproof.reading.toctree import reading_order

        order, findings = reading_order(self)
        if findings:
            raise BookError(findings)
        return order

    def relative(self, path: Path) -> str:
        """`path` as findings print it: from the root, with forward slashes."""
        path = real(path.parent) / path.name
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.as_posix()


def real(path: Path) -> Path:
    """The path without symbolic links; what goes in a circle stays."""
    return Path(os.path.realpath(path))
