"""Reading chapters: elements, places, attachments, findings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookproof.config import Project
from bookproof.diagnostics import BookError, Text
from bookproof.reading.blocks import slug
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import (
    Cell,
    Chapter,
    Chunk,
    Exercise,
    Figure,
    Heading,
    Marker,
    PlainMath,
    Prose,
    Solution,
    SymbolRow,
    Symbols,
)
from bookproof.reading.markdown import Lexer, make_parser

PROJECT = Project(root=Path("/p"), book=Path("/p"), source=Path("/p/src"))


def read(text: str) -> Chapter:
    return read_chapter(Path("/p/ch.md"), PROJECT, text)


def markers(chapter: Chapter) -> list[Marker]:
    return [e for e in chapter.elements if isinstance(e, Marker)]


def only(chapter: Chapter, kind: type):
    (found,) = (e for e in chapter.elements if isinstance(e, kind))
    return found


def rules(chapter: Chapter) -> list[str]:
    return [finding.rule for finding in chapter.findings]


def sound(chapter: Chapter) -> Chapter:
    assert [f.render() for f in chapter.findings] == []
    return chapter


def all_texts(value: object) -> Iterator[Text]:
    """Every Text within a record, however deep."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from all_texts(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from all_texts(inner)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from all_texts(getattr(value, field.name))


def assert_traceable(text: Text, source: str) -> None:
    """Every character of `text` stands where it says it stands."""
    lines = source.split("\n")
    for offset, mark in enumerate(text.text):
        if mark in "\n\ufffc":
            continue
        place = text.place(offset)
        line = lines[place.line - 1]
        if mark == " " and place.column > len(line):
            continue  # a line break within a role is a space on the page
        assert line[place.column - 1 : place.column] == mark, (text, offset)


# Places


def test_every_marker_of_a_paragraph_knows_its_line_and_column():
    source = (
        "# T\n\nOne {claim}`a = b` and\n   two {let}`x = 3`, {claim}`c=d`.\n"
    )
    places = [str(m.place) for m in markers(sound(read(source)))]
    assert places == ["ch.md:3:5", "ch.md:4:8", "ch.md:4:22"]


