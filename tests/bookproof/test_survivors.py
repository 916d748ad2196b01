"""Which mutants a chapter's checks notice, kind by kind."""

from __future__ import annotations

import pytest
from conftest import Book, new_book

from bookproof.diagnostics import BookError
from bookproof.mutating.mutate import KINDS
from bookproof.mutating.survivors import Fate, Tried, choose, try_mutants
from bookproof.reading.chapter import read_chapter
from bookproof.running.run import run_chapter

BODY = """\
# A chapter

```{code-cell} ipython3
n = 3
```

It is {fact}`now: 3 <n>` and {fact}`later: 5 <m>`.

```{code-cell} ipython3
m = 5
count = open("count", "a").write("x")
```
"""

SYMBOLS = r"""
# A chapter

```{code-cell} ipython3
import numpy as np

A = np.array([[1.0, 2.0], [3.0, 4.0]])
S = np.array([[1.0, 2.0], [2.0, 1.0]])
u = np.array([1.0, 2.0])
v = np.array([3.0, 5.0])
w = np.array([3.0, 5.0])
h = {0: 1.0, 1: 2.0, 2: 4.0}
k = {0: 1.0, 1: 1.0, 2: 1.0}
ten = 10
```

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $A$ | a matrix | | `A` |
| $S$ | a symmetric one | | `S` |
| $u$ | a column | a column | `u` |
| $v$ | a column | like a twin | `v` |
| $w$ | the twin | like a twin | `w` |
| $h^{(\ell)}$ | numbers | | `h[ell]` |
| $k^{(\ell)}$ | ones | | `k[ell]` |
```

We let {let}`q(t) = t^2`, and {claim}`q(3) = 9`.

"""

LONG = r"""
We let {let}`long: s = \sum_{i=1}^{900} \sum_{j=1}^{900} \sum_{m=1}^{900} 1`.

{claim}`s = 729`
"""

# Of each kind: text whose checks notice it, and text whose checks do not.
NOTICED = {
    "digit": "{fact}`10 <ten>`",
    "sign": "{claim}`2 - 5 = -3`",
    "operator": r"{claim}`3 \cdot 4 = 12`",
    "relation": "{claim}`1 + 1 = 2`",
    "transpose": r"{claim}`A^\top u = \begin{pmatrix} 7 \\ 10 \end{pmatrix}`",
    "index": r"{claim}`\sum_{i=1}^2 \sum_{j=1}^2 i A_{ij} = 17`",
    "prime": "{claim}`q'(3) = 6`",
    "layer": r"{claim}`h^{(\ell+1)} = 2 h^{(\ell)} \quad \ell = 0, 1`",
    "symbol": r"{claim}`A u - S u = \begin{pmatrix} 0 \\ 7 \end{pmatrix}`",
    "comparison": "{fact}`at least 9 <0.95 * ten>`",
}
MISSED = {
    "digit": r"{claim}`(u_1 - 1) (u_2 + 5) = 0`",
    "sign": r"{claim}`(u_2 - 2) (u_1 + 3) = 0`",
    "operator": r"{claim}`\max(u_1, 1) = 1`",
    "relation": r"{claim}`2 - 1 \le 1`",
    "transpose": r"{claim}`S^\top u = \begin{pmatrix} 5 \\ 4 \end{pmatrix}`",
    "index": r"{claim}`\sum_{i=1}^2 \sum_{j=1}^2 i S_{ij} = 9`",
    "prime": "{claim}`q'(2) = 4`",
    "layer": r"{claim}`k^{(\ell)} = 1 \quad \ell = 0, 1`",
    "symbol": r"{claim}`\lVert w \rVert^2 = 34`",
    "comparison": "{fact}`at least 10 <ten>`",
}


APART = {
    "product": r"{claim}`(2 \cdot 2) u = 4 u`",
    "square": "{claim}`(-2)^2 + 1 = 5`",
    "range": r"{claim}`k^{(\ell)} = 1 \quad \ell = 0, \dots, 2`",
    "let": "{let}`a = 7` and {let}`b = a + 1`; {let}`c = 5` for nothing.",
    "claim": "Then {claim}`b = 8`.",
    "words": "It is {fact}`three or so <3 < 4 < ten>`, not {fact}`ten <ten>`.",
}

Found = dict[str, list[Tried]]


def tried(book: Book, texts: dict[str, str]) -> Found:
    """What becomes of the mutants of each text, one paragraph each."""
    book.write("ch", SYMBOLS + "\n\n".join(texts.values()) + "\n")
    chapter = book.read("ch")
    ((_, every),) = choose([chapter], None, 0)
    lines = {
        chapter.text.count("\n", 0, chapter.text.index(text)) + 1: name
        for name, text in texts.items()
    }
    chosen = [mutant for mutant in every if mutant.place.line in lines]
    out: Found = {}
    for each in try_mutants(chapter, book.project, chosen, copies=2):
        name = lines[each.mutant.place.line]
        out.setdefault(name, []).append(each)
    return out


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """All in one chapter, so that it runs once."""
    made = new_book(tmp_path_factory.mktemp("mutants") / "project", {})
    texts = {f"noticed {kind}": text for kind, text in NOTICED.items()}
    texts |= {f"missed {kind}": text for kind, text in MISSED.items()}
    return tried(made, texts | APART)


