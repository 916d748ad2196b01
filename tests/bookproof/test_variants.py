"""Other versions of an element, verified where it stands."""

from __future__ import annotations

from bookproof.chapter import read_chapter
from bookproof.run import run_chapter
from bookproof.survivors import choose, survivors

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


def test_each_is_tried_and_leaves_nothing_behind(book) -> None:
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


def test_survivors_are_the_mutants_that_no_check_notices(book) -> None:
    body = BODY.replace("now: 3", "now: more than 2")
    loose = "\n```{fact} vague\n:loose: it varies\nat most 9 <n>\n```\n"
    book.write("ch", body + loose)
    chapter = book.read("ch")
    ((_, chosen),) = choose([chapter], None, 0)
    left = [str(each) for each in survivors(chapter, book.project, chosen)]
    assert len(chosen) == 5
    assert len(left) == 1
    assert "digit '9' -> '8' in vague" in left[0]


def test_a_sample_is_the_same_for_the_same_seed(book) -> None:
    book.write("ch", BODY)
    chapter = book.read("ch")
    first, again = (choose([chapter], 1, 7) for _ in range(2))
    assert first == again
    assert sum(len(each) for _, each in first) == 1
