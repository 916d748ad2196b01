"""One place for what Python compiles in the many small projects of the tests:
in each of their own folders, every first run would compile IPython anew."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

PREFIX = "PYTHONPYCACHEPREFIX"


def pytest_configure(config: pytest.Config) -> None:
    """Workers of pytest-xdist are told by their environment."""
    if PREFIX in os.environ:
        return
    folder = os.environ[PREFIX] = tempfile.mkdtemp(prefix="compiled-")

    def end() -> None:
        del os.environ[PREFIX]
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(end)
