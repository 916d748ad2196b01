"""Hands the outputs of a chapter's cells to the page, through the cache that
myst-nb reads: Sphinx then weaves without starting a kernel."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from bookproof.config import MYST_EXTENSIONS, Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.reading.elements import Cell, Chapter
from bookproof.running.run import ChapterRun
from bookproof.running.shelf import entry, is_broken, is_whole, shelf
from bookproof.tangling.replace import naming


def available() -> bool:
    """Whether the page builder is installed (extra `book`)."""
    names = ("myst_nb", "jupyter_cache", "nbformat")
    return all(importlib.util.find_spec(name) for name in names)


def is_notebook(chapter: Chapter) -> bool:
    """Whether myst-nb takes the file for a notebook."""
    from myst_nb.core.read import (  # type: ignore[import-untyped]
        is_myst_markdown_notebook,
    )

    return bool(is_myst_markdown_notebook(chapter.text))


def cells_of(chapter: Chapter) -> str:
    """Stands for all that the page's cells are looked up by."""
    cells = [
        (each.language, each.body.text, each.options)
        for each in chapter.elements
        if isinstance(each, Cell)
    ]
    said = repr((chapter.front_matter, cells))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def store(project: Project, run: ChapterRun) -> str | None:
    """Put the outputs of a complete run into the cache; their key there, or
    None when there is nothing that a page would look for."""
    chapter = run.chapter
    if not available() or not is_notebook(chapter):
        return None
    from jupyter_cache.base import (  # type: ignore[import-untyped]
        CacheBundleIn,
    )

    if any(each.rule == "directive-option" for each in chapter.findings):
        return None  # a cell's settings are none that a notebook can have
    notebook = as_notebook(project, chapter)
    _fill(notebook, run)
    uri = str(project.root / chapter.path)
    with _cache(project) as cache:
        kept: str = cache.create_hashed_notebook(notebook)[1]
        if not is_whole(project.root, kept):
            # A process that was killed meanwhile left half of an entry.
            path = entry(project.root, kept).parent
            shutil.rmtree(path, ignore_errors=True)
        bundle = CacheBundleIn(notebook, uri, data={})
        cache.cache_notebook_bundle(
            bundle, check_validity=False, overwrite=True
        )
        for record in cache.list_cache_records():
            if record.uri == uri and record.hashkey != kept:
                cache.remove_cache(record.pk)
    return kept


def stored(
    project: Project, chapter: Chapter, page: Mapping[str, Any] | None = None
) -> bool:
    """Whether the cache holds outputs for exactly these cells; `page` is what
    the ledger knows of them."""
    if not available():
        return True
    if page is not None and page.get("cells") == cells_of(chapter):
        key = page["notebook"]
        return key is None or is_whole(project.root, key)
    if not is_notebook(chapter):
        return True
    from nbformat import ValidationError

    with _cache(project) as cache:
        try:
            notebook = as_notebook(project, chapter)
            its_hash = cache.create_hashed_notebook(notebook)[1]
        except ValidationError:
            return False
        return is_whole(project.root, its_hash)


def at_hand(
    project: Project, chapter: Chapter, page: Mapping[str, Any] | None
) -> bool:
    """Whether the page will find the outputs. Of a chapter that was no sound
    notebook none were stored, and Sphinx would run its cells itself."""
    if page and page.get("notebook") is None:
        return not any(isinstance(each, Cell) for each in chapter.elements)
    return stored(project, chapter, page)


def filled(project: Project, chapter: Chapter) -> Any:
    """The chapter as a notebook, with its outputs."""
    with _cache(project) as cache:
        notebook = as_notebook(project, chapter)
        return cache.merge_match_into_notebook(notebook)[1]


@contextlib.contextmanager
def _cache(project: Project) -> Iterator[Any]:
    """The cache, for one process at a time."""
    from jupyter_cache import (  # type: ignore[import-untyped]
        get_cache,
    )
    from sqlalchemy.exc import SQLAlchemyError

    path = shelf(project.root)
    with naming(path):
        path.mkdir(parents=True, exist_ok=True)
        with open(path.parent / ".jupyter-cache.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if is_broken(project.root):
                shutil.rmtree(path)
            cache = get_cache(str(path))
            try:
                with contextlib.ExitStack() as ending:
                    ending.callback(cache.db.dispose)
                    yield cache
            except (SQLAlchemyError, RuntimeError) as error:
                raise _refusal(error) from error


def _refusal(error: BaseException) -> OSError:
    """What the system has refused to the list of the cache."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, sqlite3.Error):
        cause = getattr(cause, "orig", None) or cause.__cause__
    if cause is None:
        raise error
    said = str(cause)
    number = errno.ENOSPC if "full" in said else errno.EIO
    if "readonly" in said or "unable to open" in said:
        number = errno.EACCES
    return OSError(number, said)


def as_notebook(project: Project, chapter: Chapter) -> Any:
    """The chapter as myst-nb reads it."""
    from myst_nb.core.read import read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    config = MdParserConfig(enable_extensions=set(MYST_EXTENSIONS))
    return read_myst_markdown_notebook(
        chapter.text, config, path=str(project.root / chapter.path)
    )


def _fill(notebook: Any, run: ChapterRun) -> None:
    from nbformat import from_dict

    as_node: Any = from_dict

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ours = [each for each in run.chapter.elements if isinstance(each, Cell)]
    if len(cells) != len(ours):
        message = (
            f"the page has {len(cells)} cells where the press reads {len(ours)}"
        )
        note = "fence each cell at the margin as {code-cell}, one after another"
        place = ours[0].place if ours else Place(run.chapter.path, 1)
        raise BookError([Finding("cell", message, place, notes=(note,))])
    # What a kernel would have said of itself: the page colours cells by it.
    notebook.metadata["language_info"] = as_node(
        {"name": "python", "pygments_lexer": "ipython3"}
    )
    for number, cell in enumerate(cells):
        cell.execution_count = number + 1
        cell.outputs = as_node(run.outputs.get(number, []))
