"""A small book, checked and woven once; what stands on its pages."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from weave_book import SmallBook


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    small = SmallBook(tmp_path_factory.mktemp("small"))
    checked = small.check()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert small.mutate_code().returncode == 1
    woven = small.weave()
    assert woven.returncode == 0, woven.stdout + woven.stderr
    return small


class Resources(HTMLParser):
    """Everything that a browser fetches to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        values = {name: value or "" for name, value in attrs}
        self.found += [values[n] for n in ("src", "data") if n in values]
        fetched = ("stylesheet", "preload", "icon", "modulepreload")
        if tag == "link" and set(values.get("rel", "").split()) & {*fetched}:
            self.found.append(values.get("href", ""))


def pages(book: SmallBook, out: str = "html") -> list[Path]:
    return sorted((book.root / "build" / out).rglob("*.html"))


def test_no_page_fetches_anything_from_elsewhere(book: SmallBook) -> None:
    assert len(pages(book)) > 6
    for path in pages(book):
        reader = Resources()
        reader.feed(path.read_text(encoding="utf-8"))
        assert reader.found
        for address in reader.found:
            assert not re.match(r"(https?:)?//", address), (path, address)


def test_no_stylesheet_fetches_anything_from_elsewhere(
    book: SmallBook,
) -> None:
    sheets = sorted((book.root / "build/html").rglob("*.css"))
    assert sheets
    for path in sheets:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"@import[^;]*//", text), path
        assert not re.search(r"url\(\s*[\"']?(https?:)?//", text), path


def test_every_file_that_a_stylesheet_names_is_there(book: SmallBook) -> None:
    for path in (book.root / "build/html/_static").rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r"url\([\"']?([^\"')]+)", text):
            if not address.startswith(("data:", "#")):
                assert (path.parent / address).is_file(), (path, address)


@pytest.mark.parametrize("name", ["adding", "using"])
def test_the_page_holds_the_ids_of_the_ledger(
    book: SmallBook, name: str
) -> None:
    record = book.root / f"build/ledger/{name}.json"
    kinds = ("let", "claim", "fact", "cited", "unchecked")
    wanted = Counter(
        f"{name}::{entry['id']}"
        for entry in json.loads(record.read_text(encoding="utf-8"))["entries"]
        if entry["kind"] in kinds
    )
    found = re.findall(r'data-claim="([^"]*)"', book.page(name))
    assert Counter(map(html.unescape, found)) == wanted
    assert len(wanted) >= 1


def test_a_claim_is_marked_as_holding_with_its_values(
    book: SmallBook,
) -> None:
    mark = re.search(
        r'<span [^>]*data-claim="adding::three"[^>]*>', book.page("adding")
    )
    assert mark
    assert "mark-claim holds" in mark[0]
    assert 'title="checked: 4 = 4"' in mark[0]


def test_a_term_shows_without_the_expression_it_is_bound_to(
    book: SmallBook,
) -> None:
    page = book.page("adding")
    mark = re.search(r'<span [^>]*data-claim="adding::term"[^>]*>', page)
    assert mark
    assert "mark-claim holds" in mark[0]
    assert 'title="checked: 8 = 8"' in mark[0]
    assert "w + 3" not in page
    row = re.search(r'<tr id="adding-term".*?</tr>', book.page("ledger/adding"))
    assert row
    assert "<code" in row[0]
    assert "w + 3</code>" in row[0]


def test_the_other_marks_say_what_they_are(book: SmallBook) -> None:
    page = book.page("adding")
    assert re.search(r'class="mark mark-fact holds short"[^>]*>about 5<', page)
    assert re.search(r'class="mark mark-cited cited"', page)
    assert 'title="not checked: a matter of taste"' in page
    assert "&lt;w&gt;" not in page
    assert "knuth1984&gt;" not in page


def test_formulas_are_set_before_the_page_is_shipped(book: SmallBook) -> None:
    page = book.page("adding")
    assert '<span class="katex">' in page
    assert "<math" in page
    scripts = (book.root / "build/html/_static").rglob("*katex*.js")
    assert not list(scripts)


