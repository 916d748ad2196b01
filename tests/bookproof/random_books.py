"""Random books with chunks, and random edits of the files they make."""

from __future__ import annotations

import textwrap

from hypothesis import strategies as st

STATEMENTS = (
    "X = 1",
    "def f(a):\n    return a + 1",
    'def g():\n    """Do 1.\n\n    Well.\n    """\n    return 2',
    "class K:\n    n = 1\n\n    def m(self):\n        return self.n",
    "@dec\ndef h():\n    pass",
    "if X:\n    Y = 1\nelse:\n    Y = 2",
    'T = """a\n  b 1\n\n c"""',
    "V = [\n    1,\n    2,\n]",
    "# a remark 1\nZ = 3",
)
METHODS = (
    "def a(self):\n    return 1",
    'b = """x\n    y 1\n"""',
    "@property\ndef c(self):\n    return self._c\n\n\nd = 1".replace(
        "\n\n", "\n"
    ),
    "e = (\n    1,\n    2,\n)",
)
SPLITS = (
    ("T = {", '    "a": 1,', "}"),
    ("if X:", "    Z = 1", "else:\n    Z = 2"),
    ("class B:", "    q = 1", "    def r(self):\n        return 1"),
    ("def k():", "    a = 1\n\n    b = 2", "    return a"),
)
NAMES = st.sampled_from(["Do it", "Go on", "Say more", ""])
PROSE = st.sampled_from(
    ["Words.", "As `X = 1` says:", "# A heading", "- a list\n- of two", "> so"]
)


def fence(code: str, target: str = "", name: str = "") -> str:
    """A chunk as a chapter has it."""
    options = f":name: {name}\n" if name else ""
    info = f"{{chunk}} {target}".strip()
    return f"```{info}\n{options}\n{code}\n```\n"


def contained(chunk: str, how: str) -> str:
    """A chunk within a box, a list or a quotation, with prose above it."""
    if how == "box":
        return f"````{{note}}\nSee here.\n\n{chunk}````\n"
    if how == "list":
        return "- See here.\n\n" + textwrap.indent(chunk, "  ")
    if how == "quote":
        lines = ["> See here.", ">"]
        lines += [f"> {line}".rstrip() for line in chunk.splitlines()]
        return "\n".join(lines) + "\n"
    return f"See here.\n\n{chunk}"


@st.composite
def pieces(draw: st.DrawFn, number: int, target: str) -> list[str]:
    """Chunks that follow one another in a file, and their fragments."""
    kind = draw(st.sampled_from(["plain", "split", "class", "nested", "tail"]))
    title = draw(NAMES)
    if kind == "plain":
        some = draw(
            st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=2)
        )
        return [fence("\n\n\n".join(some), target, title)]
    if kind == "split":
        return [
            fence(part, target, draw(NAMES))
            for part in draw(st.sampled_from(SPLITS))
        ]
    own = f"Do {target} {'xyz'[number]}"
    some = draw(st.lists(st.sampled_from(METHODS), min_size=1, max_size=2))
    parts = [fence(text, name=own) for text in some]
    if kind == "class":
        text = f"class D{number}:\n    <<{own}>>"
    elif kind == "tail":
        text = f"class D{number}:\n    u = 1\n\n    <<{own}>>\n\n    w = 2"
    else:
        text = f"class D{number}:\n    <<Outer {own}>>"
        inner = f"class F:\n    <<{own}>>\n\nv = 1"
        parts.append(fence(inner, name=f"Outer {own}"))
    return [fence(text, target, title), *parts]


@st.composite
def books(draw: st.DrawFn) -> dict[str, str]:
    """Chapters by name, which make the files pkg/a.py and pkg/b.py."""
    chunks = []
    for target in ("pkg/a.py", "pkg/b.py"):
        chunks.append(fence(f'"""{target}."""', target, ""))
        for number in range(draw(st.integers(1, 3))):
            chunks += draw(pieces(number, target))
    kinds = st.sampled_from(["plain", "plain", "plain", "box", "list", "quote"])
    out = []
    for chunk in chunks:
        out.append(draw(PROSE))
        out.append(contained(chunk, draw(kinds)))
    cut = draw(st.integers(0, len(out)))
    parts = {"one": out[:cut], "two": out[cut:]}
    return {
        name: "\n\n".join([f"# {name.title()}", *part, "The end.\n"])
        for name, part in parts.items()
    }


LINES = st.sampled_from(
    [
        "",
        "X = 1",
        "return 1",
        "    y = 4",
        "def new():\n    return 3",
        "# a remark 1",
        ")",
        "# Go on",
        '"""',
        "```",
        "<<Do it>>",
        ":name: it",
        "import os",
        "é = 'ü'  ",
        "x\r",
    ]
)
GENTLE = st.sampled_from(["X = 1", "# a remark 1", "\nX = [1, 2]", "f(1)(2)"])


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """The text after a few random edits, gentle or rough."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(1, max(len(lines) - 1, 1)))
        if draw(st.booleans()):
            _gentle(draw, lines, at)
        else:
            _rough(draw, lines, at)
    return "\n".join(lines)


def _gentle(draw: st.DrawFn, lines: list[str], at: int) -> None:
    """An edit that may well leave a sound file: in a line, or below it."""
    line = "".join(lines[at : at + 1])
    if draw(st.booleans()):
        lines[at : at + 1] = [line.replace("1", "(1 + 77)")]
    else:
        margin = line[: len(line) - len(line.lstrip())]
        new = textwrap.indent(draw(GENTLE), margin)
        lines[at + 1 : at + 1] = new.split("\n")


def _rough(draw: st.DrawFn, lines: list[str], at: int) -> None:
    to = min(at + draw(st.integers(1, 4)), len(lines))
    goal = draw(st.integers(1, max(len(lines), 1)))
    cut = lines[at:to]
    match draw(st.integers(0, 6)):
        case 0:
            lines[at:at] = draw(LINES).split("\n")
        case 1:
            del lines[at:to]
        case 2:
            lines[goal:goal] = cut
        case 3:
            lines[at:to] = draw(LINES).split("\n")
        case 4:
            lines[at:to] = cut[::-1]
        case 5:
            by = draw(st.booleans())
            lines[at:to] = [
                f"    {line}" if by else line.removeprefix("    ")
                for line in cut
            ]
        case 6:
            del lines[at:to]
            lines[goal:goal] = cut
