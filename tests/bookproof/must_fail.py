r"""For each rule a smallest text that breaks it, and its nearest sound twin.

`‸` stands directly before the character that the finding must point at; it is
taken out before the text is read.
"""

from __future__ import annotations

from typing import NamedTuple

from bookproof.rules import Rule


class Pair(NamedTuple):
    """A text that this rule alone must find at fault, and a twin of it that
    nothing may find at fault."""

    rule: Rule
    bad: str
    good: str


def fence(info: str, *lines: str) -> str:
    """A block of code or a directive."""
    return "\n".join((f"```{info}", *lines, "```"))


def swap(rule: Rule, text: str, old: str, new: str) -> Pair:
    """The pair whose twin has `new` in the place of `old`."""
    assert text.count(old) == 1, text
    return Pair(rule, text, text.replace(old, new).replace("‸", ""))


def cell(*lines: str) -> str:
    """A cell."""
    return fence("{code-cell} ipython3", *lines)


def symbols(symbol: str, value: str, shape: str = "") -> str:
    """A table of one symbol."""
    return fence(
        "{symbols}",
        "| symbol | meaning | shape | value |",
        "|---|---|---|---|",
        f"| {symbol} | it | {shape} | {value} |",
    )


SETUP = cell(
    "import numpy as np",
    "n, v, big = 3, np.array([1.0, 2.0, 4.0]), np.arange(300.0)",
    "rng = np.random.default_rng(0)",
    "def draw(rng):",
    "    while True:",
    "        yield {'a': rng.normal()}",
)

DRAWN = "{when}`‸a > -9`\n\n" + fence(
    "{claim}", ":given: draw", "", r"|a| = \sqrt{a^2}"
)

EXERCISE = (
    fence("`{exercise} sum-up", "Add.", "", fence("{starter}", "‸s = 1"))[:-3]
    + fence("{check}", "assert s == 3")
    + "\n````\n\n"
    + fence("`{solution} sum-up", fence("{code}", "s = 3"))
    + "`"
)

