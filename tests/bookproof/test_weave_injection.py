"""Nothing that an author types becomes markup or a script of the page.

One chapter holds hostile text wherever text is printed. Most of it is refused
by the check; it is woven all the same, and the pages are read as a browser
reads them.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from weave_book import FRONT, SmallBook

PAYLOADS = {
    "script": "<script>attack()</script>",
    "quote": '"><img src=x onerror=attack()>',
    "apostrophe": "' onmouseover='attack()' x='",
    "style": "</style></title></textarea></script><svg onload=attack()>",
    "comment": "--><iframe src=x></iframe><!--",
    "link": "[words](javascript:attack())",
    "autolink": "<javascript:attack()>",
    "entity": "&lt;script&gt;attack()&lt;/script&gt; &#60;b onclick=attack()>",
    "fullwidth": "\uff1cscript\uff1eattack()\uff1c/script\uff1e",
    "direction": "\u202e<img src=x onerror=attack()>\u202c",
    "data": "![words](data:text/html;base64,PHNjcmlwdD4=)",
}
TEX = {
    "href": r"\href{javascript:attack()}{x} = 1",
    "url": r"\url{javascript:attack()} = 1",
    "html": r"\htmlData{onclick=attack()}{x} = 1",
    "style": r"\htmlStyle{background:url(//a.b)}{x} = 1",
    "image": r"\includegraphics{https://a.b/c.png} = 1",
    "text": r"\text{<img src=x onerror=attack()>} = 1",
    "script": r"x <script>attack()</script> = 1",
    "macro": r"\def\x{\href{javascript:attack()}{x}}\x = 1",
}


def chapter(payload: str, tex: str) -> str:
    """Hostile text in every place that a chapter prints."""
    quoted = payload.replace("\\", "\\\\").replace('"', '\\"')
    return (
        FRONT
        + f"""
# Title {payload}

## Section {payload}

Plain {payload} words, `code {payload}`, *{payload}*, [{payload}](#x).

```{{symbols}}
| symbol | meaning | shape | value |
|---|---|---|---|
| $w$ | meaning {payload} | shape {payload} | `w` |
| ${tex}$ | words | number | `w` |
```

{{let}}`{tex}` and {{claim}}`{tex}`, {{fact}}`fact {payload} <w>`,
{{cited}}`cited {payload} <evil>`, {{source}}`{payload}`, ${tex}$ too, and
{{unchecked}}`unchecked {payload} <reason {payload}>`.

```{{claim}} label {payload}
:loose: {payload}
:source: {payload}
{tex}
```

```{{figure}} no.png
:alt: alt {payload}

Caption {payload}
```

```{{margin}}
Margin {payload}
```

```{{admonition}} Box {payload}
Words {payload}
```

| a {payload} | b |
|---|---|
| c {payload} | d |

Code:

```{{chunk}} evil.py
:name: Chunk {payload}
:label: {payload}

# {payload}
<<Fragment {payload}>>
<<Nobody {payload}>>
```

And:

```{{chunk}}
:name: Fragment {payload}

'''{payload}'''
```

```{{code-cell}} ipython3
print("{quoted}")
"{quoted}"
```

```{{code-cell}} ipython3
---
mystnb:
  image: {{alt: "{quoted}"}}
  figure: {{name: fig-x, caption: "{quoted}"}}
tags: [raises-exception]
---
raise ValueError("{quoted}")
```

````{{exercise}} label-x
:title: Title {payload}
:grade: {payload}
Words {payload}
```{{starter}}
# {payload}
```
````
````{{solution}} label-x
Words {payload}
```{{code}}
# {payload}
```
````
"""
    )


BIBLIOGRAPHY = """
@article{evil,
  author = {Evil PAYLOAD},
  title = {Title PAYLOAD},
  journal = {Journal PAYLOAD},
  url = {javascript:attack()},
  doi = {"><img src=x onerror=attack()>},
  note = {Note PAYLOAD},
  year = {1984},
}
"""

_ADDRESSES = ("href", "src", "action", "formaction", "xlink:href", "data")
_FORBIDDEN = ("iframe", "object", "embed", "base", "applet", "frame", "portal")


class Active(HTMLParser):
    """All on a page that could act."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: set[str] = set()
        self.bad: list[str] = []
        self._script: str | None = None
        self._style = False
        self.feed(text)
        self.close()

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "script":
            self._script = values.get("src", "")
        self._style = tag == "style"
        if tag in _FORBIDDEN or "http-equiv" in values:
            self.bad.append(f"<{tag}> {values}")
        for name, value in values.items():
            squeezed = "".join(value.split()).lower()
            if name.startswith("on") or name == "srcdoc":
                self.bad.append(f"<{tag} {name}={value!r}>")
            if name in _ADDRESSES and squeezed.startswith(
                ("javascript:", "vbscript:", "data:text")
            ):
                self.bad.append(f"<{tag} {name}={value!r}>")
            if name == "style" and "url(" in squeezed:
                self.bad.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self.scripts.add(self._script.strip())
            self._script = None


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Active], dict[str, Active]]:
    """The pages of the small book, and those of the same book attacked."""
    small = SmallBook(tmp_path_factory.mktemp("attacked"))
    small.weave("plain")  # unchecked: its scripts are the same
    names = []
    tex = list(TEX.values())
    for number, (name, payload) in enumerate(PAYLOADS.items()):
        text = chapter(payload, tex[number % len(tex)])
        (small.root / "book" / f"evil-{name}.md").write_text(text, "utf-8")
        names.append(f"evil-{name}")
    small.edit("index.md", "using\n", "using\n" + "\n".join(names) + "\n")
    every = " ".join(PAYLOADS.values())
    with (small.root / "book/references.bib").open("a") as file:
        file.write(BIBLIOGRAPHY.replace("PAYLOAD", every.replace('"', "''")))
    with (small.root / "book/claims.toml").open("a") as file:
        words = every.replace("'''", "")
        file.write(
            f"\n[[claim]]\nid = '<img onerror=attack()>'\n"
            f"statement = '''{words}'''\nkind = 'identity'\n"
        )
    assert small.check().returncode != 0  # and yet:
    small.weave("attacked")
    return tuple(  # type: ignore[return-value]
        {
            path.relative_to(small.root / "build" / out).as_posix(): Active(
                path.read_text(encoding="utf-8")
            )
            for path in _written(small.root / "build" / out)
        }
        for out in ("plain", "attacked")
    )


def _written(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


Both = tuple[dict[str, Active], dict[str, Active]]


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_attacked_page_was_written(pages: Both, name: str) -> None:
    assert f"evil-{name}.html" in pages[1]
    assert f"ledger/evil-{name}.html" in pages[1]


def test_no_page_can_act(pages: Both) -> None:
    for name, page in pages[1].items():
        assert page.bad == [], name


def test_no_page_has_a_script_that_others_have_not(pages: Both) -> None:
    # The book of `plain` is unchecked, so it has no page of a ledger.
    known = {"ledger.js"}.union(*map(_scripts, pages[0].values()))
    for name, page in pages[1].items():
        assert _scripts(page) <= known, name


def _scripts(page: Active) -> set[str]:
    """The names of the scripts that a page loads, the text of the others."""
    return {
        script.rpartition("/")[2].partition("?")[0] for script in page.scripts
    }


def test_the_reader_of_pages_sees_what_acts() -> None:
    page = Active(
        "<p onclick='x()'><a href=' java\nscript:x()'></a><iframe></iframe>"
        "<script>x()</script>"
    )
    assert len(page.bad) == 3
    assert page.scripts == {"x()"}
