"""Digests of a library's code: of each function, and of what runs on import.

Where a function stands and what its comments say changes nothing.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType


@dataclass
class Codes:
    """The code under a folder: `file:function` to its digest, and the file's
    own, of all that an import runs: its module, its classes, how its
    functions are called and described."""

    functions: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)

    @classmethod
    def under(cls, source: Path, without: Path) -> Codes:
        """All the code of `source` but for a folder in it."""
        codes = cls()
        if source.is_dir():
            for path in sorted(source.rglob("*.py")):
                if path.is_file() and without not in path.parents:
                    codes.add(path.relative_to(source).as_posix(), path)
        return codes

    def add(self, file: str, path: Path) -> None:
        """Take in a file; one that is no Python counts as a whole."""
        data = path.read_bytes()
        try:
            code = compile(data, file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            self.modules[file] = _digest(data)
            return
        found: dict[str, list[str]] = {}
        self.modules[file] = _digest("\n".join(_module(code, found)))
        for name, parts in found.items():
            self.functions[f"{file}:{name}"] = _digest("\n".join(parts))


def unit(file: str, name: str) -> str:
    """The function that counts where `name` ran: the outermost one."""
    return f"{file}:{name.split('.<locals>')[0]}"


def _module(code: CodeType, found: dict[str, list[str]]) -> Iterator[str]:
    """What a module or a class says, its functions left out and `found`."""
    yield from _plain(code)
    for constant in code.co_consts:
        if not isinstance(constant, CodeType):
            yield _constant(constant)
        elif not constant.co_flags & inspect.CO_OPTIMIZED:
            yield f"class {constant.co_name}"
            yield from _module(constant, found)
        elif constant.co_name.startswith("<"):
            yield from _whole(constant)
        else:
            parts = found.setdefault(constant.co_qualname, [])
            parts.extend(_whole(constant))
            yield from _signature(constant)


def _whole(code: CodeType) -> Iterator[str]:
    yield from _signature(code)
    yield from _plain(code)
    yield repr((code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _whole(constant)
        else:
            yield _constant(constant)


def _plain(code: CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_flags, code.co_exceptiontable))


def _signature(code: CodeType) -> Iterator[str]:
    """How a function is called, and how it describes itself."""
    counts = code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount
    stars = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    number = sum(counts[1:]) + bin(stars).count("1")
    yield repr((code.co_qualname, counts, stars, code.co_varnames[:number]))
    doc = code.co_consts[0] if code.co_consts else None
    yield repr(doc) if isinstance(doc, str) else ""


def _constant(value: object) -> str:
    if isinstance(value, frozenset):
        return f"frozenset {sorted(map(_constant, value))}"
    if isinstance(value, tuple):
        return f"tuple {[_constant(item) for item in value]}"
    return f"{type(value).__name__} {value!r}"


def _digest(data: str | bytes) -> str:
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:32]
