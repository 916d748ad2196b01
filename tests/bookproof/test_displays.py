"""What a cell may show, and what is refused."""

from __future__ import annotations

import pytest

from bookproof.running.displays import refused

CELLS = {
    'from IPython.display import HTML\nHTML("<script>x()</script>")': "HTML",
    'from IPython.display import Markdown\nMarkdown("$1=2$")': "Markdown",
    'from IPython.display import Latex\nLatex("$1=2$")': "Latex",
    'from IPython.display import Javascript\nJavascript("x()")': "Javascript",
    "from IPython.display import display\n"
    'display({"text/html": "<b>x</b>"}, raw=True)': "text/html",
    "from IPython.display import display\n"
    'display({"text/markdown": "$1=2$"}, raw=True)': "text/markdown",
    "from IPython.display import SVG\n"
    'SVG(\'<svg xmlns="http://www.w3.org/2000/svg">'
    "<script>x()</script></svg>')": "the element script",
}


def chapter(cell: str) -> str:
    body = "\n".join("    " + line for line in cell.splitlines())
    return (
        "    # A chapter\n\n    Words.\n\n"
        f"    ```{{code-cell}} ipython3\n{body}\n    ```\n"
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_shows_markup_is_refused(book, cell: str) -> None:
    ((_, outcome),) = book.verdicts(chapter(cell)).items()
    assert {each.rule for each in outcome.findings} == {"output-kind"}
    assert any(CELLS[cell] in each.message for each in outcome.findings)


def test_a_value_that_could_be_html_is_shown_as_text(book) -> None:
    cell = """\
class Table:
    def __repr__(self):
        return "a table"
    def _repr_html_(self):
        return "<script>x()</script>"
    def _repr_latex_(self):
        return "$1 = 2$"
Table()"""
    run = book.run(chapter(cell))
    assert run.findings == []
    assert run.outputs[0][0]["data"] == {"text/plain": "a table"}


def test_what_matplotlib_draws_is_shown(book) -> None:
    cell = """\
---
mystnb: {image: {alt: a line and two squares}}
---
import matplotlib.pyplot as plt
import numpy as np
figure, axes = plt.subplots()
axes.plot([1, 2], label="a $x^2$ < b")
axes.imshow(np.eye(2))
axes.fill_between([0, 1], [1, 2], hatch="/")
axes.legend();"""
    run = book.run(chapter(cell))
    assert run.findings == []
    assert "image/svg+xml" in run.outputs[0][0]["data"]


PICTURE = """\
import matplotlib.pyplot as plt
plt.plot([1, 2]);
"""
ALT = "---\nmystnb:\n  image:\n    alt: a line\n---\n"
TWO = "plt.show()\nplt.plot([2, 1]);\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PICTURE, "without words"),
        (ALT.replace("a line", "' '") + PICTURE, "without words"),
        (ALT.replace("image", "figure") + PICTURE, "without words"),
        (":tags: [hide-output]\n" + PICTURE, "without words"),
        (ALT + PICTURE + TWO, "2 pictures"),
        (ALT + PICTURE, ""),
        (":tags: [remove-output]\n" + PICTURE, ""),
        (":tags: [remove_cell]\n" + PICTURE + TWO, ""),
    ],
)
def test_a_picture_has_words_for_those_who_do_not_see_it(
    book, text: str, said: str
) -> None:
    found = book.run(chapter(text)).findings
    if not said:
        assert found == []
        return
    (finding,) = found
    assert finding.rule == "figure-alt"
    assert said in finding.message


NAMED = "---\nmystnb: {image: {alt: a line}, figure: {name: fig-a}}\n---\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NAMED + PICTURE, ""),
        (NAMED + "print('so')\n" + PICTURE, ""),
        (NAMED + PICTURE + "2 + 1", "2 things"),
        (NAMED + "display('so')\n" + PICTURE, "2 things"),
        (NAMED + "2 + 1", ""),
        (NAMED + "n = 1", "none"),
        (NAMED.replace("\n---", "\ntags: [remove-output]\n---") + "1;", ""),
        (ALT + PICTURE + "2 + 1", ""),
    ],
)
def test_a_named_figure_is_the_one_thing_that_its_cell_shows(
    book, text: str, said: str
) -> None:
    found = book.run(chapter(text)).findings
    assert [each.rule for each in found] == ["figure-outputs"] * bool(said)
    assert all(said in each.message for each in found)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" {}>{}</svg>'


@pytest.mark.parametrize(
    ("attributes", "inside", "what"),
    [
        ("", "<script>x()</script>", "the element script"),
        ("", "<foreignObject/>", "the element foreignObject"),
        ("", "<a href='#x'/>", "the element a"),
        ("", "<animate/>", "the element animate"),
        ('onload="x()"', "", "the attribute onload"),
        ("", "<g ONCLICK='x()'/>", "the attribute onclick"),
        ("", "<use href='https://a.b/c.svg#d'/>", "another file"),
        ("", "<image href='javascript:x()'/>", "another file"),
        ("", "<image href='data:image/svg+xml;x'/>", "another file"),
        ("", "<style>@import 'a.css'</style>", "another file"),
        ("", "<g style='fill: url(https://a.b)'/>", "another file"),
        ("", "<g fill=\"url( '//a.b')\"/>", "another file"),
        ("", "<g>", "no XML"),
    ],
)
def test_a_drawing_that_does_more_is_refused(
    attributes: str, inside: str, what: str
) -> None:
    data = {"image/svg+xml": SVG.format(attributes, inside)}
    found = list(refused([{"data": data}]))
    assert any(what in each for each in found), found


@pytest.mark.parametrize(
    "inside",
    [
        "<g clip-path='url(#a)'><path d='M0 0'/></g>",
        "<style>*{stroke: red}</style><use href='#a'/>",
        "<image href='data:image/png;base64,AA=='/>",
        "<text fill=\"url('#a')\">words &lt; words</text>",
    ],
)
def test_a_plain_drawing_is_not(inside: str) -> None:
    assert (
        list(refused([{"data": {"image/svg+xml": SVG.format("", inside)}}]))
        == []
    )