CONTAINERS = {
    "list": "- {}\n- second {}\n",
    "ordered": "1. {}\n\n   more {}\n2. x\n",
    "quote": "> {}\n> {}\n",
    "lazy quote": "> {}\n{}\n",
    "quote in list": "- > {}\n  > and {}\n",
    "table": "| a | b |\n|---|---|\n| {} | x |\n| y | {} |\n",
    "bare table": "a | b\n---|---\n{} | x\ny | {}\n",
    "table in list": "- x\n\n  | a | b |\n  |---|---|\n  | {} | {} |\n",
    "definition": "term {}\n: meaning {}\n",
    "footnote": "Text[^a].\n\n[^a]: Note {}\n    more {}\n",
    "box": "```{{note}}\n{}\n\n{}\n```\n",
    "box in list": "- ```{{note}}\n  {}\n  and {}\n  ```\n",
    "box in box": "````{{note}}\n```{{tip}}\n{}\n```\n{}\n````\n",
    "colon box": ":::{{note}}\n{} and\n{}\n:::\n",
    "titled box": ":::{{admonition}} Title {}\n:class: tip\n\n{}\n:::\n",
    "text on the first line": ":::{{note}} {}\n{}\n:::\n",
    "emphasis": "*{}* and **so {}**\n",
    "link": "[see {}](https://x.org) {}\n",
    "exercise": "```{{exercise}} ex\n:grade: warm-up\n\n{} {}\n```\n",
    "figure": "```{{figure}} a.png\n:alt: words\n\nCaption {} {}\n```\n",
    "entities": "a &amp; b \\* {} &nbsp; \\$ {}\n",
    "two roles": "{}{}\n",
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_the_slice_of_the_file_is_the_marker(container):
    first = "{claim}`alpha: a_1 = b`"
    second = "{fact}`about 3 times <f(2) < 4>`"
    source = "# T\n\n" + container.format(first, second)
    found = markers(read(source))
    assert [m.raw.text for m in found] == [first, second]
    for marker in found:
        line = source.split("\n")[marker.place.line - 1]
        start = marker.place.column - 1
        assert line[start:].startswith(marker.raw.text)
        for text in all_texts(marker):
            assert_traceable(text, source)


words = st.text("abc xyz", min_size=1, max_size=12).map(
    lambda text: " ".join(text.split()) or "a"
)
role = st.builds(
    "{{{}}}{}{} = {}{}".format,
    st.sampled_from(["claim", "let", "claim"]),
    st.just("`"),
    words,
    words,
    st.just("`"),
)
long_role = st.builds("{{claim}}``{}\n{}``".format, words, words)
fact = st.builds("{{fact}}`{} <{}>`".format, words, st.just("f(1) < 2"))
other = st.sampled_from(
    ["$x_1$", "`code`", "*so*", "**much**", "[here](#a)", "\\*", "&lt;", "é"]
)
paragraph = st.lists(
    st.one_of(words, role, long_role, fact, other), min_size=1, max_size=6
).map(" ".join)


def prefixed(first: str, rest: str, text: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        [first + lines[0], *(rest + line if line else "" for line in lines[1:])]
    )


def boxed(body: str) -> str:
    return f"{'`' * 8}{{note}}\n{body}\n{'`' * 8}"


def fence_safe(body: str) -> bool:
    return "`" * 8 not in body


blocks = st.recursive(
    paragraph,
    lambda inner: st.one_of(
        inner.map(lambda t: prefixed("- ", "  ", t)),
        inner.map(lambda t: prefixed("1. ", "   ", t)),
        inner.map(lambda t: prefixed("> ", "> ", t)),
        inner.filter(fence_safe).map(boxed),
        st.tuples(inner, inner).map("\n\n".join),
    ),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks)
def test_every_text_of_a_random_chapter_is_traceable(body):
    source = f"# T\n\n{body}\n"
    chapter = read(source)
    assert "internal" not in rules(chapter)
    for element in chapter.elements:
        for text in all_texts(element):
            if not isinstance(element, Prose):
                assert_traceable(text, source)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(blocks, st.text("ab`${}[]()!*_<>\\|-#: \n&;x", max_size=60)))
def test_recording_places_changes_nothing_of_what_is_read(text):
    plain = make_parser().parse(text)
    recorded = Lexer().blocks(text)
    for token in recorded:
        token.meta = {
            k: v for k, v in token.meta.items() if not k.startswith("bookproof")
        }
    assert [t.as_dict() for t in recorded] == [t.as_dict() for t in plain]


def test_prose_places_survive_escapes_and_entities():
    source = "# T\n\na &amp; b \\* *c* `d` e\n"
    prose = [e for e in read(source).elements if isinstance(e, Prose)][-1]
    assert prose.text.text == "a & b * c \ufffc e"
    assert prose.text.place(prose.text.text.index("e")).column == 22


# Markers


def test_labels_and_counters_name_the_markers():
    chapter = sound(
        read(
            "# The start\n\n{claim}`gain: 1 = 1` {claim}`a = b`\n\n"
            "## Fan-out adds\n\n{let}`x = 2` {fact}`two <x>`\n\n"
            "```{claim} shown\nx = 2\n```\n"
        )
    )
    ids = [m.id for m in markers(chapter)]
    assert ids == [
        "gain",
        "the-start-2",
        "fan-out-adds-1",
        "fan-out-adds-2",
        "shown",
    ]
    assert markers(chapter)[0].body.text == "1 = 1"


def test_a_label_used_twice_is_found_and_ids_stay_unique():
    chapter = read("# T\n\n{claim}`gain: a = b` {claim}`gain: c = d`\n")
    assert rules(chapter) == ["duplicate-label"]
    assert len({m.id for m in markers(chapter)}) == 2


