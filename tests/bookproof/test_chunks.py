"""Joining chunks: order, fragments, gaps, names, what is refused."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookproof.config import Project
from bookproof.reading.chapter import read_chapter
from bookproof.tangling.chunks import HEADER, Joined, join
from bookproof.tangling.gaps import gap, inner_string_lines
from bookproof.tangling.targets import bad_target

PROJECT = Project(root=Path("/p"), book=Path("/p"), source=Path("/p/src"))


def fence(code: str, target: str = "", name: str = "", label: str = "") -> str:
    options = f":name: {name}\n" if name else ""
    options += f":label: {label}\n" if label else ""
    info = f"{{chunk}} {target}".strip()
    return f"Words.\n\n```{info}\n{options}\n{code}\n```\n\n"


def head(target: str = "pkg/a.py", code: str = "") -> str:
    return fence(f'"""A module."""\n{code}'.rstrip(), target)


def joined(*chapters: str) -> Joined:
    return join(
        read_chapter(Path(f"/p/c{n}.md"), PROJECT, f"# C\n\n{text}")
        for n, text in enumerate(chapters)
    )


def source(*chapters: str, target: str = "pkg/a.py") -> str:
    found = joined(*chapters)
    assert [f.render() for f in found.findings] == []
    return "\n".join(line.text for line in found.files[target]) + "\n"


def rules(*chapters: str) -> list[str]:
    return [finding.rule for finding in joined(*chapters).findings]


def code(text: str) -> str:
    return f"{HEADER}\n" + textwrap.dedent(text).lstrip("\n")


def test_chunks_of_a_target_join_in_reading_order_under_their_names():
    text = source(
        head(code="\nimport math")
        + fence("X = math.pi", "pkg/a.py", "Take pi"),
        fence("def f():\n    return X", "pkg/a.py", "Give it back"),
    )
    assert text == code(
        '''
        """A module."""

        import math

        # Take pi
        X = math.pi


        # Give it back
        def f():
            return X
        '''
    )


def test_the_heads_name_is_for_the_page_only():
    text = source(fence('"""A."""\n\nX = 1', "pkg/a.py", "Say what it is"))
    assert text == code('"""A."""\n\nX = 1\n')


def test_a_fragment_stands_where_it_is_included_as_far_in():
    text = source(
        head()
        + fence(
            "class A:\n    <<Add>>\n\n    <<Multiply>>", "pkg/a.py", "Compute"
        )
        + fence("def add(self):\n    <<Return>>", name="Add")
        + fence("return 1", name="Return")
        + fence("def mul(self):\n    return 2", name="Multiply")
        + fence("def div(self):\n    return 3", name="Multiply")
    )
    assert text == code(
        '''
        """A module."""


        # Compute
        class A:
            # Add
            def add(self):
                # Return
                return 1

            # Multiply
            def mul(self):
                return 2

            def div(self):
                return 3
        '''
    )


def test_a_chunk_of_the_same_name_goes_on_without_a_second_title():
    text = source(
        head()
        + fence("X = 1", "pkg/a.py", "Set")
        + fence("Y = 2", "pkg/a.py", "Set")
    )
    assert text.count("# Set") == 1


def test_strings_keep_their_value_when_a_fragment_is_indented():
    text = source(
        head()
        + fence("def f():\n    <<Speak>>", "pkg/a.py", "Say")
        + fence('return """a\nb\n  c"""', name="Speak")
    )
    namespace: dict[str, object] = {}
    exec(text, namespace)
    assert namespace["f"]() == "a\nb\n  c"


def test_docstrings_move_with_their_code():
    text = source(
        head()
        + fence("class A:\n    <<Do>>", "pkg/a.py", "Make")
        + fence('def f():\n    """Do.\n\n    Well.\n    """', name="Do")
    )
    assert '        """Do.\n\n        Well.\n        """' in text


def test_later_imports_come_through_a_fragment_of_the_head():
    text = source(
        head(code="\nimport math\n<<Imports of a.py>>")
        + fence("import os", name="Imports of a.py")
        + fence("import sys", name="Imports of a.py")
        + fence("X = os, sys, math", "pkg/a.py", "Use them")
    )
    assert "import math\nimport os\nimport sys\n\n# Use them\nX" in text


# What is refused


def test_an_undefined_reference_says_what_may_be_meant():
    found = joined(
        head()
        + fence("def f():\n    <<Retrun>>", "pkg/a.py", "Do")
        + fence("return 1", name="Return")
    )
    first = found.findings[0]
    assert (first.rule, str(first.place)) == ("chunk-reference", "c0.md:16:5")
    assert first.notes == ("did you mean <<Return>>?",)
    assert found.findings[-1].rule == "chunk-unused"


def test_a_cycle_is_refused():
    assert "chunk-cycle" in rules(
        head()
        + fence("def f():\n    <<One>>", "pkg/a.py", "Do")
        + fence("<<Two>>", name="One")
        + fence("<<One>>", name="Two")
    )


def test_a_cycle_that_nothing_includes_is_refused():
    found = rules(fence("<<Two>>", name="One") + fence("<<One>>", name="Two"))
    assert found == ["chunk-unused", "chunk-unused"]


def test_a_fragment_is_included_once():
    assert rules(
        head()
        + fence("def f():\n    <<One>>", "pkg/a.py", "Do")
        + fence("def g():\n    <<One>>", "pkg/a.py", "Do more")
        + fence("return 1", name="One")
    ) == ["chunk-reference", "chunk-python"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (fence("X = 1"), "chunk"),
        (head() + fence("", "pkg/a.py", "Nothing"), "chunk"),
        (fence("X = 1", name="Unused"), "chunk-unused"),
        (fence("X = 1", "pkg/a.py", "No docstring"), "chunk-head"),
        (head() + fence("X = (", "pkg/a.py", "Break"), "chunk-python"),
        (head() + fence("import os", "pkg/a.py", "Late"), "chunk-import"),
        (head() + fence("X = 1", "pkg/a.py", "Long " * 16), "chunk-name"),
        (
            head(code="X = 1").replace(".py\n", ".py\n:label: one\n")
            + fence("Y = 1", "pkg/a.py", "Two", label="one"),
            "duplicate-label",
        ),
    ],
)
def test_unsound_chunks_are_found(text, rule):
    assert rules(text) == [rule]


def test_broken_python_is_shown_in_the_book():
    found = joined(head() + fence("X = 1\ny = = 2", "pkg/a.py", "Break"))
    assert str(found.findings[0].place) == "c0.md:16:1"


@pytest.mark.parametrize(
    "target",
    [
        "/etc/a.py",
        "../a.py",
        "pkg/../../a.py",
        "pkg//a.py",
        "./a.py",
        "pkg\\a.py",
        "C:/a.py",
        "pkg/a.txt",
        "pkg/a",
        "pkg/a-b.py",
        ".py",
    ],
)
def test_targets_stay_in_the_source_folder(target):
    assert bad_target(target)
    assert "chunk-target" in rules(fence("X = 1", target, "Go"))


def test_plain_targets_are_fine():
    assert bad_target("pkg/_a/b.py") is None
    assert bad_target("pkg/__init__.py") is None


# Gaps

RUFF = [Path(sys.executable).with_name("ruff"), "--quiet"]


def formatted(text: str) -> str:
    run = subprocess.run(
        [RUFF[0], "format", "--quiet", "--line-length=80", "--isolated", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def import_findings(text: str) -> str:
    run = subprocess.run(
        [RUFF[0], "check", "--isolated", "--select=I", "--quiet", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout


STATEMENTS = (
    "X = 1",
    "# A remark\nY = 2",
    "def f(a, b=1):\n    return a + b",
    'async def g():\n    """Wait."""',
    '@staticmethod\ndef h():\n    """Do.\n\n    Well.\n    """\n    return 1',
    'class A:\n    """Hold."""\n\n    y: int = 0\n\n    def f(self):\n'
    "        return self.y",
    "if X:\n    Z = 1\nelse:\n    Z = 2",
    'TABLE = {\n    "a": 1,\n    "b": 2,\n}',
    'TEXT = """a\n\nb"""',
    "for i in range(3):\n    print(i)  # count",
    "try:\n    X\nexcept (NameError, KeyError):\n    pass",
)
METHODS = (
    "def f(self):\n    return 1",
    "@property\ndef g(self):\n    # why\n    return 2",
    'def h(self):\n    """Do.\n\n    Well.\n    """',
    "x = 3",
)
HEADS = (
    '"""A module."""',
    '"""A module.\n\nAt length.\n"""',
    '"""A module."""\n\nfrom __future__ import annotations',
    '"""A module."""\n\nimport math\nimport os',
    '"""A module."""\n\nimport math\n\nPI = math.pi',
)
statement = st.sampled_from(STATEMENTS)
method = st.sampled_from(METHODS)
name = st.sampled_from(["Do it", "Go on", "Say more", ""])


def indented(text: str, by: int = 4) -> str:
    return textwrap.indent(text, " " * by)


@st.composite
def piece(draw: st.DrawFn, number: int) -> str:
    """Chunks that follow one another in a file, and their fragments."""
    kind = draw(st.sampled_from(["plain", "split", "class", "nested"]))
    title = draw(name)
    plain = "\n\n\n".join(draw(st.lists(statement, min_size=1, max_size=2)))
    if kind == "plain":
        return fence(plain, "pkg/a.py", title)
    if kind == "split":
        parts = draw(
            st.sampled_from(
                [
                    ("T = {", '    "a": 1,', "}"),
                    ("if X:", "    Z = 1", "else:\n    Z = 2"),
                    ("@property", "def f(self):\n    return 1", "Q = 1"),
                    ("class B:", indented(draw(method)), indented("q = 1")),
                    (
                        'class C:\n    """Hold."""',
                        indented(draw(method)),
                        indented(draw(method)),
                    ),
                    ("def k():", "    a = 1", "    return a"),
                    ("V = [", "    1,\n    2,", "]"),
                ]
            )
        )
        return "".join(fence(part, "pkg/a.py", draw(name)) for part in parts)
    methods = draw(st.lists(method, min_size=1, max_size=3))
    fragments = "".join(fence(text, name=f"Do {number}") for text in methods)
    if kind == "class":
        opening = draw(st.sampled_from(["", '    """Hold."""\n\n']))
        text = f"class D{number}:\n{opening}    <<Do {number}>>"
        return fence(text, "pkg/a.py", title) + fragments
    outer = f"Outer {number}"
    return (
        fence(f"class E{number}:\n    <<{outer}>>", "pkg/a.py", title)
        + fence(f"class F:\n    <<Do {number}>>", name=outer)
        + fragments
    )


@st.composite
def book(draw: st.DrawFn) -> str:
    count = draw(st.integers(1, 5))
    pieces = [draw(piece(number)) for number in range(count)]
    return fence(draw(st.sampled_from(HEADS)), "pkg/a.py") + "".join(pieces)


@settings(deadline=None, max_examples=60)
@given(book())
def test_what_is_tangled_is_as_ruff_would_format_it(text):
    tangled = source(text)
    ast.parse(tangled)
    assert formatted(tangled) == tangled
    assert import_findings(tangled) == ""


@settings(deadline=None, max_examples=60)
@given(book())
def test_every_line_of_code_knows_its_line_of_the_book(text):
    chapter = f"# C\n\n{text}"
    lines = chapter.split("\n")
    (file,) = joined(text).files.values()
    assert file[0].text == HEADER
    for line in file[1:]:
        if not line.text.strip() or line.title:
            continue
        book_line = lines[line.place.line - 1]
        assert book_line.strip() == line.text.strip()
    code_lines = {
        number
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith(("#", "Words", "`", ":name"))
        and "<<" not in line
    }  # fmt: skip
    mapped = {line.place.line for line in file if line.place}
    assert code_lines <= mapped


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (["X = 1"], ["Y = 2"], 2),
        (['"""A."""'], ["X = 1"], 1),
        (["# header", '"""A."""'], ["# Title", "X = 1"], 1),
        (['"""A."""'], ["# Title", "class A:"], 2),
        (["import os"], ["import sys"], 0),
        (["import os"], ["# Title", "X = 1"], 1),
        (["import os"], ["# Title", "def f():"], 2),
        (["def f():"], ["    return 1"], 0),
        (["def f():  # why"], ["    return 1"], 0),
        (['x = "a:"'], ["y = 1"], 2),
        (["class A:", "    x = 1"], ["    y = 2"], 1),
        (["@property"], ["def f():"], 0),
        (["# Title"], ["X = 1"], 0),
        (["X = ["], ["    1,"], 0),
        (["X = [", "    1,"], ["    2,"], 0),
        (["X = [", "    1,"], ["]"], 0),
        (["if a:", "    b"], ["else:"], 0),
        (["if a:", "    b"], ["# Title", "elif c:"], 0),
        (["if a:", "    b"], ["elsewhere = 1"], 2),
        (["try:", "    b"], ["except (A, B):"], 0),
        ([], ["X = 1"], 0),
    ],
)
def test_gaps(before, after, lines):
    assert gap(before, after) == lines


def test_lines_within_strings():
    assert inner_string_lines('x = """a\nb\n"""\ny = 1') == {1, 2}
    assert inner_string_lines('def f():\n    """a\n    b\n    """') == set()
    assert inner_string_lines('x = f"""a\nb {1}\n"""') == {1, 2}
