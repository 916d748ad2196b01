"""The README keeps its word: its example runs, its commands and files exist."""

import importlib
import re
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
TOKENS = MarkdownIt().enable("table").parse((ROOT / "README.md").read_text())


def fences(language: str) -> list[str]:
    return [
        token.content
        for token in TOKENS
        if token.type == "fence" and token.info == language
    ]


def test_the_example_runs_and_its_derivatives_are_right() -> None:
    (example,) = fences("python")
    names: dict = {}
    exec(compile(example, "README.md", "exec"), names)
    np, X, y, g, H = (names[name] for name in ("np", "X", "y", "g", "H"))
    # At w = 0 tanh is the identity to second order, so the loss is the mean
    # of (X w - y)**2 up to terms of third order.
    np.testing.assert_allclose(g, -2 * X.T @ y / 6, rtol=1e-12)
    np.testing.assert_allclose(H, 2 * X.T @ X / 6, rtol=1e-12)


def test_the_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = re.findall(r"^make (\w+)", "\n".join(fences("sh")), re.MULTILINE)
    assert commands == ["html", "test"]
    for command in commands:
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


def test_every_relative_link_leads_somewhere() -> None:
    links = [
        value
        for token in TOKENS
        for child in token.children or ()
        for key, value in child.attrs.items()
        if key in ("href", "src") and "://" not in str(value)
    ]
    assert links
    assert [link for link in links if not (ROOT / str(link)).exists()] == []


def test_the_names_of_the_library_exist() -> None:
    cr = importlib.import_module("chainrule")
    text = (ROOT / "README.md").read_text()
    names = set(re.findall(r"`cr\.(\w+)", text))
    assert {"nn", "optim", "train", "vjp"} <= names
    assert [name for name in names if name not in cr.__all__] == []
    listed = re.search(r"`cr\.optim` (.*?)schedules", text, re.DOTALL)
    assert listed
    optimizers = re.findall(r"\b(SGD|[A-Z]\w+)\b", listed[1])
    assert len(optimizers) == len(set(optimizers)) == 5
    assert set(optimizers) == {
        name
        for name in cr.optim.__all__
        if name[0].isupper() and name != "Optimizer"
    }