def test_a_label_that_looks_like_a_counter_takes_nothing_away():
    chapter = sound(read("# Tea\n\n{let}`x = 2` {let}`tea-1: y = 3`\n"))
    first, second = (m.id for m in markers(chapter))
    assert second == "tea-1"
    assert first != second


def test_two_sections_of_one_title_have_ids_of_their_own():
    chapter = read("# T\n\n## A\n\n{let}`x = 2`\n\n## A\n\n{let}`y = 3`\n")
    assert [m.id for m in markers(chapter)] == ["a-1", "a-2-1"]


def test_words_end_at_the_first_angle_bracket():
    fact = markers(sound(read("# T\n\n{fact}`at most 3 <f(1) < g(2) > 0>`\n")))[
        0
    ]
    assert fact.body.text == "at most 3"
    assert fact.expression.text == "f(1) < g(2) > 0"


@pytest.mark.parametrize(
    "role",
    [
        "{fact}`about 3`",
        "{fact}`about 3 <f(>`",
        "{fact}`about 3 <a; b>`",
        "{fact}`about 3 <a = 1>`",
        "{fact}`about 3 <>`",
        "{fact}`<a>`",
        "{fact}`about <a> times`",
        "{cited}`in 1986`",
        "{unchecked}`words < >`",
        "{claim}` `",
    ],
)
def test_half_a_marker_is_found(role):
    chapter = read(f"# T\n\n{role}\n")
    assert rules(chapter) == [markers(chapter)[0].kind]


def test_redefine_is_a_let_that_may_shadow():
    (marker,) = markers(sound(read("# T\n\n{redefine}`x = 3`\n")))
    assert (marker.kind, marker.redefine) == ("let", True)


def test_a_display_claim_keeps_its_options_as_they_stand():
    source = (
        "# T\n\n```{claim} shown\n"
        ":for: \\ell in range(1, L); j in range(n)\n"
        ":where: a = 3\n:source: s2-a, s2-b\n\nx_\\ell = y\n```\n"
    )
    (marker,) = markers(sound(read(source)))
    assert marker.options["for"].text == r"\ell in range(1, L); j in range(n)"
    assert str(marker.options["for"].place()) == "ch.md:4:7"
    assert set(marker.options) == {"for", "where"}
    assert marker.sources == ("s2-a", "s2-b")
    assert (marker.body.text, str(marker.body.place())) == (
        r"x_\ell = y",
        "ch.md:8:1",
    )


def test_options_in_a_block_of_yaml_are_read_too():
    source = (
        "# T\n\n```{claim} shown\n---\nfor: i in range(3)\n---\nx = y\n```\n"
    )
    (marker,) = markers(sound(read(source)))
    assert str(marker.options["for"].place()) == "ch.md:5:6"
    assert str(marker.body.place()) == "ch.md:7:1"


@pytest.mark.parametrize(
    "options",
    [
        ":for: i in range(2)\n:for: j in range(3)",
        ':assuming: "a" in d',
        ":no-such-option: 1",
        ":where: a = 1  # a comment",
        ':where: "a = 1"',
        "",  # the option stands in the body, after a blank line
    ],
)
def test_options_that_would_be_dropped_are_found(options):
    body = "x = y" if options else "\n:for: i in range(2)\nx = y"
    chapter = read(f"# T\n\n```{{claim}} shown\n{options}\n{body}\n```\n")
    assert set(rules(chapter)) == {"directive-option"}


def test_a_solution_may_hold_claims_with_options():
    sound(
        read(
            "# T\n\n````{exercise} ex\nDo.\n````\n\n````{solution} ex\nSo:\n\n"
            "```{claim} shown\n:for: i in range(2)\n\nx = y\n```\n````\n"
        )
    )


# What stands with a marker


