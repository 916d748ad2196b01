"""The weaver: a Sphinx extension that prints a checked book as pages."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import bookproof.weave.anchors as anchors
import bookproof.weave.asides as asides
import bookproof.weave.audit as audit
import bookproof.weave.chunk_index as chunk_index
import bookproof.weave.chunks as chunks
import bookproof.weave.code_pages as code_pages
import bookproof.weave.colophon as colophon
import bookproof.weave.directives as directives
import bookproof.weave.downloads as downloads
import bookproof.weave.exercises as exercises
import bookproof.weave.freshness as freshness
import bookproof.weave.identifiers as identifiers
import bookproof.weave.ledger_page as ledger_page
import bookproof.weave.markup as markup
import bookproof.weave.mathematics as mathematics
import bookproof.weave.meeting as meeting
import bookproof.weave.nodes as nodes
import bookproof.weave.notation as notation
import bookproof.weave.punctuation as punctuation
import bookproof.weave.roles as roles
import bookproof.weave.translator as translator

_PARTS = (
    *(
        freshness,
        markup,
        anchors,
        meeting,
        nodes,
        roles,
        directives,
        chunks,
        exercises,
    ),
    *(
        asides,
        notation,
        ledger_page,
        code_pages,
        chunk_index,
        identifiers,
        mathematics,
        translator,
    ),
    *(punctuation, colophon, downloads, audit),
)
_STATIC = Path(__file__).parent / "static"


def _add_static_files(app: Sphinx, config: Any) -> None:
    config.html_static_path = [str(_STATIC), *config.html_static_path]


def _version() -> int:
    """Changes with the press, so that no page of an older press is kept."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return int(digest.hexdigest()[:8], 16)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx.

    What the pages know of each other is read anew when a build starts
    (`freshness`), before Sphinx forks; the environment holds nothing but the
    digests of the last build, which only the main process writes.
    """
    app.add_config_value("bookproof_ledger_page", "ledger", "env", str)
    app.connect("config-inited", _add_static_files)
    app.add_css_file("marks.css", priority=200)  # a book's own come later
    for part in _PARTS:
        part.setup(app)
    return {
        "version": "1",
        "env_version": _version(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
