"""One round of the watch: tangle, check, weave; each in a process of its own,
so that nothing in a chapter can end the watch."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bookproof.config import Project
from bookproof.report import say


@dataclass(frozen=True)
class Rounds:
    """What is done after each save; `chosen` are the chapters to check
    (none: all)."""

    project: Project
    chosen: Sequence[str] = ()

    @property
    def pages(self) -> Path:
        """Where the pages are: apart from those that `make html` builds,
        which are all checked or not built."""
        return self.project.root / "build" / "watch" / "html"

    @property
    def settings(self) -> Path | None:
        """The folder of Sphinx's conf.py; None when no pages can be woven."""
        if importlib.util.find_spec("sphinx") is None:
            return None
        for folder in (self.project.root, self.project.book):
            if (folder / "conf.py").is_file():
                return folder
        return None

    def tangle(self) -> None:
        """Write the source; what is wrong with it, the check says too."""
        ended = self._bookproof("tangle")
        if ended.returncode == 0 and ended.stdout:
            say(ended.stdout.rstrip())

    def check(self) -> str:
        """Check the chapters; what is wrong."""
        ended = self._bookproof("check", *self.chosen)
        words = f"{ended.stdout}{ended.stderr}".strip()
        say(words)
        return words if ended.returncode else ""

    def weave(self) -> str:
        """Weave the pages; what Sphinx warns of."""
        if self.settings is None:
            return ""
        doctrees = self.pages.with_name("doctrees")
        # The press has said already what does not hold.
        options = ["-n", "-q", "-N", "-D", "suppress_warnings=bookproof"]
        folders = ["-c", str(self.settings), "-d", str(doctrees)]
        command = [*_module("sphinx"), *options, *folders]
        ended = subprocess.run(
            [*command, str(self.project.book), str(self.pages)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        words = ended.stderr.strip()
        if words:
            say(words)
        return words

    def _bookproof(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        root = str(self.project.root)
        return subprocess.run(
            [*_module("bookproof"), "--root", root, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )


def _module(name: str) -> list[str]:
    """How a module is run that ends when the watch does."""
    runner = "bookproof.live.ending"
    return [sys.executable, "-m", runner, str(os.getpid()), name]