def test_roles_attach_to_the_marker_before_them():
    chapter = sound(
        read(
            "# T\n\n{claim}`a = b` {source}`s1-a, s1-b`, "
            "{claim}`c < d` {when}`e < 1` for {range}`\\ell = 1, \\dots, L` "
            "and {fact}`two <x>` {source}`s1-c`.\n"
        )
    )
    first, second, third = markers(chapter)
    assert first.sources == ("s1-a", "s1-b")
    assert [w.text for w in second.when] == ["e < 1"]
    assert second.range.text == r"\ell = 1, \dots, L"
    assert third.sources == ("s1-c",)


def test_a_condition_passes_over_markers_that_have_none():
    chapter = sound(
        read("# T\n\n{claim}`a < b`, {fact}`two <x>` {when}`e < 1`.\n")
    )
    claim, fact = markers(chapter)
    assert claim.when
    assert not fact.when


@pytest.mark.parametrize(
    "text",
    [
        "```{claim} shown\na = b\n```\n{source}`s1-a` ends it.\n",
        "For {source}`s1-a` we have\n\n```{claim} shown\na = b\n```\n",
        "- ```{claim} shown\n  a = b\n  ```\n  {source}`s1-a` ends it.\n",
    ],
)
def test_roles_attach_to_a_display_beside_them(text):
    (marker,) = markers(sound(read(f"# T\n\n{text}")))
    assert marker.sources == ("s1-a",)


@pytest.mark.parametrize(
    "text",
    [
        "{source}`s1-a` alone.\n",
        "{when}`a < b` at first.\n\nWords.\n\n```{claim}\na = b\n```\n",
        "{fact}`two <x>` {when}`a < b`\n",
        "```{claim}\na = b\n```\n\nWords.\n\n{source}`s1-a`\n",
        "{source}`s1-a` above.\n\n$$x$$\n\n```{claim}\na = b\n```\n",
        "{claim}`a = b` {range}`i = 1` {range}`j = 2`\n",
    ],
)
def test_roles_that_stand_alone_are_found(text):
    assert rules(read(f"# T\n\n{text}")) == ["unattached"]


# Cells, chunks, symbols, figures, exercises

FRONT = "---\njupytext: {}\nkernelspec: {}\n---\n\n"


@pytest.mark.parametrize(
    "fence",
    [
        "```{code-cell}\n:tags: [hide-input]\n\nx = 1\n```\n",
        "```{code-cell} ipython3\n---\ntags: [hide-input]\n---\nx = 1\n```\n",
        "```{code-cell} ipython3\n:tags: [hide-input]\nx = 1\n```\n",
    ],
)
def test_cells_with_either_form_of_options(fence):
    cell = only(sound(read(f"{FRONT}# T\n\n{fence}")), Cell)
    assert (cell.tags, cell.body.text) == (("hide-input",), "x = 1")
    assert_traceable(cell.body, f"{FRONT}# T\n\n{fence}")


def test_a_cell_without_options_keeps_its_first_line():
    source = f"{FRONT}# T\n\n```{{code-cell}} ipython3\nx = 1\n\ny = 2\n```\n"
    cell = only(sound(read(source)), Cell)
    assert cell.body.text == "x = 1\n\ny = 2"
    assert str(cell.body.place()) == "ch.md:9:1"


def test_a_cells_figure_prints_its_caption_and_alt_text():
    source = (
        f"{FRONT}# T\n\n```{{code-cell}}\n---\nmystnb:\n"
        '  image: {alt: "Two curves"}\n'
        '  figure: {name: fig-a, caption: "So {fact}`3 <x>` it is"}\n'
        "---\nplot()\n```\n"
    )
    chapter = sound(read(source))
    figure = only(chapter, Figure)
    assert (figure.alt, figure.target) == ("Two curves", "fig-a")
    (marker,) = markers(chapter)
    assert marker.raw.text == "{fact}`3 <x>`"
    assert_traceable(marker.raw, source)
    kinds = [e.kind for e in chapter.elements if isinstance(e, Prose)]
    assert kinds == ["heading", "alt", "caption"]


def test_cells_need_the_front_matter():
    assert rules(read("# T\n\n```{code-cell}\nx\n```\n")) == ["front-matter"]
    assert rules(read("---\na: [\n---\n\n# T\n")) == ["front-matter"]


