"""Each chapter that has cells, to take away: links at the end of its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from bookproof.reading.elements import Cell
from bookproof.running import outputs
from bookproof.weave.book import Page, book_of
from bookproof.weave.notebooks import notebook, placed, script
from bookproof.weave.plain_text import PlainPage

FOLDER = "downloads"
_WORDS = {".ipynb": "notebook", ".py": "script"}


def paths(app: Sphinx, pagename: str) -> list[Path]:
    """Where the files of a page are, if it has any."""
    return [Path(app.outdir, FOLDER, pagename + suffix) for suffix in _WORDS]


def _add(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    page = book_of(app.env).pages.get(pagename)
    if page is None or doctree is None or app.builder.format != "html":
        return
    if not (page.fresh and page.outputs and _has_cells(page)):
        return
    up = "../" * pagename.count("/")
    links = []
    for suffix, text in _files(app, page, doctree):
        name = f"{FOLDER}/{pagename}{suffix}"
        path = Path(app.outdir, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        links.append(f'<a href="{up}{name}" download>a {_WORDS[suffix]}</a>')
    context["body"] += (
        f'<p class="downloads">This chapter as {" or ".join(links)}, to run '
        "with the library installed.</p>\n"
    )


def _has_cells(page: Page) -> bool:
    return any(isinstance(each, Cell) for each in page.chapter.elements)


def _files(
    app: Sphinx, page: Page, doctree: nodes.document
) -> list[tuple[str, str]]:
    """The files by their suffixes."""
    project = book_of(app.env).project
    run = outputs.filled(project, page.chapter)
    code = [n for n, each in enumerate(run.cells) if each.cell_type == "code"]
    plain = PlainPage(app.env, page.docname)
    blocks = placed(list(plain.blocks(doctree)), code)
    return [
        (".ipynb", notebook(blocks, run, project.macros)),
        (".py", script(blocks, run)),
    ]


def setup(app: Sphinx) -> None:
    """Write the files when the page is written."""
    app.connect("html-page-context", _add)
