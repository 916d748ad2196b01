"""How the two pages are printed: `sphinx-build -c . book build/html`."""

from pathlib import Path

from bookproof.config import MYST_EXTENSIONS

project = "Loans and their repayment"
extensions = ["myst_nb", "bookproof.weave"]
exclude_patterns = ["**/jupyter_execute"]
myst_enable_extensions = list(MYST_EXTENSIONS)
myst_heading_anchors = 3
numfig = True
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "build/jupyter-cache")
html_math_renderer = "katex"
html_theme = "furo"
