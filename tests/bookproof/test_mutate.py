"""Mutants change one printed thing at a time, and only what is checked."""

from pathlib import Path

import pytest

from bookproof.config import Project
from bookproof.mutating.mutate import KINDS, Mutant, mutants, parts
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter

CHAPTER = r"""# A title

Text with 12 and $x_1$ outside.

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $u$ | a column | $(n)$ | `u` |
| $v$ | a column | $(n)$ | `v` |
```

{let}`x = 3.5` and {claim}`W^\top x_{ij} - 1 \le 20` {when}`x < 2`
and {fact}`at least 97 % <acc>`, {cited}`in 1986 <a1986>`,
{fact}`about −1.5 × 10⁻⁶ in three runs over the data <tiny>`,
{fact}`three <n>`; {claim}`\lVert u \rVert = 1`.

```{claim} steps
\begin{aligned}
z^{(\ell)} &= \phi'(h^{(\ell-1)}) \cdot \frac{2}{n_\ell} && \text{two-step} \\
&= -u + \sum_k y_k
\end{aligned}
\quad \ell = 1, \dots, L
```
"""


@pytest.fixture
def chapter(tmp_path: Path) -> Chapter:
    path = tmp_path / "chapter.md"
    path.write_text(CHAPTER)
    return read_chapter(path, Project.find(path))


@pytest.fixture
def found(chapter: Chapter) -> list[Mutant]:
    return list(mutants(chapter))


def changes(found: list[Mutant], kind: str) -> set[tuple[str, str]]:
    return {(m.change.before, m.change.after) for m in found if m.kind == kind}


def applied(text: str, mutant: Mutant) -> str:
    """The chapter's text with the change, made in the file itself."""
    lines = text.split("\n")
    line, column = mutant.place.line - 1, mutant.place.column - 1
    before, after = mutant.change.before, mutant.change.after
    start = lines[line][:column]
    assert lines[line][column:].startswith(before)
    lines[line] = start + after + lines[line][column + len(before) :]
    return "\n".join(lines)


def test_each_kind_of_change_is_made(found: list[Mutant]) -> None:
    assert {mutant.kind for mutant in found} == set(KINDS)
    assert changes(found, "digit") >= {
        ("5", "6"),
        ("1", "2"),
        ("0", "1"),
        ("7", "8"),
        ("three", "four"),
        ("⁶", "⁷"),
    }
    assert changes(found, "sign") == {
        ("-", "+"),
        ("+", "-"),
        ("-", ""),
        ("−", ""),
        ("⁻", ""),
    }
    assert changes(found, "operator") == {
        (r"\cdot", "+"),
        (r"\sum", r"\prod"),
        (r"{2}{n_\ell}", r"{n_\ell}{2}"),
    }
    assert changes(found, "transpose") == {(r"^\top", "")}
    assert changes(found, "index") == {("{ij}", "{ji}")}
    assert changes(found, "prime") == {("'", "")}
    assert changes(found, "comparison") == {
        ("at least", "at most"),
        ("about", "exactly"),
    }
    assert changes(found, "layer") == {
        (r"\ell-1", r"\ell"),
        (r"\ell", r"\ell+1"),
        (r"\ell", r"{\ell-1}"),
    }
    assert changes(found, "relation") == {
        (r"\le", r"\ge"),
        ("<", ">"),
        ("=", r"\ne "),
    }
    assert changes(found, "symbol") >= {
        ("y_k", r"n_\ell"),  # of the same formula
        ("u", "v"),  # of the table, with the same shape
    }


def test_the_changed_element_is_the_one_that_would_be_read(
    chapter: Chapter, found: list[Mutant], tmp_path: Path
) -> None:
    path = tmp_path / "chapter.md"
    for mutant in found:
        text = applied(CHAPTER, mutant)
        again = read_chapter(path, Project.find(path), text)
        made = mutant.apply(chapter.elements[mutant.index])
        read = again.elements[mutant.index]
        assert [each.text for each in parts(made)] == [
            each.text for each in parts(read)
        ]
        assert made != chapter.elements[mutant.index]


def test_places_behind_a_change_move_along(
    chapter: Chapter, found: list[Mutant]
) -> None:
    moved = 0
    for mutant in found:
        text = parts(mutant.apply(chapter.elements[mutant.index]))[0]
        if mutant.id == "steps" and r"\dots" in text.text:
            place = text.place(text.text.index(r"\dots"))
            moved += 1
            assert CHAPTER.split("\n")[place.line - 1].startswith(r"\quad")
    assert moved > 5


def test_no_change_is_made_twice(found: list[Mutant]) -> None:
    made = [(applied(CHAPTER, mutant)) for mutant in found]
    assert len(made) == len(set(made))


def test_words_reasons_and_plain_text_are_left_alone(
    found: list[Mutant],
) -> None:
    lines = CHAPTER.split("\n")
    for mutant in found:
        line = lines[mutant.place.line - 1]
        column = mutant.place.column - 1
        assert mutant.place.line != 3 or "$" in line[:column]
        assert r"\text{two" not in line[:column] or "}" in line[:column]
        # The word of a comparison counts only before a number.
        assert mutant.change.before != "over"
    assert not [m for m in found if "1986" in m.change.before]


def test_what_only_defines_has_no_relation_to_change(
    found: list[Mutant],
) -> None:
    lines = {m.place.line for m in found if m.change.before == "="}
    assert lines == {15, 19, 20, 22}  # of claims, and not of the let


def test_mathematics_outside_of_markers_is_changed_too(
    found: list[Mutant],
) -> None:
    outside = [m for m in found if m.place.line == 3]
    assert [(m.id, m.kind, m.change.after) for m in outside] == [
        ("mathematics", "digit", "2")
    ]


def test_a_change_of_another_text_is_refused(
    chapter: Chapter, found: list[Mutant]
) -> None:
    other = next(
        each for each in chapter.elements if getattr(each, "kind", "") == "fact"
    )
    with pytest.raises(ValueError, match="the text is not"):
        found[0].apply(other)


def test_words_in_a_fraction_go_along(tmp_path: Path) -> None:
    path = tmp_path / "chapter.md"
    path.write_text(r"{let}`r = \frac{a_{\text{new}}}{a_{\text{old}}}`" + "\n")
    found = list(mutants(read_chapter(path, Project.find(path))))
    old, new = r"{a_{\text{old}}}", r"{a_{\text{new}}}"
    assert (new + old, old + new) in changes(found, "operator")
