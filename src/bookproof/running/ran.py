"""Which functions of the library ran, and what else a chapter read.

Every function of the library is loaded with one statement more, in front of
its own: it marks that the function ran. That misses nothing: no thread, no
call out of a C function, no method that only an operator reaches. Lines,
names and signatures stay as they are.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import hashlib
import marshal
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import bookproof

PRESS = Path(bookproof.__file__).parent

_MARKS = "__bookproof_ran__"
_KEY = MAGIC_NUMBER + Path(__file__).read_bytes()
"""What the code that is kept depends on, besides its source."""

_LEAVES = frozenset(
    {
        *("subprocess.Popen", "os.fork", "os.forkpty", "os.system"),
        *("os.posix_spawn", "os.exec", "os.spawn"),
    }
)
"""What starts other processes: nobody sees what they run."""

_ASK = frozenset({"fc-list", "ldconfig", "lscpu", "uname", "gcc", "ld"})


class Recorder:
    """Notes the functions under `source` that run in this process. A process
    has one, made before the library is imported."""

    def __init__(self, source: Path) -> None:
        self.source = source.resolve()
        self.marks: dict[str, bool] = {}
        self.every: set[str] = set()
        self.files: set[str] = set()
        self.written: set[str] = set()
        self.unseen = False
        self._pausing = False
        setattr(builtins, _MARKS, self.marks)
        sys.meta_path.insert(0, _Finder(self))
        sys.addaudithook(self._heard)

    def take(self) -> list[str]:
        """What ran since the last time: `file:line:name`, in order."""
        found = sorted(self.marks)
        self.marks.clear()
        self.every.update(found)
        return found

    @contextmanager
    def importing(self) -> Iterator[None]:
        """What runs here counts, but not for who happens to import it."""
        before = dict(self.marks)
        try:
            yield
        finally:
            self.every.update(self.marks)
            self.marks.clear()
            self.marks.update(before)

    def report(self) -> dict[str, Any]:
        """All that was noted: functions, files, whether anything was not."""
        self.take()
        ran, read = sorted(self.every), self.read()
        return {"ran": ran, "read": read, "unseen": self.unseen}

    def note(self, report: Mapping[str, Any]) -> None:
        """Take in the report of a copy of this process."""
        self.every |= set(report["ran"])
        self.files |= set(report["read"])
        self.unseen |= report["unseen"]

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """The press itself reads files and starts processes here."""
        before, self._pausing = self._pausing, True
        try:
            yield
        finally:
            self._pausing = before

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._pausing:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes | os.PathLike):
                writes = flags & (os.O_WRONLY | os.O_RDWR)
                name = os.path.abspath(os.fsdecode(path))
                (self.written if writes else self.files).add(name)
        elif event in _LEAVES and not _harmless(arguments):
            self.unseen = True

    def read(self) -> list[str]:
        """The files that the chapter read and did not itself write."""
        return sorted(
            name for name in self.files - self.written if _counts(name)
        )


def _harmless(arguments: tuple[Any, ...]) -> bool:
    """Whether a program is started that asks about the machine."""
    first = arguments[0] if arguments else None
    return isinstance(first, str) and Path(first).name in _ASK


def _counts(name: str) -> bool:
    path = Path(name)
    if any(part.startswith(".") for part in path.parts[1:]):
        return False
    system = (sys.prefix, sys.base_prefix, "/usr", "/proc", "/sys", "/dev")
    if any(path.is_relative_to(each) for each in (*system, "/etc", PRESS)):
        return False
    return path.suffix != ".pyc" and path.is_file()


class _Finder(MetaPathFinder):
    """Finds the modules of the library as Python does; loads them marked."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        file = Path(spec.loader.path).resolve()
        ours = self.recorder.source in file.parents
        if not ours or PRESS in file.parents:
            return None
        spec.loader = _Loader(spec.name, spec.loader.path, self.recorder)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, recorder: Recorder) -> None:
        super().__init__(name, path)
        self.recorder = recorder

    def exec_module(self, module: ModuleType) -> None:
        # What the library does while it is imported is not the chapter's.
        with self.recorder.importing():
            super().exec_module(module)

    def get_code(self, fullname: str) -> CodeType | None:
        # Never from Python's own cache: its code has no marks.
        path = self.get_filename(fullname)
        with self.recorder.pausing():
            data = self.get_data(path)
            name = Path(path).resolve().relative_to(self.recorder.source)
            return _marked(data, path, name.as_posix())


def _marked(data: bytes, path: str, name: str) -> CodeType:
    """The code of a file, with its marks. Python's folder for compiled code,
    if there is one that is not beside the source, keeps it."""
    key = b"\0".join((_KEY, path.encode(), name.encode(), data))
    kept = Path(cache_from_source(path, optimization="marked"))
    if sys.pycache_prefix:
        with contextlib.suppress(OSError):
            digest, code = _split(kept.read_bytes())
            if digest == hashlib.sha256(key + code).digest():
                known: CodeType = marshal.loads(code)
                return known
    tree = _Marker(name).visit(ast.parse(data, path))
    made: CodeType = compile(tree, path, "exec", dont_inherit=True)
    if sys.pycache_prefix and not sys.dont_write_bytecode:
        code = marshal.dumps(made)
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            # Half a file has another digest, so it needs no more care.
            kept.write_bytes(hashlib.sha256(key + code).digest() + code)
    return made


def _split(kept: bytes) -> tuple[bytes, bytes]:
    """The digest in front of what is kept, and the rest."""
    return kept[:32], kept[32:]


class _Marker(ast.NodeTransformer):
    """Puts a mark in front of the body of each function."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.within: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        name = self._name("<lambda>", node.lineno)
        self.within += ["<lambda>", "<locals>"]
        self.generic_visit(node)
        del self.within[-2:]
        mark = f"{_MARKS}.__setitem__({name!r}, True) or None"
        choice = ast.parse(f"None if {mark} else None", mode="eval").body
        assert isinstance(choice, ast.IfExp)
        _placed(choice, node.body)
        choice.orelse = node.body
        node.body = choice
        return node

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> ast.AST:
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        name = self._name(node.name, first)
        self.within += [node.name, "<locals>"]
        self.generic_visit(node)
        del self.within[-2:]
        at = 1 if ast.get_docstring(node, clean=False) is not None else 0
        mark = ast.parse(f"{_MARKS}[{name!r}] = True").body[0]
        node.body.insert(at, _placed(mark, node.body[0]))
        return node

    def _name(self, name: str, line: int) -> str:
        return f"{self.file}:{line}:{'.'.join([*self.within, name])}"


def _placed(new: ast.AST, place: ast.expr | ast.stmt) -> Any:
    """`new`, all of it at the place of what it stands before."""
    for each in ast.walk(new):
        ast.copy_location(each, place)
    return new