def test_a_piece_of_code_knows_its_neighbours(book: SmallBook) -> None:
    adding, using = book.page("adding"), book.page("using")
    assert 'continued in <a href="using.html#code-add-three-numbers"' in adding
    assert 'continues <a href="adding.html#code-add-two-numbers"' in using
    assert 'used in <a href="#code-add-two-numbers"' in adding


def test_a_fragment_opens_where_it_is_included(book: SmallBook) -> None:
    """Without a script, with the indentation it will have."""
    page = book.page("adding")
    opened = re.search(r'<details class="included">(.*?)</details>', page, re.S)
    assert opened
    text = html.unescape(re.sub(r"<[^>]+>", "", opened[1]))
    assert "⟨Work it out⟩" in text
    assert "    return a + b\n" in text
    assert 'href="#code-work-it-out"' in opened[1]


def test_the_source_file_has_a_page_that_leads_back(book: SmallBook) -> None:
    page = book.page("code/small/adding")
    assert 'href="../../adding.html#code-add-two-numbers"' in page
    assert 'href="../../using.html#code-add-three-numbers"' in page
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "return a + b" in text


def test_identifiers_lead_to_the_piece_that_defines_them(
    book: SmallBook,
) -> None:
    entry = 'href="using.html#code-add-three-numbers"><code>add_three</code>'
    page = book.page("identifiers")
    assert entry in page
    assert 'href="code/small/adding.html#code-add-three-numbers"' in page
    link = 'href="identifiers.html#name-small.adding.add_three"'
    assert f"defines <a {link}" in book.page("using")
    assert 'id="name-small.adding.add_three"' in page


def test_the_notation_is_put_together_from_the_chapters(
    book: SmallBook,
) -> None:
    page = book.page("notation")
    assert "a weight" in page
    assert 'id="notation-adding"' in page
    assert 'href="adding.html"' in page.partition("<article")[2]


@pytest.mark.parametrize("name", ["notation", "identifiers", "code", "ledger"])
def test_no_anchor_stands_twice_on_a_page(book: SmallBook, name: str) -> None:
    anchors = re.findall(r' id="([^"]*)"', book.page(name))
    assert anchors
    assert len(anchors) == len(set(anchors))


def test_the_filters_of_a_ledger_are_there_when_it_is_painted(
    book: SmallBook,
) -> None:
    head = book.page("ledger/adding").partition("</head>")[0]
    script = '<script blocking="render" defer src="../_static/ledger.js">'
    assert script in head


def test_the_ledger_tells_which_changes_of_the_code_are_noticed(
    book: SmallBook,
) -> None:
    summary = book.page("ledger")
    row = re.search(r"<tr><td><a[^>]*>Adding</a>.*?</tr>", summary)
    assert row is not None
    assert "<td>0 of 1 (0 %)</td>" in row[0]
    page = book.page("ledger/adding")
    left = page[page.index("Not noticed") :]
    link = re.search(r'<li><a href="([^"]*)">([^<]*)</a>', left)
    assert link is not None
    assert link[1] == "../adding.html#code-work-it-out"
    assert link[2] == "Work it out"
    assert "<code>+ -&gt; -</code>" in left
    assert 'id="code-work-it-out"' in book.page("adding")
    assert "Not noticed" not in book.page("ledger/using")


def test_the_ledger_counts_and_lists_statements(book: SmallBook) -> None:
    page = book.page("ledger")
    assert 'href="ledger/adding.html"' in page
    assert 'id="statement-s-squares"' in page
    assert "statement-s-open" not in page


