"""The user's guide keeps its word: it holds, and shows what it talks about."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bookproof.reading.table import MARKERS, TABLE

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs"
PAGES = sorted(GUIDE.glob("*.md"))
EXAMPLE = re.compile(r"^(`{4,})markdown\n(.*?)^\1\n", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"^`{3,}\{[a-z-]+\}[^\n]*\n((?::[a-z]+:.*\n)+)", re.M)


def run(folder: Path, module: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def weave(folder: Path, book: str) -> None:
    run(folder, "sphinx", "-n", "-W", "-q", "-c", ".", book, "build/html")


def test_the_guide_holds_and_is_woven(tmp_path: Path) -> None:
    copy = tmp_path / "docs"
    shutil.copytree(GUIDE, copy, ignore=shutil.ignore_patterns("build"))
    run(copy, "bookproof", "tangle", "--check")
    assert "all holds" in run(copy, "bookproof", "check")
    weave(copy, ".")
    rules = (copy / "build/html/rules.html").read_text(encoding="utf-8")
    assert "number-in-prose" in rules


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_shown_as_source_is_on_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    rest = EXAMPLE.sub("", text)
    if page.stem == "first-page":  # whose source is a book of its own
        return
    for example in EXAMPLE.finditer(text):
        assert example[2].strip() in rest
    for source, printed in re.findall(
        r"^\| `` (.*?) `` \| (.*?) \|", text, re.M
    ):
        assert source == printed


def test_every_option_is_shown_by_an_example_that_runs() -> None:
    ours = (*MARKERS, "symbols", "chunk", "exercise")
    wanted = {option for name in ours for option in TABLE[name].options}
    shown: set[str] = set()
    for page in PAGES:
        text = EXAMPLE.sub("", page.read_text(encoding="utf-8"))
        for block in OPTIONS.findall(text):
            shown |= set(re.findall(r"^:([a-z]+):", block, re.M))
    assert wanted <= shown
    assert {"for", "given", "counter", "loose"} <= wanted  # the test can fail


def test_every_setting_of_the_first_page_works(tmp_path: Path) -> None:
    text = (GUIDE / "first-page.md").read_text(encoding="utf-8")
    page = EXAMPLE.search(text)
    assert page is not None
    fences = dict(re.findall(r"^```(\w+)\n(.*?)^```\n", text, re.M | re.S))
    (tmp_path / "pyproject.toml").write_text(fences["toml"])
    (tmp_path / "conf.py").write_text(fences["python"])
    (tmp_path / "book").mkdir()
    (tmp_path / "book/index.md").write_text(page[2])
    assert "all holds" in run(tmp_path, "bookproof", "check")
    weave(tmp_path, "book")
    wrong = page[2].replace("110.25", "110.26")
    (tmp_path / "book/index.md").write_text(wrong)
    done = subprocess.run(
        [sys.executable, "-m", "bookproof", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert fences["text"].strip() in done.stdout
