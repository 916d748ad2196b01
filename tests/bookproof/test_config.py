"""The project: its settings, and the order of its chapters."""

from __future__ import annotations

from pathlib import Path

import pytest

from bookproof.config import MYST_EXTENSIONS, Project
from bookproof.diagnostics import BookError
from bookproof.reading.markdown import make_parser


def make(root: Path, files: dict[str, str], settings: str = "") -> Project:
    (root / "pyproject.toml").write_text(f"[tool.bookproof]\n{settings}")
    for name, text in files.items():
        path = root / "book" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Project.find(root)


def names(project: Project) -> list[str]:
    return [
        path.relative_to(project.book).as_posix() for path in project.chapters()
    ]


def rules(project: Project) -> list[tuple[str, str]]:
    with pytest.raises(BookError) as error:
        project.chapters()
    return [(f.rule, str(f.place)) for f in error.value.findings]


def toctree(*entries: str) -> str:
    return (
        "# T\n\n```{toctree}\n:maxdepth: 1\n\n" + "\n".join(entries) + "\n```\n"
    )


def test_a_project_is_found_from_anywhere_within(tmp_path):
    project = make(
        tmp_path,
        {"a.md": "# A\n", "claims.toml": ""},
        'cell_seconds = 3\n[tool.bookproof.macros]\n"\\\\R" = "\\\\mathbb{R}"\n'
        '[tool.bookproof.directives]\naside = {body = "myst"}\n',
    )
    assert Project.find(tmp_path / "book" / "a.md") == project
    assert project.root == tmp_path
    assert project.book == tmp_path / "book"
    assert project.source == tmp_path / "src"
    assert project.statements == tmp_path / "book" / "claims.toml"
    assert project.macros == {r"\R": r"\mathbb{R}"}
    assert project.directives == {"aside": {"body": "myst"}}
    assert (project.cell_seconds, project.chapter_seconds) == (3.0, 120.0)
    assert project.relative(tmp_path / "book" / "a.md") == "book/a.md"
    assert project.relative(Path("/else/a.md")) == "/else/a.md"


def test_a_setting_that_is_misspelt_is_an_error(tmp_path):
    with pytest.raises(BookError, match='"allow" or "refuse", not \'refus\''):
        make(tmp_path, {}, 'unbound_mathematics = "refus"\n')


def test_a_file_outside_any_project_is_a_project_of_its_own(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "b.md").write_text("# B\n")
    (tmp_path / "a.md").write_text("# A\n")
    project = Project.find(tmp_path / "a.md")
    assert project.book == project.root == tmp_path
    assert project.statements is None
    assert names(project) == ["a.md", "b.md"]


def test_settings_that_cannot_be_read_say_where(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(BookError, match=r"pyproject\.toml:1"):
        Project.find(tmp_path)


def test_chapters_come_in_the_order_of_the_tables_of_contents(tmp_path):
    project = make(
        tmp_path,
        {
            "index.md": toctree("b", "Title <part/index>")
            + toctree("a.md", "https://x.org"),
            "a.md": "# A\n",
            "b.md": "# B\n",
            "part/index.md": toctree("z"),
            "part/z.md": "# Z\n",
            "_static/note.md": "not a chapter\n",
        },
    )
    assert names(project) == [
        "index.md",
        "b.md",
        "part/index.md",
        "part/z.md",
        "a.md",
    ]


@pytest.mark.parametrize(
    ("entries", "place"),
    [
        (["a", "b"], "book/c.md:1:1"),
        (["a", "b", "c", "d"], "book/index.md:9:1"),
        (["a", "b", "c", "a"], "book/index.md:9:1"),
        (["a", "b", "c", "*"], "book/index.md:9:1"),
    ],
)
def test_contents_and_folder_must_agree(tmp_path, entries, place):
    files = {f"{name}.md": f"# {name}\n" for name in "abc"}
    project = make(tmp_path, {**files, "index.md": toctree(*entries)})
    assert rules(project) == [("toctree", place)]


def test_a_table_of_contents_in_a_comment_lists_nothing(tmp_path):
    listing = "\n".join(f"% {line}" for line in toctree("a").split("\n"))
    project = make(tmp_path, {"index.md": f"# T\n\n{listing}", "a.md": "# A\n"})
    assert rules(project) == [("toctree", "book/a.md:1:1")]


def test_the_parser_has_the_extensions_that_the_pages_have():
    config = make_parser().options["myst_config"]
    assert config.enable_extensions == set(MYST_EXTENSIONS)
