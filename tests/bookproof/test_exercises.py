"""Exercises: starters fail, solutions pass, names stay inside."""

from __future__ import annotations

import textwrap

from bookproof.statements import check_exercises

HEAD = """\
# A chapter

```{code-cell} ipython3
factor = 2
```

"""


def pair(starter: str, check: str, code: str, after: str = "") -> str:
    def block(name: str, text: str) -> str:
        return f"```{{{name}}}\n{textwrap.dedent(text).strip()}\n```\n"

    return (
        HEAD
        + "````{exercise} double\n:grade: build\n\nWrite it.\n\n"
        + block("starter", starter)
        + block("check", check)
        + "````\n\n````{solution} double\nSo.\n\n"
        + block("code", code)
        + "````\n\n"
        + after
    )


GOOD = "def f(x):\n    return factor * x"
EMPTY = "def f(x):\n    raise NotImplementedError"
CHECK = "assert f(2) == 4"


def test_a_good_pair_sees_the_cells_and_leaks_nothing(book) -> None:
    after = "It is {fact}`it: gone <'f' not in globals()>`.\n"
    seen = book.verdicts(pair(EMPTY, CHECK, GOOD, after))
    assert {name: each.status for name, each in seen.items()} == {
        "cell-1": "ran",
        "exercise-double": "holds",
        "solution-double": "holds",
        "it": "holds",
    }


def test_the_starter_may_fail_by_assertion(book) -> None:
    seen = book.verdicts(pair("def f(x):\n    return x", CHECK, GOOD))
    assert seen["exercise-double"].status == "holds"


def test_a_starter_that_passes_is_no_exercise(book) -> None:
    seen = book.verdicts(pair(GOOD, CHECK, GOOD))
    (finding,) = seen["exercise-double"].findings
    assert "passes its check already" in finding.message
    assert finding.place.line == 18


def test_a_starter_that_breaks_otherwise_is_refused(book) -> None:
    seen = book.verdicts(pair("def f(x):\n    return y", CHECK, GOOD))
    (finding,) = seen["exercise-double"].findings
    assert "NameError: name 'y' is not defined" in finding.message


def test_a_solution_that_fails_is_shown(book) -> None:
    wrong = "def f(x):\n    return x + 1"
    seen = book.verdicts(pair(EMPTY, CHECK, wrong))
    (finding,) = seen["solution-double"].findings
    assert "does not pass its check: AssertionError" in finding.message
    assert seen["exercise-double"].status == "holds"


def test_a_solution_that_never_ends_is_stopped(make_book) -> None:
    book = make_book(cell_seconds=1.0)
    wrong = "def f(x):\n    while True:\n        pass"
    after = "It is {fact}`it: 2 <factor>`.\n"
    seen = book.verdicts(pair(EMPTY, CHECK, wrong, after))
    (finding,) = seen["solution-double"].findings
    assert "ran past its limit" in finding.message
    assert seen["it"].status == "holds"


def test_pairs_must_fit(book) -> None:
    book.write(
        "ch",
        HEAD + "````{exercise} alone\n:grade: warm-up\n\nThink.\n````\n",
    )
    (finding,) = check_exercises(book.read("ch"))
    assert "'alone' has no solution" in finding.message
    text = pair(EMPTY, CHECK, GOOD)
    start, end = text.index("```{code}"), text.rindex("````\n")
    book.write("ch", text[:start] + text[end:])
    (finding,) = check_exercises(book.read("ch"))
    assert "some of starter, check and code" in finding.message