@pytest.mark.parametrize("key", ["myst", "title", "mystnb"])
def test_the_front_matter_may_not_change_how_the_page_is_read(key):
    source = f"---\n{key}: {{enable_extensions: [amsmath]}}\n---\n\n# T\n"
    assert rules(read(source)) == ["front-matter"]


def test_front_matter_in_a_box_would_vanish_and_is_found():
    source = "# T\n\n```{epigraph}\n---\na: so\n---\nWords.\n```\n"
    assert rules(read(source)) == ["front-matter"]


def test_a_cell_that_is_loaded_from_elsewhere_is_found():
    source = f"{FRONT}# T\n\n```{{code-cell}}\n:load: a.py\n```\n"
    assert rules(read(source)) == ["refused-markup"]


@pytest.mark.parametrize(
    "text",
    [
        "````{note}\n```{code-cell}\nx\n```\n````\n",
        "- ```{code-cell}\n  x\n  ```\n",
        "> ```{code-cell}\n> x\n> ```\n",
        ":::{code-cell}\nx\n:::\n",
        "``` {code-cell}\nx\n```\n",
    ],
)
def test_a_cell_that_would_not_be_run_is_found(text):
    assert rules(read(f"{FRONT}# T\n\n{text}")) == ["broken-markup"]


def test_a_chunk_has_target_name_and_code():
    source = (
        "# T\n\n```{chunk} chainrule/a.py\n:name: Add the two\n:label: add\n\n"
        "def f():\n\n    return 1\n```\n"
    )
    chunk = only(sound(read(source)), Chunk)
    assert (chunk.target, chunk.name, chunk.label) == (
        "chainrule/a.py",
        "Add the two",
        "add",
    )
    assert chunk.body.text == "def f():\n\n    return 1"
    assert_traceable(chunk.body, source)


def test_a_fence_in_a_comment_or_a_literal_is_no_chunk():
    chapter = read(
        "# T\n\n% ```{chunk} a.py\n\n````text\n```{chunk} b.py\nx\n```\n````\n"
    )
    assert not [e for e in chapter.elements if isinstance(e, Chunk)]


def test_the_table_of_symbols():
    source = (
        "# T\n\n```{symbols}\n| symbol | meaning | shape | value |\n"
        "|---|---|---|---|\n"
        "| $W^{(\\ell)}$ | weights of $f$ | $n$ | `net.W[ell]` |\n"
        "| $x$ | the input | | |\n```\n"
    )
    chapter = sound(read(source))
    table = only(chapter, Symbols)
    assert [(r.symbol.text, r.value and r.value.text) for r in table.rows] == [
        (r"W^{(\ell)}", "net.W[ell]"),
        ("x", None),
    ]
    for row in table.rows:
        assert isinstance(row, SymbolRow)
        for text in all_texts(row):
            assert_traceable(text, source)
    math = [e.body.text for e in chapter.elements if isinstance(e, PlainMath)]
    assert math == ["f", "n"]


@pytest.mark.parametrize(
    "row",
    [
        "| W | weights | n | `w` |",
        "| $W$ and $V$ | weights | n | `w` |",
        "| $W$ | weights | n | w |",
    ],
)
def test_a_row_that_binds_nothing_is_found(row):
    source = (
        "# T\n\n```{symbols}\n| symbol | meaning | shape | value |\n"
        f"|---|---|---|---|\n{row}\n```\n"
    )
    assert rules(read(source)) == ["symbols"]


def test_a_table_of_symbols_with_another_header_is_found():
    source = (
        "# T\n\n```{symbols}\n| symbol | value |\n|---|---|\n| $x$ | |\n```\n"
    )
    assert rules(read(source)) == ["symbols"]


