"""Tangling: all or nothing, nothing by hand lost, nothing outside."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bookproof.config import Project
from bookproof.diagnostics import BookError
from bookproof.reading.chapter import read_chapter
from bookproof.tangling.stitch import stitch
from bookproof.tangling.tangle import (
    RECORD,
    Tangled,
    check,
    main,
    tangle,
    write,
)

ONE = '''# One

Words.

```{chunk} pkg/a.py
"""A."""
```

So we say

```{chunk} pkg/a.py
:name: Set the first

X = 1
```

and elsewhere

```{chunk} pkg/b.py
"""B."""

Y = 2
```
'''


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "pyproject.toml").write_text("[tool.bookproof]\n")
    (tmp_path / "book").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "book" / "one.md").write_text(ONE)
    return Project.find(tmp_path)


def read(project: Project) -> Tangled:
    chapters = [read_chapter(p, project) for p in project.chapters()]
    return tangle(chapters, project)


def rewrite(project: Project, old: str, new: str) -> None:
    path = project.book / "one.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def files(project: Project) -> dict[str, str]:
    """All that is in the source folder."""
    return {
        path.relative_to(project.source).as_posix(): path.read_text()
        for path in sorted(project.source.rglob("*"))
        if path.is_file()
    }


def refused(project: Project) -> list[str]:
    """The rules that stop a write; the files must stay as they are."""
    before = files(project)
    with pytest.raises(BookError) as error:
        write(read(project), project)
    assert files(project) == before
    return [finding.rule for finding in error.value.findings]


def rules(project: Project) -> list[str]:
    return [finding.rule for finding in check(read(project), project)]


def test_the_first_tangle_writes_the_files_and_their_digests(project):
    done = write(read(project), project)
    assert done == ["wrote src/pkg/a.py", "wrote src/pkg/b.py"]
    found = files(project)
    assert set(found) == {RECORD, "pkg/a.py", "pkg/b.py"}
    assert found["pkg/a.py"] == (
        "# Edit the book, or edit here and stitch.\n"
        '"""A."""\n\n# Set the first\nX = 1\n'
    )
    rows = found[RECORD].splitlines()
    assert [row[64:] for row in rows] == ["  pkg/a.py", "  pkg/b.py"]
    assert rules(project) == []


def test_files_that_are_up_to_date_are_not_touched(project):
    write(read(project), project)
    for path in project.source.rglob("*.py"):
        os.utime(path, (1, 1))
    os.utime(project.source / RECORD, (1, 1))
    rewrite(project, "Y = 2", "Y = 3")
    assert write(read(project), project) == ["wrote src/pkg/b.py"]
    assert (project.source / "pkg/a.py").stat().st_mtime == 1
    assert (project.source / "pkg/b.py").stat().st_mtime != 1
    os.utime(project.source / RECORD, (1, 1))
    assert write(read(project), project) == []
    assert (project.source / RECORD).stat().st_mtime == 1


@pytest.mark.parametrize("fails", range(3))
def test_a_write_that_fails_leaves_all_files_as_they_were(
    project, monkeypatch, fails
):
    write(read(project), project)
    before = files(project)
    rewrite(project, "X = 1", "X = 11")
    rewrite(project, "Y = 2", "Y = 22")
    replace, calls = os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == fails + 1:
            raise OSError(errno.ENOSPC, "no space left")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="no space left"):
        write(read(project), project)
    assert files(project) == before


def test_a_write_that_fails_at_first_leaves_no_file(project, monkeypatch):
    def failing(source, target):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="no space left"):
        write(read(project), project)
    assert files(project) == {}


def test_unsound_chunks_write_nothing(project):
    write(read(project), project)
    rewrite(project, "Y = 2", "Y = 3")
    rewrite(project, "X = 1", "<<No such thing>>")
    assert refused(project) == ["chunk-reference"]


def test_a_fence_that_is_not_closed_writes_nothing(project):
    rewrite(project, "Y = 2\n```\n", "Y = 2\n")
    assert "broken-fence" in refused(project)


def test_an_edit_by_hand_is_not_overwritten(project):
    write(read(project), project)
    path = project.source / "pkg/a.py"
    path.write_text(path.read_text().replace("X = 1", "X = 100"))
    assert refused(project) == ["hand-edited"]
    rewrite(project, "Y = 2", "Y = 3")
    assert refused(project) == ["hand-edited"]
    (finding,) = (
        f for f in check(read(project), project) if f.rule == "hand-edited"
    )
    notes = "\n".join(finding.notes)
    assert "bookproof stitch" in notes
    assert "the book changed too" not in notes
    assert "--force" in notes
    assert "+X = 100" in notes
    assert "in the book at book/one.md:14:1" in notes
    assert str(finding.place) == "src/pkg/a.py:5:1"


def test_when_both_sides_changed_both_are_shown(project):
    write(read(project), project)
    path = project.source / "pkg/a.py"
    path.write_text(path.read_text().replace("X = 1", "X = 100"))
    rewrite(project, "X = 1", "X = 2")
    assert refused(project) == ["hand-edited"]
    (finding,) = check(read(project), project)
    notes = "\n".join(finding.notes)
    assert "the book changed too" in notes
    assert "-X = 2" in notes
    assert "+X = 100" in notes


def test_the_same_edit_on_both_sides_is_in_sync(project):
    write(read(project), project)
    path = project.source / "pkg/a.py"
    path.write_text(path.read_text().replace("X = 1", "X = 2"))
    rewrite(project, "X = 1", "X = 2")
    assert rules(project) == ["tangled"]  # only the record is old
    assert write(read(project), project) == []
    assert rules(project) == []
    # Without a record the next edit of the book would pass for one by hand
    (project.source / ".tangled").unlink()
    assert rules(project) == ["tangled"]
    assert write(read(project), project) == []
    assert rules(project) == []


def test_a_file_that_the_book_did_not_make_is_not_overwritten(project):
    (project.source / "pkg").mkdir()
    path = project.source / "pkg/a.py"
    path.write_text("X = 0\n")
    assert refused(project) == ["hand-edited"]
    write(read(project), project, force=True)
    assert rules(project) == []


def test_an_empty_file_is_no_ones_work(project):
    (project.source / "pkg").mkdir()
    (project.source / "pkg/a.py").write_text("\n")
    write(read(project), project)
    assert rules(project) == []


def test_force_gives_an_edit_up(project):
    write(read(project), project)
    made = files(project)
    (project.source / "pkg/a.py").write_text("X = 0\n")
    write(read(project), project, force=True)
    assert files(project) == made


def test_a_deleted_file_comes_back(project):
    write(read(project), project)
    (project.source / "pkg/a.py").unlink()
    assert rules(project) == ["tangled"]
    assert write(read(project), project) == ["wrote src/pkg/a.py"]


def test_what_no_chapter_makes_any_more_is_removed(project):
    write(read(project), project)
    rewrite(project, "pkg/b.py", "pkg/c.py")
    assert rules(project) == ["tangled", "orphan"]
    done = write(read(project), project)
    assert done == ["removed src/pkg/b.py", "wrote src/pkg/c.py"]
    assert rules(project) == []


def test_what_no_chapter_makes_any_more_but_was_edited_stays(project):
    write(read(project), project)
    rewrite(project, "pkg/b.py", "pkg/c.py")
    (project.source / "pkg/b.py").write_text("mine\n")
    assert refused(project) == ["hand-edited"]


def test_a_module_beside_the_tangled_ones_is_reported(project):
    write(read(project), project)
    (project.source / "pkg/mine.py").write_text("X = 1\n")
    (project.source / "other").mkdir()
    (project.source / "other/mine.py").write_text("X = 1\n")
    findings = check(read(project), project)
    assert [(f.rule, f.place.file) for f in findings] == [
        ("stray", "src/pkg/mine.py")
    ]


@pytest.mark.parametrize("level", ["folder", "file"])
def test_a_symbolic_link_leads_nowhere(project, tmp_path, level):
    outside = tmp_path / "outside"
    outside.mkdir()
    if level == "folder":
        (project.source / "pkg").symlink_to(outside)
    else:
        (project.source / "pkg").mkdir()
        (outside / "a.py").write_text("")
        (project.source / "pkg/a.py").symlink_to(outside / "a.py")
    assert "chunk-target" in refused(project)
    assert [p.read_text() for p in outside.iterdir()] in ([], [""])


@pytest.mark.parametrize("command", [write, check, stitch])
@pytest.mark.parametrize(
    ("path", "make", "what"),
    [
        ("pkg/a.py", Path.mkdir, "no file"),
        ("pkg/a.py", os.mkfifo, "no file"),
        ("pkg", Path.touch, "no folder"),
    ],
)
def test_what_stands_where_a_target_is_to_be(
    project, command, path, make, what
):
    there = project.source / path
    there.parent.mkdir(exist_ok=True)
    make(there)
    try:
        found = (
            stitch(
                [read_chapter(p, project) for p in project.chapters()], project
            )
            if command is stitch
            else command(read(project), project)
        )
    except BookError as error:
        found = error.findings
    first = found[0]
    assert str(first.place) == "book/one.md:5:1"
    message = f"pkg/a.py cannot be written: {there} is {what}"
    assert (first.rule, first.message) == ("chunk-target", message)
    assert "another target" in first.notes[0]
    assert not list(project.source.rglob("[b.]*"))


def test_check_shows_the_difference_and_writes_nothing(project):
    write(read(project), project)
    rewrite(project, "Y = 2", "Y = 3")
    before = files(project)
    (finding,) = check(read(project), project)
    assert finding.rule == "tangled"
    assert "-Y = 2" in finding.notes
    assert "+Y = 3" in finding.notes
    assert files(project) == before


def test_the_map_leads_both_ways(project):
    tangled = read(project)
    assert str(tangled.book_place("src/pkg/a.py", 5)) == "book/one.md:14:1"
    assert str(tangled.book_place("pkg/b.py", 4)) == "book/one.md:22:1"
    assert tangled.book_place("pkg/a.py", 99) is None
    assert tangled.book_place("pkg/none.py", 1) is None
    assert str(tangled.source_place("book/one.md", 14)) == "src/pkg/a.py:5:1"
    assert tangled.source_place("book/one.md", 1) is None


def test_the_command(project, monkeypatch, capsys):
    monkeypatch.chdir(project.book)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert "wrote src/pkg/a.py" in capsys.readouterr().out
    assert main(["--check"]) == 0
    rewrite(project, "X = 1", "X = = 1")
    assert main([]) == 1
    assert "book/one.md:14:1" in capsys.readouterr().err
