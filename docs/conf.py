"""How the guide is printed: `sphinx-build -c docs docs build/guide`."""

from pathlib import Path

from bookproof.config import MYST_EXTENSIONS

project = "bookproof: a press that checks what it prints"
html_title = "bookproof"
author = "The chainrule authors"
project_copyright = "The chainrule authors. Text CC BY 4.0, code MIT"

extensions = ["myst_nb", "sphinxcontrib.bibtex", "bookproof.weave"]
exclude_patterns = ["build", "**/jupyter_execute"]

myst_enable_extensions = list(MYST_EXTENSIONS)
myst_heading_anchors = 3

# `bookproof check` has run the cells; Sphinx reads their outputs.
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "build/jupyter-cache")

bibtex_bibfiles = ["references.bib"]
html_copy_source = False
html_show_sourcelink = False
html_theme = "furo"
html_math_renderer = "katex"
