"""Mutants change one printed thing at a time, and only what is checked."""

from pathlib import Path

import pytest

from bookproof.chapter import read_chapter
from bookproof.config import Project
from bookproof.mutate import Mutant, mutants

CHAPTER = r"""# A title

Text with 12 and $x_1$ outside.

{let}`x = 3.5` and {claim}`W^\top x_{ij} - 1 \le 20`
and {fact}`at least 97 % <acc>`, {cited}`in 1986 <a1986>`.

```{claim} steps
\begin{aligned}
z^{(\ell)} &= \phi'(h^{(\ell-1)}) \cdot 2 && \text{in 2 steps}
\end{aligned}
```
"""


@pytest.fixture
def found(tmp_path: Path) -> list[Mutant]:
    path = tmp_path / "chapter.md"
    path.write_text(CHAPTER)
    return list(mutants(read_chapter(path, Project.find(path))))


def changes(found: list[Mutant], kind: str) -> set[tuple[str, str]]:
    return {(m.before, m.after) for m in found if m.kind == kind}


def test_each_kind_of_change_is_made(found: list[Mutant]) -> None:
    assert changes(found, "digit") == {
        ("5", "6"),
        ("1", "2"),
        ("0", "1"),
        ("7", "8"),
        ("2", "3"),
    }
    assert changes(found, "sign") == {("-", "+")}
    assert changes(found, "operator") == {(r"\cdot", "+")}
    assert changes(found, "transpose") == {(r"^\top", "")}
    assert changes(found, "index") == {("{ij}", "{ji}")}
    assert changes(found, "prime") == {("'", "")}
    assert changes(found, "comparison") == {("at least", "at most")}
    assert (r"\ell-1", r"\ell") in changes(found, "layer")
    assert (r"\le", r"\ge") in changes(found, "relation")


def test_a_mutant_differs_from_the_chapter_in_its_one_place(
    found: list[Mutant],
) -> None:
    for mutant in found:
        text = mutant.apply(CHAPTER)
        end = mutant.start + len(mutant.before)
        assert text[: mutant.start] == CHAPTER[: mutant.start]
        assert text[mutant.start :].startswith(mutant.after)
        rest = text[mutant.start + len(mutant.after) :]
        assert rest == CHAPTER[end:]


def test_words_reasons_and_plain_text_are_left_alone(
    found: list[Mutant],
) -> None:
    lines = CHAPTER.split("\n")
    for mutant in found:
        line = lines[mutant.place.line - 1]
        column = mutant.place.column - 1
        assert line[column:].startswith(mutant.before)
        assert mutant.place.line != 3 or "$" in line[:column]
        assert r"\text{in 2" not in line[:column]
    assert not [m for m in found if "1986" in m.before]


def test_mathematics_outside_of_markers_is_changed_too(
    found: list[Mutant],
) -> None:
    outside = [m for m in found if m.id == "mathematics"]
    assert [(m.kind, m.place.line, m.after) for m in outside] == [
        ("digit", 3, "2")
    ]
    assert "$x_2$" in outside[0].apply(CHAPTER)


def test_a_mutant_of_another_text_is_refused(found: list[Mutant]) -> None:
    with pytest.raises(ValueError, match="the text is not"):
        found[0].apply("something else entirely")
