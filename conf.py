"""How the book is printed: `sphinx-build -c . book build/html`."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))

from bookproof.config import MYST_EXTENSIONS

project = "Backpropagation, with nothing taken on trust"
author = "The chainrule authors"
project_copyright = "The chainrule authors. Text CC BY 4.0, code MIT"
html_title = project
html_short_title = "Backpropagation"

extensions = [
    "myst_nb",
    "sphinxcontrib.bibtex",
    "sphinx.ext.githubpages",
    "sphinx_copybutton",
    "bookproof.weave",
]
exclude_patterns = ["**/jupyter_execute", "**/.*"]
nitpicky = True

# The chapters are run by `bookproof check`; here their outputs are only read.
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "build/jupyter-cache")
nb_execution_raise_on_error = True
nb_number_source_lines = False
nb_code_prompt_show = "The code"
nb_code_prompt_hide = "The code"
nb_mime_priority_overrides = [("html", "image/svg+xml", 0)]

myst_enable_extensions = list(MYST_EXTENSIONS)
myst_heading_anchors = 3
myst_links_external_new_tab = False
numfig = True
math_numfig = False
math_numsep = "."

bibtex_bibfiles = ["book/references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"

_SERIF = '"Source Serif 4", Charter, Georgia, serif'

# Furo's own colours, in terms of ours.
_FURO = {
    "font-stack": _SERIF,
    "font-stack--headings": _SERIF,
    "font-stack--monospace": '"Source Code Pro", ui-monospace, monospace',
    "color-background-primary": "var(--paper)",
    "color-background-secondary": "var(--paper)",
    "color-background-hover": "var(--tone)",
    "color-background-border": "var(--rule)",
    "color-foreground-primary": "var(--ink)",
    "color-foreground-secondary": "var(--muted)",
    "color-foreground-muted": "var(--muted)",
    "color-foreground-border": "var(--faint)",
    "color-brand-primary": "var(--link)",
    "color-brand-content": "var(--link)",
    "color-brand-visited": "var(--link)",
    "color-sidebar-background": "var(--paper)",
    "color-sidebar-background-border": "var(--rule)",
    "color-sidebar-brand-text": "var(--ink)",
    "color-sidebar-link-text": "var(--ink)",
    "color-sidebar-link-text--top-level": "var(--ink)",
    "color-sidebar-search-background": "var(--paper)",
    "color-highlight-on-target": "var(--wash)",
    "color-code-background": "var(--tone)",
    "color-code-foreground": "var(--ink)",
    "color-inline-code-background": "var(--tone)",
}

html_theme = "furo"
html_math_renderer = "katex"
html_static_path = ["book/_static"]
html_favicon = "book/_static/favicon.svg"
templates_path = ["book/_templates"]
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_domain_indices = False
html_last_updated_fmt = None
html_permalinks_icon = "§"
html_theme_options = {
    "light_css_variables": {
        "paper": "#fffefb",
        "ink": "#222220",
        "muted": "#66655f",
        "rule": "#e2dfd6",
        "faint": "#c9c6bb",
        "tone": "#f7f5f0",
        "wash": "#f3efe2",
        "link": "#1f4e79",
        "link-rule": "#b9c9d8",
        "accent": "#c2410c",
        "checked": "#3f7d4e",
        "figure-filter": "none",
        **_FURO,
    },
    "dark_css_variables": {
        "paper": "#17181a",
        "ink": "#dddbd5",
        "muted": "#a3a199",
        "rule": "#34363a",
        "faint": "#55575a",
        "tone": "#1f2124",
        "wash": "#2a2a26",
        "link": "#93bbe0",
        "link-rule": "#3f566c",
        "accent": "#f2915f",
        "checked": "#83b890",
        "figure-filter": "invert(1) hue-rotate(180deg)",
        **_FURO,
    },
}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/sections.html",
        "sidebar/scroll-end.html",
    ]
}
pygments_style = "bookproof.weave.ink.Day"
pygments_dark_style = "bookproof.weave.ink.Night"
copybutton_exclude = ".linenos, .gp, .go"


def _hide_right_sidebar(app, pagename, templatename, context, doctree):  # type: ignore[no-untyped-def]
    """The sections are listed on the left; the right is the margin."""
    context["furo_hide_toc"] = True


def _add_live_figures(app, pagename, templatename, context, doctree):  # type: ignore[no-untyped-def]
    """A page whose figures answer has a script of its name beside live.js."""
    script = f"live/{pagename}.js"
    if Path(app.confdir, "book/_static", script).is_file():
        app.add_js_file("live.js", loading_method="defer")
        app.add_js_file(script, loading_method="defer")


# The faces of running text and formulas, and the stylesheets that name them.
_FACES = {
    "fonts/source-serif-4-latin-wght-normal.woff2": "book.css",
    "fonts/KaTeX_Main-Regular.woff2": "katex/katex.min.css",
    "fonts/KaTeX_Math-Italic.woff2": "katex/katex.min.css",
}


def _embed_faces(app, exception):  # type: ignore[no-untyped-def]
    """Put the faces that nearly every line needs into the stylesheets.

    A face that arrives after the text has been laid out moves every line.
    page.html asks for all in time, and what stands in a stylesheet is there
    then on a slow line too.
    """
    static = Path(app.outdir, "_static")
    for address, name in _FACES.items():
        style = static / name
        if exception is not None or not style.is_file():
            return
        face = (style.parent / address).read_bytes()
        data = "data:font/woff2;base64," + base64.b64encode(face).decode()
        text = style.read_text(encoding="utf-8")
        style.write_text(text.replace(address, data), encoding="utf-8")


def setup(app):  # type: ignore[no-untyped-def]
    """Adjust the theme's pages."""
    app.connect("build-finished", _embed_faces)
    app.connect("html-page-context", _hide_right_sidebar, priority=900)
    app.connect("html-page-context", _add_live_figures)
