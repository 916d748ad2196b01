"""Joining the chunks of the chapters into source files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePosixPath

from bookproof.diagnostics import Finding, Place, Text
from bookproof.reading import python, texts
from bookproof.reading.elements import Chapter, Chunk
from bookproof.rules import Rule
from bookproof.tangling.gaps import gap, inner_string_lines, is_whole
from bookproof.tangling.targets import bad_target

HEADER = "# Edit the book, or edit here and stitch."

#: Lines of source are no longer than this.
WIDTH = 80

#: So many fragments may stand within one another.
DEEPEST = 50

_IMPORTS = "Imports of "
_CLOSERS = (")", "]", "}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a source file; `place` is the book's line, `owner` the index
    of its chunk (both None for the header and for gaps)."""

    text: str
    place: Place | None = None
    owner: int | None = None
    title: bool = False


@dataclass
class Joined:
    """The source files, line by line, and what is wrong with the chunks."""

    files: dict[str, list[Line]] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def join(chapters: Iterable[Chapter]) -> Joined:
    """Put the chunks of the chapters together, in reading order."""
    joined = Joined()
    for chapter in chapters:
        joined.chunks += [e for e in chapter.elements if isinstance(e, Chunk)]
    _Joiner(joined).run()
    return joined


class _Joiner:
    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        self.targets: dict[str, list[int]] = {}
        self.fragments: dict[str, list[int]] = {}
        # Modules and packages: the name in small letters, and the path.
        self.spelt: dict[str, str] = {}
        self.included: dict[str, Place] = {}
        # Where the last statement began that a gap may depend on: reading a
        # file from its top for every chunk would take the square of its size.
        self.known = 0

    def run(self) -> None:
        """Join all chunks, then judge the files."""
        labels: dict[str, Chunk] = {}
        for number, chunk in enumerate(self.joined.chunks):
            self._file_under(number, chunk)
            if chunk.label and chunk.label in labels:
                first = labels[chunk.label].place
                self._find(
                    "duplicate-label",
                    f"the label {chunk.label} is taken",
                    chunk.place,
                    f"first used at {first}",
                )
            elif chunk.label:
                labels[chunk.label] = chunk
        for target, parts in self.targets.items():
            lines = [Line(HEADER)]
            self.known = 0
            self._parts(parts, lines, indent="", stack=())
            self.joined.files[target] = lines
            self._check_python(target, parts[0], lines)
        self._check_included()

    def _find(
        self,
        rule: Rule,
        message: str,
        place: Place,
        *notes: str,
        width: int = 1,
    ) -> None:
        self.joined.findings.append(
            Finding(rule, message, place, width=width, notes=notes)
        )

    def _file_under(self, number: int, chunk: Chunk) -> None:
        if not chunk.body.text.strip():
            self._find("chunk", "an empty chunk", chunk.place)
        if chunk.target is not None:
            reason = bad_target(chunk.target) or self._clash(chunk.target)
            if reason:
                self._find("chunk-target", reason, chunk.place)
            else:
                self.targets.setdefault(chunk.target, []).append(number)
        elif chunk.name is None:
            self._find(
                "chunk",
                "a chunk with neither a target nor a name",
                chunk.place,
                "a fragment's :name: is what <<…>> includes",
            )
        else:
            self.fragments.setdefault(chunk.name, []).append(number)

    def _clash(self, target: str) -> str | None:
        """Why a target, or a folder of it, cannot be beside another one."""
        path = PurePosixPath(target)
        for mine in map(str, (*reversed(path.parents[:-1]), path)):
            name = mine.removesuffix(".py").lower()
            first = self.spelt.setdefault(name, mine)
            if first != mine:
                return (
                    f"{mine} is {first} to Python, or where case makes no "
                    "odds: give one of them another name"
                )
        return None

    # Putting together

    def _parts(
        self,
        parts: Sequence[int],
        out: list[Line],
        indent: str,
        stack: tuple[str, ...],
    ) -> None:
        """Append chunks of one target, or of one fragment, to `out`."""
        known: str | None = None
        for position, number in enumerate(parts):
            chunk = self.joined.chunks[number]
            body = trimmed(chunk.body)
            if not body:
                continue
            is_head = not stack and position == 0
            titled = (
                chunk.name is not None
                and not is_head
                and chunk.name != known
                and not chunk.name.startswith(_IMPORTS)
                and not body[0].text.lstrip().startswith(_CLOSERS)
            )
            known = chunk.name
            start = len(out)
            if titled:
                out.append(self._title(chunk, number, indent, body))
            self._body(number, body, out, indent, stack)
            if position and len(out) > start:
                out[start:start] = self._gap(out, start, top=not stack)

    def _gap(self, out: Sequence[Line], start: int, top: bool) -> list[Line]:
        """The blank lines that belong before `start`."""
        before = [line.text for line in out[self.known : start]]
        after = [line.text for line in out[start:]]
        lines = gap(before, after, self.known == 0)
        if top and lines == 2 and is_whole(before):
            self.known = start + lines
        return [Line("")] * lines

    def _title(
        self, chunk: Chunk, number: int, indent: str, body: Sequence[Text]
    ) -> Line:
        first = next(line.text for line in body if line.text.strip())
        inner = first[: len(first) - len(first.lstrip())]
        text = f"{indent}{inner}# {chunk.name}"
        if len(text) > WIDTH:
            self._find(
                "chunk-name",
                f"as a comment this name is {len(text)} characters wide",
                chunk.place,
                f"it must fit into {WIDTH}",
            )
        return Line(text, chunk.place, number, title=True)

    def _body(
        self,
        number: int,
        body: Sequence[Text],
        out: list[Line],
        indent: str,
        stack: tuple[str, ...],
    ) -> None:
        code = "\n".join(line.text for line in body)
        fixed = inner_string_lines(code)
        for position, line in enumerate(body):
            name = fragment_name(line.text)
            if name is not None and position not in fixed:
                inner = line.text[: len(line.text) - len(line.text.lstrip())]
                at = texts.strip(line).place()
                self._include(name, at, out, indent + inner, stack)
                continue
            keep = position in fixed or not line.text.strip()
            text = line.text if keep else indent + line.text
            if position not in fixed:
                text = text.rstrip()
            out.append(Line(text, line.place(), number))

    def _include(
        self,
        name: str,
        place: Place,
        out: list[Line],
        indent: str,
        stack: tuple[str, ...],
    ) -> None:
        width = len(name) + 4
        if len(stack) == DEEPEST:
            self._find(
                "chunk-reference",
                f"fragments within fragments, more than {DEEPEST} deep",
                place,
                width=width,
            )
        elif name in stack:
            around = " → ".join((*stack[stack.index(name) :], name))
            self._find(
                "chunk-cycle",
                f"the fragment includes itself: {around}",
                place,
                width=width,
            )
        elif name not in self.fragments:
            near = get_close_matches(name, self.fragments, n=1)
            self._find(
                "chunk-reference",
                f"there is no fragment called “{name}”",
                place,
                *(f"did you mean <<{other}>>?" for other in near),
                width=width,
            )
        elif name in self.included:
            self._find(
                "chunk-reference",
                f"the fragment “{name}” is included a second time",
                place,
                f"first included at {self.included[name]}",
                width=width,
            )
        else:
            self.included[name] = place
            parts = self.fragments[name]
            self._parts(parts, out, indent, (*stack, name))

    # Judging what was put together

    def _check_included(self) -> None:
        for name, parts in self.fragments.items():
            if name in self.included:
                continue
            chunk = self.joined.chunks[parts[0]]
            names = [c.name for c in self.joined.chunks if c.target and c.name]
            near = get_close_matches(name, names, n=1)
            self._find(
                "chunk-unused",
                f"no chunk includes the fragment “{name}”",
                chunk.place,
                f"write <<{name}>> where it belongs, or name a target",
                *(f"there is a chunk called “{other}”" for other in near),
            )

    def _check_python(
        self, target: str, head: int, lines: Sequence[Line]
    ) -> None:
        """The file must be Python, begin with its docstring and imports."""
        first = self.joined.chunks[head].place
        source = "\n".join(line.text for line in lines) + "\n"
        try:
            tree = python.parse(source)
        except SyntaxError as error:
            place = _nearest(lines, (error.lineno or 1) - 1) or first
            self._find("chunk-python", f"{target}: {error.msg}", place)
            return
        if ast.get_docstring(tree) is None:
            self._find(
                "chunk-head",
                f"the first chunk of {target} begins with no docstring",
                first,
            )
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._check_import(target, head, lines[node.lineno - 1])

    def _check_import(self, target: str, head: int, line: Line) -> None:
        if line.owner is None or line.place is None or line.owner == head:
            return
        chunk = self.joined.chunks[line.owner]
        if chunk.target is None and (chunk.name or "").startswith(_IMPORTS):
            return
        stem = PurePosixPath(target).name
        self._find(
            "chunk-import",
            "an import outside the head of its file",
            line.place,
            f"it belongs at {self.joined.chunks[head].place}",
            f"or in a fragment “{_IMPORTS}{stem}” that is included there",
            width=len(line.text),
        )


def _nearest(lines: Sequence[Line], number: int) -> Place | None:
    """The book's place of a source line, or of the next one above it."""
    for line in reversed(lines[: min(number, len(lines) - 1) + 1]):
        if line.place is not None:
            return line.place
    return None


def trimmed(body: Text) -> list[Text]:
    """The lines of a chunk without blank ones at its ends."""
    found = texts.lines(body)
    while found and not found[0].text.strip():
        found.pop(0)
    while found and not found[-1].text.strip():
        found.pop()
    return found


def fragment_name(line: str) -> str | None:
    """The name in a line that is `<<name>>` and nothing else."""
    line = line.strip()
    if line.startswith("<<") and line.endswith(">>") and len(line) > 4:
        return line[2:-2].strip()
    return None


def owners(joined: Joined) -> Mapping[int, list[tuple[str, int]]]:
    """For each chunk, the lines (target, number from 1) that it owns."""
    found: dict[int, list[tuple[str, int]]] = {}
    for target, lines in joined.files.items():
        for number, line in enumerate(lines, 1):
            if line.owner is not None:
                found.setdefault(line.owner, []).append((target, number))
    return found
