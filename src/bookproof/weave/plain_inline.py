"""The words of a paragraph as Markdown."""

from __future__ import annotations

import re

from docutils import nodes

_SPECIAL = re.compile(r"([\\`*_\[\]<$])")
_SILENT = (nodes.Invisible, nodes.raw, nodes.system_message)


def inline(node: nodes.Node) -> str:
    """The words and formulas of a node, in one line."""
    return " ".join(_inline(node).split())


def _inline(node: nodes.Node) -> str:
    match node:
        case nodes.Text():
            return escaped(str(node))
        case nodes.math():
            return f"${' '.join(node.astext().split())}$"
        case nodes.literal():
            return _code(node.astext())
        case nodes.emphasis():
            return _around("*", node)
        case nodes.strong():
            return _around("**", node)
        case nodes.reference() if "://" in node.get("refuri", ""):
            return f"[{_within(node)}]({node['refuri']})"
        case nodes.footnote_reference():
            return f"[{node.astext()}]"
        case nodes.image():
            return escaped(node.get("alt", ""))
        case nodes.Element() if not isinstance(node, _SILENT):
            return _within(node)
    return ""


def _within(node: nodes.Element) -> str:
    return "".join(_inline(child) for child in node.children)


def _around(sign: str, node: nodes.Element) -> str:
    words = _within(node).strip()
    return f"{sign}{words}{sign}" if words else ""


def _code(text: str) -> str:
    """Code between more backticks than it holds in a row."""
    ticks = "`" * (_longest(text) + 1)
    blank = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def fenced(code: str, language: str) -> str:
    """A block of code."""
    fence = "`" * max(3, _longest(code) + 1)
    word = "python" if language in ("ipython3", "default") else language
    return f"{fence}{word}\n{code}\n{fence}"


def _longest(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)


def escaped(text: str) -> str:
    """Words, none of whose characters mean anything to Markdown."""
    return _SPECIAL.sub(r"\\\1", text)


def quoted(text: str) -> str:
    """A text set apart."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
