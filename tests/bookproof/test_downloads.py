"""Chapters to take away: as notebooks and scripts that run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from weave_book import FRONT, ROOT, SmallBook

from bookproof.config import Project
from bookproof.reading.chapter import read_chapter
from bookproof.running import outputs
from bookproof.weave.notebooks import notebook, placed, script

TAKING = (
    FRONT
    + r'''
# Taking away

Five * six_seven, `a|b`, a [link](using.md), [another](https://example.org):
{claim}`2 + 2 = 4`, {unchecked}`so it is <known to all>`. With $\loss$ comes

```{code-cell} ipython3
:tags: [remove-cell]

from small import adding

TEXT = """one
two"""
```

| a | b |
|---|---|
| one | two |

1. First

   ```python
   code = "shown, not run"
   ```

2. Second

:::{note}
Mind the step.
:::

```{code-cell} ipython3
error = "kept"
adding.add_three(1, 2, 3)
```

```{code-cell} ipython3
:tags: [raises-exception]
:raises: ZeroDivisionError

print("""before
it fails""")
1 / 0
```

```{code-cell} ipython3
:tags: [skip-execution]
:reason: it would never end

while True:
    pass
```

```{code-cell} ipython3
print(TEXT, error)
```
'''
)

PRINTED = "before\nit fails\nZeroDivisionError: division by zero\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    small = SmallBook(tmp_path_factory.mktemp("small"))
    (small.root / "book/taking.md").write_text(TAKING)
    small.edit("index.md", "using\n", "using\ntaking\n")
    checked = small.check()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    woven = small.weave()
    assert woven.returncode == 0, woven.stdout + woven.stderr
    return small


def path(book: SmallBook, name: str) -> Path:
    return book.root / "build/html/downloads" / name


def python(file: Path, source: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a reader would, where nothing can be drawn."""
    return subprocess.run(
        [sys.executable, "-W", "error", file],
        env={**os.environ, "PYTHONPATH": str(source), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )


def texts(cells: list[Any]) -> list[str]:
    """What each code cell prints and returns."""
    return [
        "".join(
            output.get("text", "")
            or output.get("ename", "")
            or output["data"]["text/plain"]
            for output in cell.outputs
            if not any("image/" in kind for kind in output.get("data", ()))
        )
        for cell in cells
        if cell.cell_type == "code"
    ]


def test_the_page_leads_to_its_files(book: SmallBook) -> None:
    page = book.page("taking")
    for name in ("taking.ipynb", "taking.py"):
        assert f'href="downloads/{name}" download' in page
        assert path(book, name).is_file()
    assert "downloads/" not in book.page("using")  # it has no cells
    names = {each.stem for each in path(book, "").iterdir()}
    assert names == {"adding", "taking"}


@pytest.mark.parametrize("name", ["adding", "taking"])
def test_a_notebook_holds_the_outputs_that_a_run_gives(
    book: SmallBook, name: str
) -> None:
    made = nbformat.read(path(book, f"{name}.ipynb"), as_version=4)
    nbformat.validate(made)
    again = NotebookClient(
        nbformat.from_dict(made),
        resources={"metadata": {"path": str(book.root / "src")}},
    ).execute()
    assert texts(made.cells) == texts(again.cells)


def test_what_the_outputs_are(book: SmallBook) -> None:
    made = nbformat.read(path(book, "taking.ipynb"), as_version=4)
    said = texts(made.cells)
    raised = "before\nit fails\nZeroDivisionError"
    assert said == ["", "6", raised, "one\ntwo kept\n"]


@pytest.mark.parametrize(
    ("name", "printed"),
    [("adding", "seen\n"), ("taking", PRINTED + "one\ntwo kept\n")],
)
def test_a_script_runs(book: SmallBook, name: str, printed: str) -> None:
    done = python(path(book, f"{name}.py"), book.root / "src")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == printed


def test_words_are_those_of_the_page_without_marks(book: SmallBook) -> None:
    made = nbformat.read(path(book, "taking.ipynb"), as_version=4)
    words = [c.source for c in made.cells if c.cell_type == "markdown"]
    assert words[0] == r"$\newcommand{\loss}{\mathcal{L}}$"
    assert words[1] == (
        "# Taking away\n\n"
        r"Five \* six\_seven, `a|b`, a link, [another](https://example.org): "
        r"$2 + 2 = 4$, so it is. With $\loss$ comes"
        "\n\n| a | b |\n|---|---|\n| one | two |\n\n"
        '1. First\n\n   ```python\n   code = "shown, not run"\n   ```\n'
        "2. Second\n\n> **Note**\n>\n> Mind the step."
    )
    assert words[2] == "```python\nwhile True:\n    pass\n```"


def test_code_and_exercises_are_shown(book: SmallBook) -> None:
    text = path(book, "adding.py").read_text()
    assert "# **Add two numbers** (`small/adding.py`):\n#\n# ```python" in text
    assert "# **Exercise (build): Gauß adds with `sum`**\n" in text
    assert "# <details><summary>Solution</summary>\n" in text
    assert "# **Figure 1.** A line that rises.\n" in text
    assert "known early \\[Knuth, 1984\\]" in text


def test_cells_that_the_page_hides_stand_before_those_it_shows() -> None:
    blocks = ["# A", 3, "b", 7]
    found = placed(blocks, [1, 3, 4, 5, 7, 9])
    assert found == ["# A", 1, 3, "b", 4, 5, 7, 9]


def test_a_chapter_of_this_book_runs_as_a_script(tmp_path: Path) -> None:
    project = Project.find(ROOT)
    name = "ch03-computation-graphs"
    chapter = read_chapter(ROOT / "book" / f"{name}.md", project)
    run = outputs.as_notebook(project, chapter)
    cells = [n for n, cell in enumerate(run.cells) if cell.cell_type == "code"]
    file = tmp_path / f"{name}.py"
    file.write_text(script(cells, run))
    done = python(file, ROOT / "src")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(re.findall(r"^# %%$", file.read_text(), re.M)) == len(cells)
    nbformat.validate(nbformat.reads(notebook(cells, run, {}), as_version=4))
