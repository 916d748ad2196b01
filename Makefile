# make html   check every statement of the book, then build build/html
# make test   everything that CI asks
# make serve  the built book at http://localhost:8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HTML := build/html
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONHASHSEED := 0
export PYTHONUTF8 := 1

.DEFAULT_GOAL := html
.PHONY: html test guide check tangle watch serve browser lock clean

html: $(VENV)/.installed
	$(BIN)/bookproof tangle --check
	$(BIN)/bookproof check
	$(BIN)/sphinx-build -n -W --keep-going -q -c . -d build/doctrees book $(HTML)
	@echo "The book: file://$(abspath $(HTML))/index.html"

test: $(VENV)/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/bookproof tangle --check
	$(BIN)/pytest -q -n 2 --dist loadfile tests book

check: $(VENV)/.installed
	$(BIN)/bookproof check

tangle: $(VENV)/.installed
	$(BIN)/bookproof tangle

watch: $(VENV)/.installed
	$(BIN)/bookproof watch

# The guide of the press for other authors: build/guide/index.html
guide: $(VENV)/.installed
	$(BIN)/bookproof --root docs tangle --check
	$(BIN)/bookproof --root docs check
	$(BIN)/sphinx-build -n -W --keep-going -q -c docs -d build/guide-doctrees \
	  docs build/guide

serve: html
	$(BIN)/python -m http.server --directory $(HTML) 8000

# Looks at the pages with Debian's chromium; the pictures are in build/screens.
browser: html
	$(BIN)/python tests/page/look.py

lock: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --all-extras --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "this needs Python 3.11 or later; try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.locked: requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --editable .
	@touch $@