def of_kind(tried: list[Tried], kind: str) -> list[Fate]:
    return [each.fate for each in tried if each.mutant.kind == kind]


def fates(tried: list[Tried]) -> dict[str, Fate]:
    return {each.mutant.words: each.fate for each in tried}


def test_every_kind_is_here() -> None:
    assert set(NOTICED) == set(MISSED) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_that_can_fail_kills(found: Found, kind: str) -> None:
    its = of_kind(found[f"noticed {kind}"], kind)
    assert its
    assert set(its) == {"killed"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_check_notices_survives(found: Found, kind: str) -> None:
    assert "survives" in of_kind(found[f"missed {kind}"], kind)


def test_what_says_the_same_is_set_apart(found: Found) -> None:
    product = fates(found["product"])
    assert product[r"operator `\cdot` -> `+`"] == "equivalent"
    square = fates(found["square"])
    assert square["sign `-` -> ``"] == "equivalent"
    assert square["sign `+` -> `-`"] == "killed"


def test_a_part_of_the_range_says_less(found: Found) -> None:
    its = fates(found["range"])
    assert its["digit `0` -> `1`"] == "weaker"
    assert its["digit `2` -> `3`"] == "killed"


def test_a_count_beside_a_truth_is_mere_words(found: Found) -> None:
    its = fates(found["words"])
    assert its["digit `three` -> `four`"] == "words"
    assert its["digit `ten` -> `eleven`"] == "killed"


def test_a_changed_definition_is_followed_to_its_claims(found: Found) -> None:
    its = {
        each.mutant.change.before: each
        for each in found["let"]
        if each.mutant.kind == "digit"
    }
    assert {digit: each.fate for digit, each in its.items()} == {
        "7": "killed",
        "1": "killed",
        "5": "survives",
    }
    # The claim tells, and is itself as it was.
    place = found["claim"][0].mutant.place
    assert its["7"].why.startswith(f"book/ch.md:{place.line}:")
    assert "two sides are not equal" in its["7"].why


def test_a_definition_above_the_changed_one_is_looked_through(
    book: Book,
) -> None:
    chain = "{let}`Z = 2 Y`, {let}`Y = X + 1`, {let}`X = 7`, {claim}`Z = 16`"
    (found,) = tried(book, {"chain": chain}).values()
    its = {each.mutant.words: each.fate for each in found}
    assert its["digit `7` -> `8`"] == "killed"


def test_a_definition_that_takes_too_long_is_killed(book: Book) -> None:
    path = book.write("ch", SYMBOLS + LONG.replace("{900}", "{9}"))
    chapter = book.read("ch")
    text = path.read_text().replace("{9}", "{900}")
    long = read_chapter(path, book.project, text)
    index = next(
        n
        for n, each in enumerate(chapter.elements)
        if getattr(each, "label", "") == "long"
    )
    variants = {index: [("long", long.elements[index])]}
    run = run_chapter(chapter, book.project, variants=variants)
    assert "longer than" in str(run.variants["long"])
    assert run.complete
    assert run.findings == []


def test_a_chapter_that_does_not_hold_is_not_tried(book: Book) -> None:
    with pytest.raises(BookError, match="not equal"):
        tried(book, {"false": "{claim}`1 + 1 = 3`"})
    with pytest.raises(BookError, match="checked by nothing"):
        tried(book, {"loose": "{claim}`1 + 1 = 2`, and 17"})


def test_each_is_tried_and_leaves_nothing_behind(book: Book) -> None:
    path = book.write("ch", BODY)
    chapter = book.read("ch")
    variants = {}
    for old, new in (("now: 3", "now: 4"), ("later: 5", "later: 6")):
        text = path.read_text().replace(old, new)
        other = read_chapter(path, book.project, text)
        index = next(
            n
            for n, each in enumerate(other.elements)
            if getattr(each, "id", None) == old.split(":")[0]
        )
        same = chapter.elements[index]
        variants[index] = [(new, other.elements[index]), (old, same)]
    run = run_chapter(chapter, book.project, variants=variants)
    assert run.findings == []
    assert run.complete
    assert set(run.variants) == {"now: 3", "now: 4", "later: 5", "later: 6"}
    assert run.variants["now: 3"] is None
    assert run.variants["later: 5"] is None
    for name in ("now: 4", "later: 6"):
        assert "the value does not agree" in str(run.variants[name])
    # The cells ran once, whatever was tried.
    assert (path.parent / "count").read_text() == "x"


def test_a_sample_is_the_same_for_the_same_seed(book: Book) -> None:
    book.write("ch", BODY)
    chapter = book.read("ch")
    first, again = (choose([chapter], 1, 7) for _ in range(2))
    assert first == again
    assert sum(len(each) for _, each in first) == 1