#: All of these stand in one chapter, each in a section of its own.
IN_A_CHAPTER = (
    # What the text says
    swap("claim", "It is {claim}`2 + 2 ‸= 5`.", "5", "4"),
    swap("fact", "It is {fact}`‸4 <n>`.", "4", "3"),
    swap("let", "‸```{let}\n\n```", "{let}\n\n", "{let}\n\\alpha_1 = 1\n"),
    swap("cited", "As ‸{cited}`he said`.", "said", "said <someone>"),
    swap("unchecked", "As ‸{unchecked}`he said`.", "said", "said <no record>"),
    swap("vacuous", "It is {fact}`3 <‸3>`.", "<‸3>", "<n>"),
    swap("loose", "It is {fact}`at least ‸2 <n>`.", "2", "3"),
    swap(
        "loose-bound",
        r"As {let}`\alpha_2 = 2.96`, {claim}`\alpha_2 < ‸4`.",
        "4",
        "3",
    ),
    swap(
        "counter",
        fence("{fact}", ":counter: ‸n + 0", "", "three <n>"),
        "0",
        "1",
    ),
    Pair(
        "when",
        DRAWN,
        DRAWN.replace("‸a > -9", "a > 0").replace(r"\sqrt{a^2}", "a"),
    ),
    swap(
        "witness",
        symbols(r"$\alpha_3$", "`n + 1`")
        + "\n\n"
        + r"As {let}`\alpha_3 = 3`, {claim}`‸\alpha_3 = 3`.",
        "n + 1",
        "n + 0",
    ),
    swap(
        "approx",
        r"It is {claim}`\alpha_2 ‸\approx \sqrt 9`.",
        r"\sqrt 9",
        "3.0",
    ),
    # Formulas
    swap("latex", "It is {claim}`(1 + 2 ‸= 3`.", "(1", "1"),
    swap("unbound", r"It is {claim}`‸\beta = 3`.", r"‸\beta", "2 + 1"),
    swap(
        "undefined", r"It is {claim}`\frac{1}{‸2 - 2} = 1`.", "2 - 2", "3 - 2"
    ),
    swap(
        "shape",
        symbols(r"$\alpha_4$", "`v`")
        + "\n\n"
        + r"It is {claim}`\alpha_4 ‸\alpha_4 = 21`.",
        r"\alpha_4 ‸",
        r"\alpha_4^\top ",
    ),
    swap(
        "python",
        symbols(r"$\alpha_5$", "`1 / 0`")
        + "\n\n"
        + r"It is {claim}`‸\alpha_5 = 1`.",
        "1 / 0",
        "n / 3",
    ),
    swap(
        "oracle",
        symbols("$f$", "`np.square`")
        + "\n\n"
        + r"As {let}`\eta = 2`, {claim}`‸\partial f/\partial \eta = 4`.",
        r"‸\partial f",
        r"\partial f(\eta)",
    ),
    swap(
        "oracle-large",
        symbols(r"$\alpha_7$", "`big`")
        + "\n\n"
        + r"As {let}`\alpha_8 = \alpha_7^\top \alpha_7`, "
        + r"{claim}`‸\nabla_{\alpha_7} \alpha_8 \ne \alpha_7`.",
        r"\ne \alpha_7",
        r"= 2 \alpha_7",
    ),
    swap(
        "independent",
        r"As {let}`\alpha_9 = 4` and {let}`\beta_1 = 5`, "
        r"{claim}`‸\partial \beta_1/\partial \alpha_9 = 1`.",
        "= 5",
        r"= \alpha_9",
    ),
    swap(
        "cycle",
        r"As {let}`\beta_2 = \beta_3` and {let}`\beta_3 = ‸\beta_2`, "
        r"{claim}`\beta_2 = 3`.",
        r"{let}`\beta_3 = ‸\beta_2`",
        r"{let}`\beta_3 = 3`",
    ),
    swap(
        "redefined",
        r"As {let}`\beta_4 = 3` and {let}`‸\beta_4 = 4`.",
        r"{let}`‸\beta_4",
        r"{redefine}`\beta_4",
    ),
    swap("symbols", symbols("‸x", "`n`"), "‸x", r"$\beta_5$"),
    swap(
        "option",
        fence("{claim}", r":for: ‸k", "", "k + 1 = 1 + k"),
        "‸k",
        "k in range(3)",
    ),
    swap(
        "refused", r"It is {claim}`‸\phantom{1} 2 = 1 + 1`.", r"\phantom{1}", ""
    ),
    swap(
        "limit",
        r"It is {claim}`6 = \sum_{k=1}^{‸2000000} k`.",
        "2000000",
        "3",
    ),
    # What escapes the checks
    swap("number-in-prose", "There are ‸17 of them.", "17", "seven"),
    swap("count-in-prose", "There are ‸fourteen of them.", "fourteen", "ten"),
    swap("relation-in-prose", "So it ‸= that.", "=", "is"),
    Pair(
        "relation-outside-marker",
        r"So $\alpha_2 ‸= \alpha_9$.",
        r"So $\alpha_2$ is $\alpha_9$.",
    ),
    Pair("number-in-mathematics", "So $‸17$ it is.", "So {fact}`3 <n>` it is."),
    swap("figure-alt", "‸![](a.png)", "[]", "[a curve that falls]"),
    swap(
        "source", "It is ‸{fact}`3 <n>` {source}`nothing`.", "nothing", "three"
    ),
    # Markup
    swap("broken-markup", "It is ‸{nonsense}`3`.", "nonsense", "code"),
    swap("broken-fence", "> ‸```text\n> words\n", "words\n", "words\n> ```\n"),
    swap("refused-markup", "It is ‸<b> bold.", "<b>", "very"),
    swap(
        "directive",
        "‸```{figure}\n:alt: a curve\n```",
        "{figure}",
        "{figure} a.png",
    ),
    swap(
        "directive-option",
        "‸```{note}\n:wat: 3\n\nSo.\n```",
        ":wat: 3",
        ":class: tip",
    ),
    swap("label", "```{claim} ‸One!\n2 = 1 + 1\n```", "One!", "one-more"),
    swap(
        "duplicate-label",
        "It is {fact}`same: 3 <n>` and ‸{fact}`same: 3 <n>`.",
        "‸{fact}`same",
        "{fact}`other",
    ),
    swap("heading", "### So ‸{fact}`3 <n>`\n", "‸{fact}`3 <n>`", "it is"),
    swap("unattached", "It is so. {when}`‸n > 2`", "{when}`‸n > 2`", ""),
    swap("character", "A‸\ttab.", "‸\t", " "),
    # Running
    swap("cell", cell("‸1 / 0"), "0", "1"),
    swap(
        "stderr",
        "‸" + cell("import sys", "print('x', file=sys.stderr)"),
        "stderr)",
        "stdout)",
    ),
    swap("magic", cell("‸%who"), "%who", "n"),
    swap("unstable-output", "‸" + cell("object()"), "object()", "object();"),
    swap(
        "output-kind",
        "‸" + cell("from IPython.display import HTML", "HTML('<b>so</b>')"),
        "HTML('<b>so</b>')",
        "'so'",
    ),
    swap(
        "figure-outputs",
        "‸"
        + cell(
            "---",
            "mystnb: {image: {alt: a line}, figure: {name: fig-line}}",
            "---",
            "import matplotlib.pyplot as plt",
            "plt.plot([1, 2])[0].get_label()",
        ),
        "label()",
        "label();",
    ),
    Pair(
        "exercise",
        EXERCISE.replace("s = 1", "s = 3"),
        EXERCISE.replace("‸", ""),
    ),
    swap(
        "impure",
        "It is ‸{fact}`3 <n + 0 * rng.random()>`.",
        "rng.random()",
        "n",
    ),
    swap(
        "patched",
        "‸"
        + cell(
            "import bookproof.judging.facts",
            "bookproof.judging.facts.ROUNDING = 9",
        ),
        "ROUNDING = 9",
        "ROUNDING",
    ),
)


