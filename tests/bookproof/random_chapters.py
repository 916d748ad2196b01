"""Chapters made of the pieces that a reader of Markdown may trip over."""

from __future__ import annotations

from hypothesis import strategies as st

from bookproof.reading.table import MARKER_ROLES, PLAIN_ROLES, TABLE

FRONT = (
    "---\njupytext: {text_representation: {extension: .md, "
    "format_name: myst}}\nkernelspec: {name: python3, "
    "display_name: Python 3}\n---\n\n"
)

MARKS = (
    *("`", "``", "```", "````", ":::", "::::", "$", "$$", "[", "]", "](", "("),
    *(")", "!", "<", ">", "<<", ">>", "|", "\\|", "\\", "&", "&#0;", "*", "**"),
    *("_", "~~", "#", "# ", "---", "\n---\n", "===", "- ", "1. ", "2. ", "> "),
    *(": ", "% ", "+++", "\n", "\n\n", "\n    ", "\t", "  ", "{", "}", "{}"),
    *("{.a}", "{#b}", "^", "[^a]", "[^a]:", "[a]:", "<b>", "<!--", "-->"),
    *("<script>", "(a)=\n", "\\frac{1}{2}", "\\partial", "</", "[](a 'b')"),
)
WORDS = (
    *("word", "two", "twenty-one", "1", "97 %", "1,797", "3.8 × 10⁻⁶", "½"),
    *("=", "x", "z = 1", "é", "e\u0301", "−", "２", "а", "\U0001d465"),
    *("\0", "\ufeff", "\x85", "\u2028", "\u202e", "\x0c", "\x1b", "\U0010ffff"),
    *("a.py", "../a.py", "/a", "C:\\a", "import os", "def f():", '"""', "'"),
    *("ref('a/b')", "lambda: 0", "{fact}`3 <3>`", "{claim}`1=1`", "<<a>>"),
    *("{let}`x=1`", "{source}`a`", "{when}`a<b`", "{range}`i=1,\\dots,3`"),
    "\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "\n| symbol | meaning | shape | value |\n|---|---|---|---|\n"
    "| $x$ | m | | `1` |\n",
)
OPTIONS = (
    *("name", "label", "for", "given", "where", "assuming", "rtol", "source"),
    *("tags", "alt", "redefine", "counter", "loose", "draws", "rows", "x"),
    *("layout", "along", "class", "caption", "raises", "mystnb", "title"),
)
YAML = (
    *("a: b", "tags: [x]", "- 1", "a: [", "1", "'", "mystnb: 1", "tags: 3"),
    *("a: 2020-01-01", "a: *b", "raises: [1]", "tags: [1, {a: b}]", "? [a]"),
    *("mystnb: {[1, 2]: 3}", "a: !!python/object:os.system", "a: &b [*b]"),
    "mystnb: {figure: {caption: 'a b', name: c}, image: {alt: d}}",
)
ARGUMENTS = (*WORDS, "", "a.py", "b/c.py", "label", "ipython3", "<<x>>", "{")


@st.composite
def roles(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """A role, which may be one that nobody knows."""
    name = draw(st.sampled_from((*MARKER_ROLES, *PLAIN_ROLES, "x")))
    return f"{{{name}}}`{draw(inner)}`"


@st.composite
def directives(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """A directive with options, which may be left open."""
    fence = draw(st.sampled_from("`:~")) * draw(st.integers(3, 6))
    name = draw(st.sampled_from((*TABLE, "x")))
    argument = draw(st.sampled_from(ARGUMENTS))
    options = "".join(
        f":{key}: {value}\n"
        for key, value in draw(
            st.lists(
                st.tuples(st.sampled_from(OPTIONS), st.sampled_from(ARGUMENTS)),
                max_size=3,
            )
        )
    )
    if draw(st.booleans()):
        options = f"---\n{draw(st.sampled_from(YAML))}\n---\n"
    end = draw(st.sampled_from((f"\n{fence}\n", "")))
    return f"\n{fence}{{{name}}} {argument}\n{options}{draw(inner)}{end}"


def bodies() -> st.SearchStrategy[str]:
    """Marks, words, roles and directives, one after another and nested."""
    flat = st.one_of(
        st.sampled_from(MARKS), st.sampled_from(WORDS), st.text(max_size=5)
    )

    def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        some = st.lists(inner, max_size=6).map("".join)
        return st.one_of(inner, some, roles(some), directives(some))

    return st.recursive(flat, deeper, max_leaves=25)


def chapters() -> st.SearchStrategy[str]:
    """A whole file, with or without front matter."""
    fronts = st.one_of(
        st.just(FRONT),
        st.sampled_from(YAML).map(lambda text: f"---\n{text}\n---\n"),
        st.just(""),
    )
    parts = st.lists(bodies(), max_size=6).map("".join)
    return st.tuples(fronts, parts).map("".join)
