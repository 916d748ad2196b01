"""The settings of a project: what may stand in `[tool.bookproof]`."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from bookproof.diagnostics import BookError, Finding, Place
from bookproof.reading.table import Argument, Body

PYPROJECT = "pyproject.toml"

Settings = Mapping[str, Any]


def read_settings(path: Path) -> Settings | None:
    """The `[tool.bookproof]` table of a pyproject.toml, if it has one.

    Raises BookError, with all that is wrong, when it is not what it may be.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        if os.path.isfile(path):
            raise _errors(path, [str(error.strerror)]) from error
        return None
    except (ValueError, RecursionError) as error:
        raise _errors(path, [str(error)]) from error
    tools = data.get("tool")
    settings = tools.get("bookproof") if isinstance(tools, dict) else None
    if settings is None:
        return None
    if not isinstance(settings, dict):
        raise _errors(path, ["tool.bookproof is no table"])
    wrong = list(_wrong(settings))
    if wrong:
        raise _errors(path, wrong)
    return settings


def _errors(path: Path, messages: list[str]) -> BookError:
    place = Place(path.as_posix(), 1)
    return BookError([Finding("config", each, place) for each in messages])


def _wrong(settings: Settings) -> Iterator[str]:
    for name, value in settings.items():
        if name not in _KINDS:
            near = get_close_matches(name, _KINDS, n=1)
            hint = "".join(f"; did you mean {other}?" for other in near)
            yield f"there is no setting {name}{hint}"
            continue
        what, fits = _KINDS[name]
        if not fits(value):
            yield f"{name} is {what}, not {value!r}"


def _is_path(value: object) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _is_seconds(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0  # type: ignore[arg-type, operator]


def _is_patterns(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_path, value))


def _is_macros(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, str) for each in value.values()
    )


def _is_rows(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_row, value.values()))


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and row.keys() <= {"body", "argument", "required", "options"}
        and row.get("body", "myst") in get_args(Body)
        and row.get("argument", "none") in get_args(Argument)
        and isinstance(row.get("required", False), bool)
        and isinstance(options := row.get("options", {}), dict)
        and all(isinstance(printed, bool) for printed in options.values())
    )


_KINDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "book": ("a folder", _is_path),
    "source": ("a folder", _is_path),
    "statements": ("a file", _is_path),
    "macros": ("a table of strings", _is_macros),
    "cell_seconds": ("a number of seconds above zero", _is_seconds),
    "chapter_seconds": ("a number of seconds above zero", _is_seconds),
    "directives": (
        "a table of rows with body, argument, required and options",
        _is_rows,
    ),
    "unbound_mathematics": (
        '"allow" or "refuse"',
        lambda value: value in ("allow", "refuse"),
    ),
    "depends": ("a list of patterns", _is_patterns),
}