def test_an_exercise_and_its_solution():
    source = (
        "# T\n\n````{exercise} add\n:grade: build\n\nDo {claim}`a = b`.\n\n"
        "```{starter}\ndef f(): ...\n```\n```{check}\nassert f()\n```\n````\n\n"
        "````{solution} add\nSo.\n\n```{code}\n"
        "def f():\n    return 1\n```\n````\n"
    )
    chapter = sound(read(source))
    exercise, solution = only(chapter, Exercise), only(chapter, Solution)
    assert (exercise.label, exercise.grade) == ("add", "build")
    assert exercise.starter.text == "def f(): ..."
    assert exercise.check.text == "assert f()"
    assert solution.code.text == "def f():\n    return 1"
    for text in (*all_texts(exercise), *all_texts(solution)):
        assert_traceable(text, source)
    order = [type(e).__name__ for e in chapter.elements]
    assert order.index("Exercise") < order.index("Marker")


@pytest.mark.parametrize(
    "text",
    [
        "```{starter}\nx\n```\n",
        "````{exercise} add\nDo.\n\n```{code}\nx\n```\n````\n",
        "````{exercise} add\n```{check}\nx\n```\n```{check}\ny\n```\n````\n",
    ],
)
def test_parts_in_the_wrong_place_are_found(text):
    assert rules(read(f"# T\n\n{text}")) == ["exercise"]


def test_mathematics_outside_markers_is_kept():
    source = (
        "# T\n\nBy $x_1$ and {math}`y`:\n\n$$\nz\n$$\n\n```{math}\nw\n```\n"
    )
    chapter = sound(read(source))
    math = [e for e in chapter.elements if isinstance(e, PlainMath)]
    assert [(m.body.text, m.display) for m in math] == [
        ("x_1", False),
        ("y", False),
        ("z", True),
        ("w", True),
    ]
    for element in math:
        assert_traceable(element.body, source)


def test_headings_and_their_slugs():
    chapter = sound(read("# The chain rule\n\n## Fan-out *adds*\n\nWords.\n"))
    heads = [e for e in chapter.elements if isinstance(e, Heading)]
    assert [(h.level, h.title, h.slug) for h in heads] == [
        (1, "The chain rule", "the-chain-rule"),
        (2, "Fan-out adds", "fan-out-adds"),
    ]
    assert chapter.title == "The chain rule"
    assert slug("δ") == "section"


def test_a_marker_in_a_heading_is_found():
    assert rules(read("# T\n\n## So {claim}`a = b`\n")) == ["heading"]


# Bytes


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"# T\n\nab\xe9c\n", "ch.md:3:3"),
        (b"\xef\xbb\xbf# T\n", "ch.md:1:1"),
        (b"# T\r\n\r\nx\r\n", "ch.md:1:1"),
    ],
)
def test_bytes_that_are_no_plain_text_are_found(tmp_path, data, place):
    project = Project(root=tmp_path, book=tmp_path, source=tmp_path)
    (tmp_path / "ch.md").write_bytes(data)
    chapter = read_chapter(tmp_path / "ch.md", project)
    assert [(f.rule, str(f.place)) for f in chapter.findings] == [
        ("encoding", place)
    ]
    assert chapter.title == "T"


def test_a_file_that_is_not_there_says_so(tmp_path):
    project = Project(root=tmp_path, book=tmp_path, source=tmp_path)
    with pytest.raises(BookError, match="No such file"):
        read_chapter(tmp_path / "none.md", project)


@pytest.mark.parametrize("mark", ["\t", "\x0c", "\u2028", "\u200b", "\x00"])
def test_characters_that_hide_or_split_are_found(mark):
    assert "character" in rules(read(f"# T\n\na{mark}b\n"))


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_at_all_can_stop_the_reader(text):
    read(text)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["```", "{claim}", "`", "\n", ":for: x", "---", "|", "$", "- ",
             "> ", "{symbols}", "{exercise} a", "{code-cell}", "\n\n", "<a>",
             "{note}", "````", ":::", "x = 1", "# H", "{solution}", "   "]
        ),
        max_size=40,
    ).map("".join)
)  # fmt: skip
def test_no_heap_of_markup_can_stop_the_reader(text):
    read(text)
