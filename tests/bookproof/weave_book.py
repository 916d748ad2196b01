"""A small book to weave, printed with the real book's `conf.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PYPROJECT = r"""
[tool.bookproof]
book = "book"
source = "src"
[tool.bookproof.macros]
'\loss' = '\mathcal{L}'
"""

FRONT = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
"""

INDEX = """# A small book

```{toctree}
adding
using
notation
ledger
code
identifiers
bibliography
```
"""

ADDING = (
    FRONT
    + r"""
# Adding

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $w$ | a weight | scalar | `w` |
```

```{code-cell} ipython3
:tags: [remove-cell]
w = 5
```

Let {let}`x = 3`, so that {claim}`three: x + 1 = 4`, and
{claim}`term: x + w <w + 3>`; and then

```{claim} squares
:source: s-squares
x^2 = 9 = 4 + 5
```

The weight is {fact}`about 5 <w>`, {cited}`as was known early <knuth1984>`,
and it is {unchecked}`a fine weight <a matter of taste>`; also $w$, see
[the squares](#squares).

```{margin}
A remark with {claim}`w = 5` in it.
```

The module says what it is:

```{chunk} small/adding.py
\"\"\"Adds.\"\"\"
```

and then does it, with the work told below:

```{chunk} small/adding.py
:name: Add two numbers

def add(a, b):
    <<Work it out>>
```

The work is short:

```{chunk}
:name: Work it out

return a + b
```

A cell shows its output, and a figure.

```{code-cell} ipython3
print("seen")
```

```{code-cell} ipython3
---
mystnb:
  image: {alt: "A line that rises"}
  figure: {name: fig-line, caption: "A line that rises."}
tags: [hide-input]
---
import matplotlib.pyplot as plt

figure, axes = plt.subplots()
axes.plot([1, 2]);
```

## Exercises

````{exercise} add-up
:title: Gauß adds with `sum`
:grade: build
Add them.
```{starter}
def f(x):
    raise NotImplementedError
```
```{check}
assert f(2) == 4
```
````
````{solution} add-up
Twice, since {claim}`2 + 2 = 4`.
```{code}
def f(x):
    return 2 * x
```
````
""".replace('\\"', '"')
)

USING = (
    FRONT
    + r"""
# Using

The module goes on, and an exercise, [](#add-up), asks for more:

```{chunk} small/adding.py
:name: Add three numbers

def add_three(a, b, c):
    return add(add(a, b), c)
```

Here {claim}`1 + 1 = 2`.
"""
)

STATEMENTS = """
[[claim]]
id = "s-squares"
statement = "The square of three is $3^2$."
kind = "identity"

[[claim]]
id = "s-open"
statement = "Not settled."
kind = "identity"
"""

BIBLIOGRAPHY = """
@article{knuth1984,
  author = {Knuth, Donald E.},
  title = {Literate Programming},
  journal = {The Computer Journal},
  year = {1984},
}
"""

FILES = {
    "pyproject.toml": PYPROJECT,
    "book/index.md": INDEX,
    "book/adding.md": ADDING,
    "book/using.md": USING,
    "book/notation.md": "# Notation\n\n```{notation}\n```\n",
    "book/ledger.md": "# Ledger\n\nAs {let}`v = 3`.\n\n```{ledger}\n```\n",
    "book/code.md": "# Code\n\n```{chunk-index}\n```\n",
    "book/identifiers.md": "# Names\n\n```{identifier-index}\n```\n",
    "book/bibliography.md": "# Sources\n\n```{bibliography}\n```\n",
    "book/claims.toml": STATEMENTS,
    "book/references.bib": BIBLIOGRAPHY,
}


class SmallBook:
    """The small book in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        shutil.copy(ROOT / "conf.py", root)
        for folder in ("_static", "_templates"):
            shutil.copytree(ROOT / "book" / folder, root / "book" / folder)

    def page(self, name: str, out: str = "html") -> str:
        """A page as it was written."""
        path = self.root / "build" / out / f"{name}.html"
        return path.read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the book."""
        path = self.root / "book" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def check(self) -> subprocess.CompletedProcess[str]:
        """Tangle and check the book."""
        self._run("-m", "bookproof", "tangle")
        return self._run("-m", "bookproof", "check")

    def mutate_code(self) -> subprocess.CompletedProcess[str]:
        """Change the printed code, of which no claim says anything."""
        return self._run("-m", "bookproof", "mutate", "--code", "9")

    def weave(
        self, out: str = "html", *options: str
    ) -> subprocess.CompletedProcess[str]:
        """Build the pages, warnings being errors."""
        return self._run(
            *("-m", "sphinx", "-n", "-W", "--keep-going", "-q", "-c", "."),
            *("-d", f"build/doctrees-{out}", *options),
            *("book", f"build/{out}"),
        )

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
