"""A citation is printed wherever it is written, or the build says why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from weave_book import BIBLIOGRAPHY

CONF = """
project = "A book"
extensions = {extensions!r}
bibtex_bibfiles = ["book/references.bib"]
html_theme = "furo"
html_math_renderer = "katex"
"""
PAGE = """# A book

So {{cited}}`it was said <knuth1984>` in a sentence, and in a block:

```{{cited}}
So it was written <knuth1984>
```

{bibliography}
"""
SOURCES = "```{bibliography}\n```\n"


@pytest.fixture
def weave(tmp_path: Path):
    """What Sphinx said about a page that cites, and the page."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.bookproof]\nbook = "book"\nsource = "src"\n'
    )
    (tmp_path / "book").mkdir()
    (tmp_path / "book/references.bib").write_text(BIBLIOGRAPHY)

    def build(*extensions: str) -> tuple[str, str]:
        names = ["myst_nb", "bookproof.weave", *extensions]
        shown = SOURCES if extensions else ""
        (tmp_path / "conf.py").write_text(CONF.format(extensions=names))
        (tmp_path / "book/index.md").write_text(PAGE.format(bibliography=shown))
        command = "sphinx -n -q -E -c . book build/html"
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        page = (tmp_path / "build/html/index.html").read_text("utf-8")
        return done.stderr, page

    return build


def test_both_forms_print_the_citation(weave) -> None:
    said, page = weave("sphinxcontrib.bibtex")
    assert "sphinxcontrib.bibtex" not in said
    for words in ("it was said", "So it was written"):
        after = page.partition(words)[2].partition("</p>")[0]
        assert 'href="#id' in after
        assert "Knu84" in after


def test_a_book_without_a_bibliography_is_told_what_it_needs(weave) -> None:
    said, page = weave()
    assert said.count("add sphinxcontrib.bibtex") == 2
    assert "index.md:3: " in said
    assert "So it was written" in page
