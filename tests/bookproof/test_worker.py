"""One run of a chapter: order, waiting, purity, limits, outputs."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from bookproof import cli
from bookproof.running import outputs
from bookproof.running.run import run_chapter

CHAPTER = """\
    # A chapter

    Words.

    ```{code-cell} ipython3
    x = 3
    x
    ```

    It is {fact}`now: 3 <x>` and will be {fact}`later: 2.5 <y>`.

    ```{code-cell} ipython3
    y = 2.5
    print("seen")
    x += 1
    ```

    Now it is {fact}`changed: 4 <x>`.
    """


def test_facts_see_the_chapter_where_they_stand(book) -> None:
    seen = book.verdicts(CHAPTER)
    assert {each.status for each in seen.values()} == {"ran", "holds"}
    assert seen["later"].values == (("2.5", "2.5"),)
    assert (seen["now"].place.line, seen["now"].place.column) == (15, 7)


def test_outputs_are_those_of_a_notebook(book) -> None:
    run = book.run(CHAPTER)
    assert run.outputs == {
        0: [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "3"},
                "metadata": {},
                "execution_count": 1,
            }
        ],
        1: [{"output_type": "stream", "name": "stdout", "text": "seen\n"}],
    }
    assert run.complete


def test_a_fact_waits_for_every_name_that_it_speaks_of(book) -> None:
    """Though Python would not come to the second one."""
    seen = book.verdicts(
        """\
        # A chapter

        Both {fact}`both: hold <one() or two>`, and
        {fact}`own: 3 <(k := 1) + y>`.

        ```{code-cell} ipython3
        calls = []

        def one():
            calls.append(1)
            return True

        y = 2
        ```

        So far it ran {fact}`before: 0 <len(calls)>` times.

        ```{code-cell} ipython3
        two = False
        ```
        """
    )
    assert {each.status for each in seen.values()} == {"ran", "holds"}


def test_what_held_when_it_was_bound_must_hold_at_the_end(book) -> None:
    seen = book.verdicts(
        """\
        # A chapter

        Later {fact}`later: 2.5 <y>`, and {fact}`kept: 1 <z>`.

        ```{code-cell} ipython3
        y, z = 2.5, 1
        ```

        ```{code-cell} ipython3
        y = 3.5
        ```
        """
    )
    assert seen["later"].status == "fails"
    assert seen["kept"].status == "holds"


def test_a_name_that_no_cell_binds_is_named_with_a_guess(book) -> None:
    seen = book.verdicts(
        """\
        # A chapter

        ```{code-cell} ipython3
        accuracy = 0.5
        ```

        It is {fact}`it: 50 % <acuracy>`.
        """
    )
    (finding,) = seen["it"].findings
    assert finding.rule == "unbound"
    assert "'acuracy'" in finding.message
    assert "did you mean 'accuracy'" in finding.notes[0]
    assert (finding.place.line, finding.place.column) == (12, 24)


IMPURE = {
    "drawn": ("rng.random() < 2", "the generator 'rng'"),
    "numpy": ("np.random.rand() < 2", "NumPy's global generator"),
    "random": ("random.random() < 2", "the module 'random'"),
    "bound": ("bind() is None", "the new name 'leak'"),
    "rebound": ("rebind() is None", "what 'x' stands for"),
}


def test_expressions_leave_the_chapter_as_it_was(book) -> None:
    facts = "".join(
        f"So {{fact}}`{name}: it is <{expression}>`.\n"
        for name, (expression, _) in IMPURE.items()
    )
    head = """\
# A chapter

```{code-cell} ipython3
import random
import numpy as np
rng, x = np.random.default_rng(1), 3
def bind():
    global leak
    leak = 1
def rebind():
    global x
    x = 4
def restored(rng):
    state = np.random.default_rng(1).bit_generator.state
    return rng.bit_generator.state == state
```

"""
    tail = """
