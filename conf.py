"""How the book is printed: `sphinx-build -c . book build/html`."""

from __future__ import annotations

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

html_theme = "furo"
html_math_renderer = "katex"
html_static_path = ["book/_static"]
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
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
pygments_style = "bookproof.weave.ink.Day"
pygments_dark_style = "bookproof.weave.ink.Night"
copybutton_exclude = ".linenos, .gp, .go"
