"""Broken and refused markup: each construct has a fixture that must fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from bookproof import check
from bookproof.config import Project
from bookproof.diagnostics import Finding
from bookproof.reading.chapter import read_chapter

ROOT = Path("/p")
PROJECT = Project(root=ROOT, book=ROOT, source=ROOT / "src")


def findings(text: str, project: Project = PROJECT) -> list[Finding]:
    chapter = read_chapter(ROOT / "ch.md", project, f"# T\n\n{text}")
    return list(chapter.findings)


def found(text: str) -> list[tuple[str, str]]:
    return [
        (f.rule, f"{f.place.line}:{f.place.column}") for f in findings(text)
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a ` b", ["3:3"]),
        ("costs $5", ["3:7"]),
        ("{claim}`a = b", ["3:1", "3:8"]),
        ("{claim} is said", ["3:1"]),
        ("so\n{let}x = 3", ["4:1"]),
        ("- {fact}`a <b>\n- more`", ["3:3", "3:9", "4:7"]),
        ("| a | b |\n|---|---|\n| {fact}`9 | <k>` |", ["5:3", "5:9", "5:17"]),
        ("```{note} a `tick`\nb\n```", ["3:1", "3:4"]),
        ("Before\n```{claim} `a`\nb\n```\nafter", ["4:1", "4:4"]),
    ],
)
def test_stray_marks_are_found(text, places):
    broken = [place for rule, place in found(text) if rule == "broken-markup"]
    assert broken == places


@pytest.mark.parametrize(
    "text",
    [
        "a \\` b costs \\$5",
        "`a $ b` and $x$",
        "[span]{.wide} text",
        "```python\n{claim}`\n```",
        "% a comment with ` and $",
    ],
)
def test_marks_that_are_meant_pass(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "table",
    [
        "| a | b |\n|---|---|\n| x |\n",
        "| a | b |\n|---|---|\n| x | y | z |\n",
        "| a | b |\n|---|---|\n| $|x|$ | y |\n",
        "- | a | b |\n  |---|---|\n  | x |\n",
        "> | a | b |\n> |---|---|\n> | x | y | z |\n",
    ],
)
def test_rows_of_the_wrong_length_are_found(table):
    assert ("broken-markup", "5:") in {(r, p[:2]) for r, p in found(table)}


def test_an_escaped_bar_in_a_table_is_found():
    table = "| a | b |\n|---|---|\n| $\\|x\\|$ | y |\n"
    assert ("broken-markup", "5:4") in found(table)


@pytest.mark.parametrize(
    "table",
    [
        "| a | b |\n|---|---|\n| x | |\n",
        "a | b\n---|---\nx | y\n",
        "1. | a | b |\n   |---|---|\n   | x | `y` |\n",
        "> | a | b |\n> |---|---|\n> | x | y |\n",
    ],
)
def test_whole_tables_pass(table):
    assert found(table) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("```python\nx = 1\n", "3:1"),
        ("- ```python\n  x = 1\n\nafter\n", "3:3"),
        ("> ```python\n> x\n\nafter\n", "3:3"),
        ("```\nx = 1\n```\n", "3:1"),
        ("```{claim}label\na = b\n```\n", "3:1"),
        ("```claim label\na = b\n```\n", "3:1"),
        ("```{claim\na = b\n```\n", "3:1"),
        (":::note\nwords\n:::\n", "3:1"),
        ("````{note}\n```python\nx\n````\n", "4:1"),
    ],
)
def test_broken_fences_are_found(text, place):
    assert ("broken-fence", place) in found(text)


def test_a_fence_that_ends_the_file_is_closed():
    assert found("```python\nx = 1\n```") == []
    assert found("```python\n```") == []
    assert found("```python\nx = 1\n\n\n```\n\n\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> text",
        "<!-- comment -->",
        "<div>\n\n</div>",
        "```{eval-rst}\n.. note:: x\n```",
        "```{raw} html\n<b>\n```",
        "```{include} other.md\n```",
        "```{glue:figure} x\n```",
        "```{list-table}\n* - a\n```",
    ],
)
def test_refused_constructs_are_found(text):
    assert {rule for rule, _ in found(text)} == {"refused-markup"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Say {{name}} here.", "3:5"),
        ("Say\n{{ x }} here.", "4:1"),
        ("{{ `x`\n| upper }}", "3:1"),
        ("## On [{{ x }}](page.md)", "3:8"),
        ("| a | b |\n|---|---|\n| c | {{ x }} |", "5:7"),
        (":::{admonition} The {{x}}\nwords\n:::", "3:21"),
    ],
)
def test_substitutions_are_printed_as_they_stand_and_so_refused(text, place):
    assert found(text) == [("refused-markup", place)]


@pytest.mark.parametrize(
    "text",
    [
        '`{{ x }}` and `f"{{{x}}}"`',
        r"$\frac{{a}}{{b}}$",
        "```python\nf'{{ x }}'\n```",
        r"Jinja writes \{\{ x \}\} for it.",
    ],
)
def test_braces_of_code_and_mathematics_are_no_substitution(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("```{chunck} a.py\nx\n```", "did you mean {chunk}?"),
        ("```{claims}\nx\n```", "did you mean {claim}?"),
        ("{facts}`two <x>`", "did you mean {fact}?"),
    ],
)
def test_unknown_names_say_what_may_be_meant(text, note):
    (finding,) = findings(text)
    assert (finding.rule, finding.notes) == ("broken-markup", (note,))


def test_a_project_can_add_directives():
    text = ":::{aside} Title {claim}`a = b`\nand {claim}`c = d`\n:::\n"
    assert [f.rule for f in findings(text)] == ["broken-markup"]
    rows = {"aside": {"body": "myst", "argument": "title"}}
    project = Project(
        root=ROOT, book=ROOT, source=ROOT / "src", directives=rows
    )
    assert findings(text, project) == []


@pytest.mark.parametrize(
    "text",
    ["1. a\n3. b\n", "2. a\n3. b\n", "1. a\n1. b\n", "- 1. a\n  5. b\n"],
)
def test_lists_that_count_otherwise_are_found(text):
    assert [rule for rule, _ in found(text)] == ["broken-markup"]


def test_lists_that_count_from_one_pass():
    text = "1. a\n   1. b\n   2. c\n2. d\n\nWords.\n\n1. e\n"
    assert found(text) == []


def test_indented_code_is_found():
    assert found("Words.\n\n    x = 1\n") == [("broken-markup", "5:5")]


def test_a_heading_in_a_box_is_found():
    assert found("```{note}\n## Big\n```\n") == [("heading", "4:4")]


@pytest.mark.parametrize("tags", ['["a,b"]', "[a, a]", "a", "[1]", "3", ""])
def test_tags_that_no_notebook_can_have_are_refused(book, tags: str) -> None:
    cell = "```{code-cell} ipython3\n---\ntags: TAGS\n---\n1\n```\n"
    path = book.write("ch", "# T\n\nWords.\n\n" + cell.replace("TAGS", tags))
    plan = check.Plan(book.project, [read_chapter(path, book.project)])
    for _ in range(2):  # the second asks for what the first has kept
        report = check.check(plan)
        assert "directive-option" in {each.rule for each in report.findings}