And {fact}`same: all is as before <x == 3 and 'leak' not in globals()>`,
and {fact}`kept: nothing was drawn <restored(rng)>`.
"""
    seen = book.verdicts(head + facts + tail)
    for name, (_, what) in IMPURE.items():
        (finding,) = seen[name].findings
        assert finding.rule == "impure"
        assert what in finding.message
    assert seen["same"].status == seen["kept"].status == "holds"


def test_an_error_in_a_fact_names_lines_of_the_book_alone(book) -> None:
    run = book.run(
        """\
        # A chapter

        ```{code-cell} ipython3
        def half(n):
            return 1 / n
        ```

        Then {fact}`it: 3 <half(0)>`.
        """
    )
    (finding,) = run.findings
    assert "ZeroDivisionError" in finding.message
    assert finding.notes == ("at book/ch.md:10:5",)


def test_walrus_and_comprehension_see_names_and_leak_none(book) -> None:
    seen = book.verdicts(
        """\
        # A chapter

        ```{code-cell} ipython3
        n = 3
        ```

        So {fact}`it: 9 <(w := sum(n for _ in range(n)))>`
        and {fact}`gone: it did not leak <'w' not in globals()>`.
        """
    )
    assert seen["it"].status == seen["gone"].status == "holds"


def test_a_failing_cell_is_shown_with_its_line_and_blames_nothing_else(
    book,
) -> None:
    run = book.run(
        """\
        # A chapter

        ```{code-cell} ipython3
        def half(n):
            return 1 / n
        a = 1
        b = half(0)
        ```

        Then {fact}`it: 3 <b>`, yet {fact}`fine: 1 <a>`.

        ```{code-cell} ipython3
        c = b + 1
        ```
        """
    )
    (finding,) = run.findings
    assert finding.rule == "cell"
    assert "ZeroDivisionError: division by zero" in finding.message
    assert finding.place.line == 10
    assert "at book/ch.md:12:1" in finding.notes
    seen = {each.id: each.status for each in run.outcomes.values()}
    assert seen == {
        "cell-1": "error",
        "it": "not reached",
        "fine": "holds",
        "cell-2": "not reached",
    }


def cell(code: str, options: str = "") -> str:
    indented = textwrap.indent(options + code, " " * 8)
    return f"""\
        # A chapter

        ```{{code-cell}} ipython3
{indented}
        ```
        """


REFUSED = [
    ("%time 1", "magic"),
    ("!ls", "magic"),
    ("x = !ls", "magic"),
    ("%%bash\nls", "magic"),
    ("object()", "unstable-output"),
    ("print(object())", "unstable-output"),
    ("import warnings\nwarnings.warn('beware')", "stderr"),
    ("def f(:\n    pass", "cell"),
    ("raise SystemExit", "cell"),
    ("bytearray(8 * 2**30)", "cell"),
]


def test_cells_that_a_book_cannot_have(book) -> None:
    cells = (f"```{{code-cell}} ipython3\n{code}\n```\n" for code, _ in REFUSED)
    run = book.run("# A chapter\n\n" + "\n".join(cells))
    outcomes = list(run.outcomes.values())
    rules = [[each.rule for each in out.findings] for out in outcomes]
    assert rules == [[rule] for _, rule in REFUSED]
    for outcome in outcomes:
        (finding,) = outcome.findings
        assert finding.place.file == "book/ch.md"
        assert 0 <= finding.place.line - outcome.place.line <= 2


@pytest.mark.parametrize("call", ["os.kill(os.getpid(), 9)", "os._exit(0)"])
def test_a_cell_that_ends_the_process(book, call: str) -> None:
    (finding,) = book.run(cell(f"import os\n{call}")).findings
    assert (finding.rule, finding.place.line) == ("died", 8)


def test_an_error_shown_on_purpose(book) -> None:
    options = ":tags: [raises-exception]\n:raises: ValueError\n"
    run = book.run(cell("x = int('no')", options))
    assert run.findings == []
    (output,) = run.outputs[0]
    assert output["ename"] == "ValueError"
    assert output["traceback"][0] == "----> 1 x = int('no')"
    assert not any("/" in line for line in output["traceback"])


@pytest.mark.parametrize(
    ("code", "raises"),
    [("x = 1", "ValueError"), ("x = 1 / 0", "ValueError"), ("1 / 0", "")],
)
def test_an_error_on_purpose_must_be_the_one_promised(
    book, code: str, raises: str
) -> None:
    options = ":tags: [raises-exception]\n"
    options += f":raises: {raises}\n" if raises else ""
    (finding,) = book.run(cell(code, options)).findings
    assert finding.rule == "cell"


def test_skipping_needs_a_reason(book) -> None:
    bare = book.run(cell("1 / 0", ":tags: [skip-execution]\n"))
    assert [each.rule for each in bare.findings] == ["cell"]
    options = ":tags: [skip-execution]\n:reason: needs a GPU\n"
    said = book.run(cell("1 / 0", options))
    assert said.findings == []
    assert [each.status for each in said.outcomes.values()] == ["skipped"]


def test_past_its_limit_a_cell_ends_the_chapter(
    make_book: Callable[..., object],
) -> None:
    book = make_book(cell_seconds=1.5)
    run = book.run(  # type: ignore[attr-defined]
        """\
        # A chapter

        ```{code-cell} ipython3
        x = 3
        ```

        It is {fact}`before: 3 <x>`.

        ```{code-cell} ipython3
        while True:
            pass
        ```

        It is {fact}`after: 3 <x>`.
        """
    )
    seen = {each.id: each.status for each in run.outcomes.values()}
    assert seen == {
        "cell-1": "ran",
        "before": "holds",
        "cell-2": "error",
        "after": "not reached",
    }
    (finding,) = run.findings
    assert (finding.rule, finding.place.line) == ("time-limit", 14)
    assert "1.5 s" in finding.message
    assert "cell_seconds" in finding.notes[0]
    assert not run.complete


def test_a_chapter_has_a_limit_too(make_book) -> None:
    book = make_book(chapter_seconds=2.0)
    pause = "```{code-cell} ipython3\nimport time\ntime.sleep(1.5)\n```\n\n"
    run = book.run("# A chapter\n\n" + 3 * pause)
    statuses = [each.status for each in run.outcomes.values()]
    assert statuses == ["ran", "error", "not reached"]
    (finding,) = run.findings
    assert "the chapter's limit of 2 s" in finding.message
    assert "chapter_seconds" in finding.notes[0]


def test_only_what_is_wanted_is_verified(book) -> None:
    book.write("ch", CHAPTER)
    chapter = book.read("ch")
    places = {
        getattr(each, "id", None): index
        for index, each in enumerate(chapter.elements)
    }
    wanted = frozenset({places["now"]})
    run = run_chapter(chapter, book.project, wanted=wanted)
    seen = {each.id: each.status for each in run.outcomes.values()}
    assert seen["now"] == "holds"
    assert seen["changed"] == seen["cell-2"] == "not reached"


def test_two_runs_print_the_same_bytes(book) -> None:
    body = cell(
        """\
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.plot([1, 2, 4], marker="o")
ax.set_title("A $z$");
"""
    )
    first, second = (
        json.dumps(book.run(body).outputs, sort_keys=True) for _ in range(2)
    )
    assert first == second
    assert "<svg" in first
    assert "dc:date" not in first


def test_figures_are_closed_after_each_cell(book) -> None:
    seen = book.verdicts(
        """\
        # A chapter

        ```{code-cell} ipython3
        import matplotlib.pyplot as plt
        plt.ioff()
        plt.figure();
        ```

        Open are {fact}`it: 0 <len(plt.get_fignums())>`.
        """
    )
    assert seen["it"].status == "holds"


SPHINX = """\
import sys
from sphinx.cmd.build import main
import jupyter_client.manager as manager