class Rows(HTMLParser):
    """The rows of a ledger page: what a filter sees, and the words."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, str]] = {}
        self.words: dict[str, str] = {}
        self._row = ""

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "tr":
            self._row = values["id"]
            self.rows[self._row] = values
            self.words[self._row] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._row = ""

    def handle_data(self, data: str) -> None:
        if self._row:
            self.words[self._row] += data


def test_a_chapter_has_a_row_for_each_statement(book: SmallBook) -> None:
    reader = Rows()
    reader.feed(book.page("ledger/adding"))
    record = book.root / "build/ledger/adding.json"
    entries = json.loads(record.read_text(encoding="utf-8"))["entries"]
    kinds = ("let", "claim", "fact", "cited", "unchecked", "cell")
    wanted = Counter(e["kind"] for e in entries if e["kind"] in kinds)
    assert Counter(r["data-kind"] for r in reader.rows.values()) == wanted
    row = reader.rows["adding-squares"]
    assert (row["data-verdict"], row["data-source"]) == ("holds", "s-squares")
    assert "9 | 9" in reader.words["adding-squares"]
    assert reader.words["adding-three"].rstrip().endswith("rests on xx")
    states = {r["data-verdict"] for r in reader.rows.values()}
    assert states == {"holds", "ran", "cited", "unchecked"}


def test_the_drawing_has_the_edges_that_the_chapter_has(
    book: SmallBook,
) -> None:
    """The right side was written by reading the chapter."""
    page = book.page("ledger/adding")
    names = {
        number: html.unescape(
            re.sub(r"<annotation.*?</annotation>|<[^>]+>", "", words)
        )
        for number, words in re.findall(
            r'data-line="(\d+)">(.*?)</div>', page, re.S
        )
    }
    edges = re.findall(r'data-used="(\d+)" data-user="(\d+)"', page)
    assert {(names[used], names[user]) for used, user in edges} == {
        ("cell 1", "symbol w"),
        ("cell 1", "fact 5"),
        ("cell 1", "claim term"),
        ("symbol w", "claim term"),
        ("symbol w", "claim 8"),
        ("let x", "claim three"),
        ("let x", "claim term"),
        ("let x", "claim squares"),
    }


class Links(HTMLParser):
    """The ids of a page, and the addresses that it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a" and "href" in values:
            self.addresses.append(values["href"])


def test_every_link_leads_to_something(book: SmallBook) -> None:
    read = {}
    for path in pages(book):
        read[path] = Links()
        read[path].feed(path.read_text(encoding="utf-8"))
    for path, reader in read.items():
        assert len(reader.ids) == len(set(reader.ids)), path
        for address in reader.addresses:
            if re.match(r"[a-z]+:", address):
                continue
            file, _, anchor = address.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), (path, address)
            if anchor:
                assert anchor in read[target].ids, (path, address)


def test_solutions_are_folded_and_starters_are_not(book: SmallBook) -> None:
    page = book.page("adding")
    assert re.search(r'<details class="solution">\s*<summary>', page)
    assert 'class="grade grade-build"' in page
    assert page.index("NotImplementedError") < page.index('<details class="sol')


def test_a_title_keeps_capitals_accents_and_code(book: SmallBook) -> None:
    (heading,) = re.findall(
        r'<p class="exercise-title">(.*?)</p>', book.page("adding"), re.DOTALL
    )
    assert heading.startswith("Gauß adds with <code")
    (link,) = re.findall(
        r'<a [^>]*#exercise-add-up">(.*?)</a>', book.page("using"), re.DOTALL
    )
    assert re.sub(r"<[^>]+>", "", link) == "Gauß adds with sum"


def test_figures_have_a_size_and_a_text(book: SmallBook) -> None:
    image = re.search(r"<img [^>]*_images[^>]*>", book.page("adding"))
    assert image
    assert re.search(r'width="\d+" height="\d+"', image[0])
    assert 'alt="A line that rises"' in image[0]


def test_no_kernel_is_needed_for_outputs(book: SmallBook) -> None:
    assert "seen" in book.page("adding")


def test_two_clean_builds_are_equal_byte_for_byte(book: SmallBook) -> None:
    """And it makes no difference how many processes read and write."""
    again = book.weave("again", "-j", "2")
    assert again.returncode == 0, again.stderr
    first, second = (book.root / "build" / out for out in ("html", "again"))
    names = sorted(p.relative_to(first) for p in first.rglob("*"))
    assert names == sorted(p.relative_to(second) for p in second.rglob("*"))
    for name in names:
        if (first / name).is_file():
            one, other = ((f / name).read_bytes() for f in (first, second))
            assert one == other, name
