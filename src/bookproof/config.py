"""The project a chapter belongs to: where things are, and what they may use."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookproof.diagnostics import BookError, Finding, Place

#: The extensions of MyST that the press reads; `conf.py` imports this list, so
#: that a page and the press cannot disagree about what a character means.
MYST_EXTENSIONS = (
    "dollarmath",
    "colon_fence",
    "deflist",
    "attrs_inline",
    "attrs_block",
)

_PYPROJECT = "pyproject.toml"


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
        start = start.resolve()
        folder = start if start.is_dir() else start.parent
        for root in (folder, *folder.parents):
            settings = _settings(root / _PYPROJECT)
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
            unbound_mathematics=_unbound_mathematics(root, settings),
            depends=tuple(settings.get("depends", ())),
            configured=True,
        )

    def chapters(self) -> list[Path]:
        """The book's files in reading order, `index.md` first.

        Without an `index.md`, the folder's files in the order of their names.
        Raises BookError when the table of contents and the folder differ.
        """
        from bookproof.toctree import reading_order

        order, findings = reading_order(self)
        if findings:
            raise BookError(findings)
        return order

    def relative(self, path: Path) -> str:
        """`path` as findings print it: from the root, with forward slashes."""
        path = path.resolve()
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.as_posix()


def _unbound_mathematics(root: Path, settings: Mapping[str, Any]) -> str:
    value = settings.get("unbound_mathematics", "allow")
    if value not in ("allow", "refuse"):
        message = f'unbound_mathematics is "allow" or "refuse", not {value!r}'
        place = Place((root / _PYPROJECT).as_posix(), 1)
        raise BookError([Finding("config", message, place)])
    return str(value)


def _settings(path: Path) -> Mapping[str, Any] | None:
    """The `[tool.bookproof]` table of a pyproject.toml, if it has one."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = Place(path.as_posix(), 1)
        raise BookError([Finding("config", str(error), place)]) from error
    settings = data.get("tool", {}).get("bookproof")
    return settings if isinstance(settings, dict) else None
