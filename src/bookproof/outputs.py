"""Hands the outputs of a chapter's cells to the page, through the cache that
myst-nb reads: Sphinx then weaves without starting a kernel."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bookproof.config import MYST_EXTENSIONS, Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.elements import Cell, Chapter
from bookproof.run import ChapterRun


def available() -> bool:
    """Whether the page builder is installed (extra `book`)."""
    names = ("myst_nb", "jupyter_cache", "nbformat")
    return all(importlib.util.find_spec(name) for name in names)


def folder(project: Project) -> Path:
    """Where the cache lives."""
    return project.root / "build" / "jupyter-cache"


def is_notebook(chapter: Chapter) -> bool:
    """Whether myst-nb takes the file for a notebook."""
    from myst_nb.core.read import (  # type: ignore[import-untyped]
        is_myst_markdown_notebook,
    )

    return bool(is_myst_markdown_notebook(chapter.text))


def store(project: Project, run: ChapterRun) -> None:
    """Put the outputs of a complete run into the cache."""
    chapter = run.chapter
    if not available() or not is_notebook(chapter):
        return
    from jupyter_cache.base import (  # type: ignore[import-untyped]
        CacheBundleIn,
    )

    if any(each.rule == "directive-option" for each in chapter.findings):
        return  # a cell's settings are none that a notebook can have
    notebook = as_notebook(project, chapter)
    _fill(notebook, run)
    uri = str(project.root / chapter.path)
    with _cache(project) as cache:
        kept = cache.create_hashed_notebook(notebook)[1]
        if not _is_whole(cache, project, kept):
            # A process that was killed meanwhile left half of an entry.
            shutil.rmtree(_entry(project, kept).parent, ignore_errors=True)
        bundle = CacheBundleIn(notebook, uri, data={})
        cache.cache_notebook_bundle(
            bundle, check_validity=False, overwrite=True
        )
        for record in cache.list_cache_records():
            if record.uri == uri and record.hashkey != kept:
                cache.remove_cache(record.pk)


def stored(project: Project, chapter: Chapter) -> bool:
    """Whether the cache holds outputs for exactly these cells."""
    if not available() or not is_notebook(chapter):
        return True
    from nbformat import ValidationError

    with _cache(project) as cache:
        try:
            notebook = as_notebook(project, chapter)
            its_hash = cache.create_hashed_notebook(notebook)[1]
        except ValidationError:
            return False
        return _is_whole(cache, project, its_hash)


def _is_whole(cache: Any, project: Project, its_hash: str) -> bool:
    """Whether an entry is both in the list and, to its end, on the disk."""
    records = cache.list_cache_records()
    path = _entry(project, its_hash)
    return (
        any(each.hashkey == its_hash for each in records)
        and path.is_file()
        and path.read_text(encoding="utf-8").endswith(("}", "}\n"))
    )


def _entry(project: Project, its_hash: str) -> Path:
    return folder(project) / "executed" / its_hash / "base.ipynb"


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

    path = folder(project)
    path.mkdir(parents=True, exist_ok=True)
    with open(path.parent / ".jupyter-cache.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cache = get_cache(str(path))
        try:
            yield cache
        finally:
            cache.db.dispose()


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