def file(*lines: str) -> str:
    """A chunk that is the head of a file, with words before it."""
    return "Words.\n\n" + fence("{chunk} pkg.py", '"""A docstring."""', *lines)


def part(*lines: str, name: str = "Do it", target: str = "") -> str:
    """Another chunk, with words before it."""
    opening = f"{{chunk}} {target}".strip()
    return "\n\nWords.\n\n" + fence(opening, f":name: {name}", "", *lines)


#: Each of these is a chapter of its own, and is tangled.
TANGLED = (
    Pair(
        "chunk",
        f"{file()}\n\nWords.\n\n‸{fence('{chunk} pkg.py', '')}",
        f"{file()}\n\nWords.\n\n{fence('{chunk} pkg.py', 'n = 1')}",
    ),
    swap(
        "chunk-name",
        file()
        + part("n = 1", name="V" + "ery" * 26, target="pkg.py").replace(
            "```{", "‸```{"
        ),
        "V" + "ery" * 26,
        "Very",
    ),
    swap(
        "chunk-target",
        file().replace("```{", "‸```{").replace("pkg", "../pkg"),
        "../",
        "",
    ),
    swap(
        "chunk-reference",
        file("<<Do it>>", "‸<<Do it>>") + part("n = 1"),
        "‸<<Do it>>",
        "m = 2",
    ),
    swap(
        "chunk-unused",
        file() + part("n = 1").replace("```{", "‸```{"),
        "{chunk}\n",
        "{chunk} pkg.py\n",
    ),
    swap(
        "chunk-cycle",
        file("<<Do it>>") + part("n = 1", "‸<<Do it>>"),
        "‸<<Do it>>",
        "m = n",
    ),
    swap("chunk-python", file("‸n = = 1"), "= =", "="),
    swap(
        "chunk-head",
        "Words.\n\n‸" + fence("{chunk} pkg.py", "n = 1"),
        "n = 1",
        '"""A docstring."""',
    ),
    swap(
        "chunk-import",
        file() + part("‸import os", target="pkg.py"),
        "import os",
        "n = 1",
    ),
)


class Files(NamedTuple):
    """A project with one file more, and its sound twin; `settings` are lines
    of [tool.bookproof]."""

    rule: Rule
    file: str
    bad: str
    good: str
    settings: str = ""


FRONT_MATTER = (
    "---\njupytext: {text_representation: {extension: .md, "
    "format_name: myst}}\nkernelspec: {name: python3, "
    "display_name: Python 3}\n---\n\n"
)


def whole(
    rule: Rule, text: str, old: str, new: str, settings: str = ""
) -> Files:
    """A chapter with its front matter, and its twin."""
    pair = swap(rule, FRONT_MATTER + text, old, new)
    return Files(rule, "book/ch.md", pair.bad, pair.good, settings)


#: Each of these is a project of its own, and is checked.
PROJECTS = (
    whole(
        "unbound-mathematics",
        "# T\n\nAs {let}`a = 3`, so $‸-a$ it is.\n",
        "$‸-a$",
        "$a$",
        'unbound_mathematics = "refuse"\n',
    ),
    whole(
        "chunk-without-prose",
        "# T\n\n‸" + file().removeprefix("Words.\n\n") + "\n",
        "# T\n\n",
        "# T\n\nWords.\n\n",
    ),
    Files(
        "front-matter",
        "book/ch.md",
        f"‸# T\n\n{cell('1')}\n",
        f"{FRONT_MATTER}# T\n\n{cell('1')}\n",
    ),
    whole("encoding", "# T\n\n‸One\r\nmore.\n", "\r", ""),
    Files(
        "toctree",
        "book/index.md",
        "# B\n\n```{toctree}\nch\n‸no\n```\n",
        "# B\n\n```{toctree}\nch\n```\n",
    ),
    Files("config", "book/claims.toml", "‸[[claim]\n", '[[claim]]\nid = "a"\n'),
    whole(
        "time-limit",
        f"# T\n\n‸{cell('while True:', '    pass')}\n",
        "True",
        "False",
        "cell_seconds = 2.0\n",
    ),
    whole(
        "died",
        f"# T\n\n‸{cell('import os', 'os._exit(3)')}\n",
        "os._exit(3)",
        "os.getpid();",
    ),
    whole(
        "ref",
        f"# T\n\n{cell('n = 3')}\n\n"
        "‸{fact}`mine: 3 <n>` and {fact}`3 <n or ref('ch/mine')>`\n",
        " or ref('ch/mine')",
        "",
    ),
)