def refuse(*args, **kwargs):
    raise SystemExit("a kernel was started")

manager.KernelManager.start_kernel = refuse
manager.AsyncKernelManager.start_kernel = refuse
sys.exit(main(["-q", "-b", "html", "-c", sys.argv[1], *sys.argv[2:]]))
"""


def test_sphinx_runs_no_cell_of_a_chapter_with_a_broken_option(
    book, tmp_path: Path
) -> None:
    book.write(
        "ch",
        """\
        # A chapter

        ```{code-cell} ipython3
        print("seen")
        ```

        ```{claim}
        :loose: "no end
        2 = 1 + 1
        ```
        """,
    )
    cache = book.root / "build" / "jupyter-cache"
    (book.root / "conf.py").write_text(
        'extensions = ["myst_nb", "bookproof.weave"]\n'
        f'nb_execution_mode = "cache"\nnb_execution_cache_path = "{cache}"\n'
    )
    assert cli.main(["--root", str(book.root), "check"]) == 1
    html = tmp_path / "html"
    ended = subprocess.run(
        [sys.executable, "-c", SPHINX, book.root, book.root / "book", html],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a kernel was started" not in ended.stderr
    assert "its outputs are not in the cache" in ended.stderr


def test_sphinx_serves_the_outputs_without_a_kernel(
    book, tmp_path: Path
) -> None:
    run = book.run(
        """\
        # A chapter

        ```{code-cell} ipython3
        print("seen", 6 * 7)
        ```
        """
    )
    assert not outputs.stored(book.project, run.chapter)
    outputs.store(book.project, run)
    assert outputs.stored(book.project, run.chapter)
    conf = tmp_path / "conf"
    conf.mkdir()
    cache = book.root / "build" / "jupyter-cache"
    (conf / "conf.py").write_text(
        'extensions = ["myst_nb"]\nnb_execution_mode = "cache"\n'
        f"nb_execution_cache_path = {str(cache)!r}\n"
        "nb_execution_raise_on_error = True\n"
    )
    html = tmp_path / "html"
    done = subprocess.run(
        [sys.executable, "-c", SPHINX, conf, book.root / "book", html],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "seen 42" in (html / "ch.html").read_text()


def test_new_outputs_replace_the_old_ones(book) -> None:
    for text in ("one", "two"):
        run = book.run(
            f"# A\n\n```{{code-cell}} ipython3\nprint({text!r})\n```\n"
        )
        outputs.store(book.project, run)
    kept = list((book.root / "build/jupyter-cache/executed").iterdir())
    assert len(kept) == 1
    assert "two" in (kept[0] / "base.ipynb").read_text()


APART = """\
    # A chapter

    ```{code-cell} ipython3
    import os, subprocess, sys, time

    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    started = subprocess.Popen(sleep, start_new_session=True).pid
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        daemon = os.fork()
        if daemon:
            os.write(writing, str(daemon).encode())
            os._exit(0)
        time.sleep(600)
    print(started, os.read(reading, 20).decode())
    ```
    """


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)"])
def test_what_a_cell_starts_in_a_session_of_its_own_ends_too(
    book, end: str
) -> None:
    cell = f"\n    ```{{code-cell}} ipython3\n    {end}\n    ```\n"
    run = book.run(APART + cell if end else APART)
    assert run.complete == (not end)
    started, daemon = run.outputs[0][0]["text"].split()
    for process in (started, daemon):
        status = Path("/proc", process, "stat")
        dead = not status.exists() or ") Z " in status.read_text()
        assert dead, process


PATCHES = (
    "import bookproof.judging.facts as f\nf.verify_fact = lambda *_: None",
    "import bookproof.judging.facts as f\nf.compare.__code__ = (lambda m, v: "
    "([], ())).__code__",
    "from bookproof.latex.checker import Checker\n"
    "Checker.run = lambda self: None",
    "from bookproof.running.guard import Guard\nGuard.undo = lambda self: []\n"
    "import bookproof.judging.facts as f\nf.compare = lambda *_: ([], ())",
    "import math\nmath.isfinite = lambda _: True",
    "import builtins\nbuiltins.abs = lambda _: 0",
)


@pytest.mark.parametrize("patch", PATCHES)
def test_a_cell_that_changes_the_press_is_found_and_undone(
    book, patch: str
) -> None:
    cell = "```{code-cell} ipython3\nn = 3\n"
    seen = book.run(
        f"# A\n\n{cell}{patch}\n```\n\n"
        "It is {fact}`wrong: 4 <n>` and {claim}`false: 2 + 2 = 5`.\n"
    ).outcomes
    by_id = {each.id: each for each in seen.values()}
    assert by_id["cell-1"].findings[0].rule == "patched"
    assert by_id["wrong"].status == by_id["false"].status == "fails"


BLAS = """\
    # A chapter

    ```{code-cell} ipython3
    import os
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    threads = [int(os.environ.get(name, 0)) for name in names]
    ```

    There are {fact}`threads: 1, 1 and 1 <threads>`.
    """


def test_linear_algebra_has_one_thread_unless_one_asks(
    book, monkeypatch
) -> None:
    """Workers run side by side, and threads that wait take processors; but a
    setting of one's own is the only one, or OpenBLAS would not follow it."""
    for name in ("OPENBLAS", "OMP", "MKL"):
        monkeypatch.delenv(f"{name}_NUM_THREADS", raising=False)
    assert book.verdicts(BLAS)["threads"].status == "holds"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    asked = book.verdicts(BLAS.replace("1, 1 and 1", "0, 2 and 0"))
    assert asked["threads"].status == "holds"
