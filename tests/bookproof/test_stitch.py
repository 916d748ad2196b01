"""Stitching: every edit comes back byte for byte, or nothing is written."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import random_books
from hypothesis import given, settings
from hypothesis import strategies as st

from bookproof import cli
from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding
from bookproof.reading import texts
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter, Chunk
from bookproof.tangling import stitch
from bookproof.tangling.tangle import Tangled, check, tangle, write

BOOK = '''# One

Words about `X = 1`.

```{chunk} pkg/a.py
"""A."""
```

So we say

```{chunk} pkg/a.py
:name: Hold it

class A:
    x = 1

    <<Ask>>

    y = 2
```

- in a list

  ```{chunk}
  :name: Ask

  def ask(self):
      """Ask.

      Well.
      """
      return self.x
  ```

> ```{chunk}
> :name: Ask
>
> def ask_again(self):
>     return self.y
> ```

```{chunk} pkg/a.py
:name: Say it

TEXT = """one
  two
"""
X = 1
```

The end of `X = 1`.
'''


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return made(tmp_path, {"one": BOOK})


def made(root: Path, chapters: dict[str, str]) -> Project:
    """A project with these chapters, tangled."""
    (root / "pyproject.toml").write_text("[tool.bookproof]\n")
    (root / "book").mkdir()
    (root / "src").mkdir()
    for name, text in chapters.items():
        (root / "book" / f"{name}.md").write_text(text)
    project = Project.find(root)
    write(tangled(project), project)
    return project


def read(project: Project) -> list[Chapter]:
    return [read_chapter(path, project) for path in project.chapters()]


def tangled(project: Project) -> Tangled:
    return tangle(read(project), project)


def files(project: Project) -> dict[str, bytes]:
    return {
        path.relative_to(project.root).as_posix(): path.read_bytes()
        for path in project.root.rglob("*")
        if path.is_file()
    }


def edit(project: Project, old: str, new: str) -> None:
    path = project.source / "pkg/a.py"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def stitched(project: Project) -> str:
    """What stitching makes of the chapter; the source must stay as it is."""
    source = (project.source / "pkg/a.py").read_bytes()
    done = stitch.write(stitch.stitch(read(project), project), project)
    assert done == ["wrote book/one.md"]
    assert check(tangled(project), project) == []
    assert write(tangled(project), project) == []
    assert (project.source / "pkg/a.py").read_bytes() == source
    return (project.book / "one.md").read_text()


def refusals(project: Project) -> list[Finding]:
    before = files(project)
    with pytest.raises(BookError) as error:
        stitch.stitch(read(project), project)
    assert files(project) == before
    return error.value.findings


# What comes back


@pytest.mark.parametrize(
    ("old", "new", "was", "now"),
    [
        ('"""A."""', '"""B."""', '"""A."""', '"""B."""'),
        ("\nX = 1", "\nX = 2\nY = 3", "\nX = 1\n```", "\nX = 2\nY = 3\n```"),
        ("\n    x = 1", "\n    x = 3", "\n    x = 1", "\n    x = 3"),
        (
            "        return self.x\n",
            "        x = self.x\n\n        return x\n",
            "      return self.x\n",
            "      x = self.x\n\n      return x\n",
        ),
        (
            "        return self.y\n",
            "        y = self.y\n\n        return y\n",
            ">     return self.y\n",
            ">     y = self.y\n>\n>     return y\n",
        ),
        (
            "    def ask_again(self):",
            "    @property\n    def ask_again(self):",
            "> def ask_again(self):",
            "> @property\n> def ask_again(self):",
        ),
        ("  two\n", "two\n   three\n", "  two\n", "two\n   three\n"),
        (
            "        Well.\n",
            "        Very well.\n",
            "      Well.\n",
            "      Very well.\n",
        ),
        ("    y = 2", "    y = [\n        2,\n    ]", None, None),
        ("    x = 1\n\n", "    x = 1\n    z = 0\n\n", None, None),
    ],
)
def test_an_edit_comes_back_where_it_belongs(project, old, new, was, now):
    edit(project, old, new)
    was, now = was or old, now or new
    assert BOOK.count(was) == 1
    assert stitched(project) == BOOK.replace(was, now)


def test_what_is_added_goes_to_the_chunk_above(project):
    edit(project, "    # Ask\n", "    z = 3\n\n    # Ask\n")
    assert "x = 1\n\n    z = 3\n\n    <<Ask>>" in stitched(project)


def test_code_left_of_a_fragment_is_not_the_fragments(tmp_path):
    text = BOOK.replace("\n\n    y = 2\n", "\n")
    project = made(tmp_path, {"one": text})
    edit(project, "self.y\n", "self.y\n\n\nB = A()\n")
    new = text.replace("    <<Ask>>\n", "    <<Ask>>\n\n\nB = A()\n")
    assert stitched(project) == new


def test_a_statement_broken_into_lines_stays_with_its_chunk(project):
    edit(
        project, "    y = 2\n", "    y = max(\n        1,\n        2,\n    )\n"
    )
    assert "<<Ask>>\n\n    y = max(\n        1," in stitched(project)


def test_a_fragment_that_moves_in_takes_its_line_along(project):
    path = project.source / "pkg/a.py"
    lines = path.read_text().split("\n")
    at = lines.index("    # Ask")
    to = lines.index("    y = 2") - 1
    block = [f"    {line}" if line else line for line in lines[at:to]]
    lines[at:to] = ["    if x:", *block]
    path.write_text("\n".join(lines))
    new = BOOK.replace("    <<Ask>>", "    if x:\n        <<Ask>>")
    assert stitched(project) == new


def test_an_edit_that_spans_chapters_comes_back_in_each(tmp_path):
    cut = BOOK.index("```{chunk} pkg/a.py\n:name: Say")
    project = made(tmp_path, {"one": BOOK[:cut], "two": "# T\n\n" + BOOK[cut:]})
    edit(project, "\n    x = 1", "\n    x = 3")
    edit(project, "\nX = 1", "\nX = 3")
    done = stitch.write(stitch.stitch(read(project), project), project)
    assert done == ["wrote book/one.md", "wrote book/two.md"]
    assert check(tangled(project), project) == []


def test_nothing_edited_is_nothing_to_do(project):
    before = files(project)
    done = stitch.write(stitch.stitch(read(project), project), project)
    assert done == []
    assert files(project) == before


def test_another_file_may_wait_to_be_tangled(tmp_path):
    other = '# T\n\n```{chunk} pkg/b.py\n"""B."""\n```\n'
    project = made(tmp_path, {"one": BOOK, "two": other})
    (project.book / "two.md").write_text(other.replace("B.", "C."))
    edit(project, "\nX = 1", "\nX = 3")
    stitch.write(stitch.stitch(read(project), project), project)
    assert write(tangled(project), project) == ["wrote src/pkg/b.py"]
    assert check(tangled(project), project) == []


# What is refused


def test_both_sides_changed(project):
    edit(project, "\nX = 1", "\nX = 3")
    (project.book / "one.md").write_text(
        BOOK.replace("X = 1\n```", "X = 4\n```")
    )
    (finding,) = refusals(project)
    assert "the book changed too" in finding.notes[0]
    assert "-X = 4" in finding.notes
    assert "+X = 3" in finding.notes


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# Say it", "# Say that", "the title “# Say it” is gone"),
        ("# Edit the book", "# Edit this", "the first line is not"),
        ('TEXT = """one\n  two\n"""\nX = 1\n', "", "no code of the chunk “Say"),
        ("\n\n# Say it", "\n# Say it", "would not come back"),
        ("    y = 2", "    y = = 2", "would not tangle"),
        ("\nX = 1", "\nimport os\n\nX = 1", "an import outside the head"),
        ("\nX = 1", "\nX = 1\r", "a carriage return"),
        ("  two", "```", "would not"),
        ("  two", "  <<Ask>>", "<<Ask>>"),
    ],
)
def test_what_cannot_come_back_is_refused(project, old, new, message):
    path = project.source / "pkg/a.py"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_bytes(text.replace(old, new).encode())
    if message == "<<Ask>>":  # within a string it is no reference
        assert message in stitched(project)
        return
    findings = refusals(project)
    assert message in findings[0].message


def test_a_title_that_moved_is_refused(project):
    path = project.source / "pkg/a.py"
    first, held, said = path.read_text().replace("\n# ", "\n\0# ").split("\0")
    path.write_text(first + said + "\n\n" + held)
    (finding,) = refusals(project)
    assert "the title “# Say it” has moved" in finding.message
    assert finding.place.file == "src/pkg/a.py"


@pytest.mark.parametrize("other", ["# Say that", "Y = 1"])
def test_a_title_that_is_gone_is_missed_where_it_stood(project, other):
    edit(project, "# Say it", other)
    (finding,) = refusals(project)
    source = (project.source / "pkg/a.py").read_text().split("\n")
    assert source[finding.place.line - 1] == other


@pytest.mark.parametrize("left", [None, "", "\n"])
def test_a_file_that_is_gone_is_no_edit_to_bring_back(project, left):
    path = project.source / "pkg/a.py"
    path.unlink()
    if left is not None:
        path.write_text(left)
    (finding,) = refusals(project)
    assert "the book still has it" in finding.message
    assert str(finding.place) == "src/pkg/a.py:1:1"
    assert any("book/one.md:6" in note for note in finding.notes)


def test_a_new_file_has_no_chapter_to_go_to(project):
    edit(project, "\nX = 1", "\nX = 3")
    (project.source / "pkg/b.py").write_text("X = 1\n")
    (finding,) = refusals(project)
    assert (finding.rule, finding.place.file) == ("stray", "src/pkg/b.py")


def test_a_refusal_shows_the_hunk(project):
    edit(project, "\n\n# Say it", "\n# Say it")
    (finding,) = refusals(project)
    assert "ruff format" in finding.notes[0]
    assert "+++ src/pkg/a.py" in finding.notes
    assert "-" in finding.notes
    line = finding.place.line
    source = (project.source / "pkg/a.py").read_text().split("\n")
    assert source[line - 1] == "# Say it"


def test_unsound_chunks_are_refused(project):
    edit(project, "\nX = 1", "\nX = 3")
    (project.book / "one.md").write_text(BOOK.replace("<<Ask>>", "<<Aks>>"))
    assert refusals(project)[0].rule == "chunk-reference"


# The command


def run(project: Project, *arguments: str) -> int:
    return cli.main(["--root", str(project.root), *arguments])


def test_the_command(project, capsys):
    edit(project, "\nX = 1", "\nX = 3")
    before = files(project)
    assert run(project, "tangle") == 1
    assert "bookproof stitch" in capsys.readouterr().out
    assert run(project, "stitch", "--check") == 1
    said = capsys.readouterr().out
    assert "book/one.md:48" in said
    assert "+X = 3" in said
    assert files(project) == before
    assert run(project, "stitch") == 0
    assert capsys.readouterr().out == "wrote book/one.md\n"
    assert run(project, "stitch", "--check") == 0
    assert run(project, "tangle", "--check") == 0
    capsys.readouterr()
    assert run(project, "stitch") == 0
    assert "no file was edited" in capsys.readouterr().out
    edit(project, "# Say it", "# Say that")
    assert run(project, "stitch") == 1
    assert "has other words" in capsys.readouterr().out


# Whatever the edit


def prose(project: Project) -> list[list[str]]:
    """The lines of the chapters without those of the chunks' code."""
    out = []
    for chapter in read(project):
        code = {
            line.place().line
            for chunk in chapter.elements
            if isinstance(chunk, Chunk)
            for line in texts.lines(chunk.body)
        }
        lines = enumerate(chapter.text.split("\n"), 1)
        out.append([line for number, line in lines if number not in code])
    return out


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_an_edit_comes_back_byte_for_byte_or_nothing_happens(data):
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder), data.draw(random_books.books()))
        for name in data.draw(st.sets(st.sampled_from("ab"), min_size=1)):
            path = project.source / f"pkg/{name}.py"
            text = data.draw(random_books.edited(path.read_text()))
            path.write_bytes(text.encode())
        before = files(project)
        try:
            new = stitch.stitch(read(project), project)
        except BookError:
            assert files(project) == before
            return
        words = prose(project)
        stitch.write(new, project)
        after = files(project)
        assert set(after) == set(before)
        made_now = tangled(project)
        assert made_now.findings == ()
        for target, text in made_now.files.items():
            assert after[f"src/{target}"] == before[f"src/{target}"]
            if after[f"src/{target}"].strip():  # else it is no one's work
                assert after[f"src/{target}"] == text.encode()
        assert prose(project) == words


@settings(deadline=None, max_examples=10)
@given(random_books.books(), st.data())
def test_a_change_within_a_line_changes_that_line_of_the_book(book, data):
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder), book)
        old = tangled(project)
        lines = [
            (target, number)
            for target, made_lines in old.joined.files.items()
            for number, line in enumerate(made_lines)
            if "1" in line.text and not line.title
        ]
        if not lines:
            return
        target, number = data.draw(st.sampled_from(lines))
        path = project.source / target
        source = path.read_text().split("\n")
        source[number] = source[number].replace("1", "(1 + 1)")
        path.write_text("\n".join(source))
        place = old.map[target][number]
        (chapter,) = (c for c in read(project) if c.path == place.file)
        wanted = chapter.text.split("\n")
        wanted[place.line - 1] = wanted[place.line - 1].replace("1", "(1 + 1)")
        new = stitch.stitch(read(project), project)
        assert {
            path: text.split("\n") for path, (_, text) in new.chapters.items()
        } == {place.file: wanted}


RUFF = Path(sys.executable).with_name("ruff")


@settings(deadline=None, max_examples=10)
@given(random_books.books(), st.sampled_from([20, 80]))
def test_a_formatter_may_run_over_the_source(book, width):
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder), ugly(book))
        subprocess.run(
            [RUFF, "format", "-q", "--isolated", f"--line-length={width}", "."],
            cwd=project.source,
            check=True,
        )
        before = files(project)
        stitch.write(stitch.stitch(read(project), project), project)
        assert check(tangled(project), project) == []
        after = files(project)
        for target in ("pkg/a.py", "pkg/b.py"):
            assert after[f"src/{target}"] == before[f"src/{target}"]


def ugly(book: dict[str, str]) -> dict[str, str]:
    """The book with code that no formatter leaves as it is."""
    changes = {
        "X = 1\n": "X={'a':[1,2,3],'b':(4,5,6)}\n",
        "return 1\n": "return self._a(1,2,3, 'x')\n",
        "a = 1\n": "a=   1\n",
    }
    for old, new in changes.items():
        book = {name: text.replace(old, new) for name, text in book.items()}
    return book


# Killed

KILLED = """
import os, pathlib, signal, sys
from bookproof.tangling import journal, stitch
from bookproof.reading.chapter import read_chapter
from bookproof.config import Project
from bookproof.tangling.tangle import check, tangle

project = Project.find(pathlib.Path(sys.argv[1]))
read = lambda: [read_chapter(p, project) for p in project.chapters()]
old = read()
new = stitch.stitch(old, project)
paths = {p: project.root / p for p in [*new.chapters, "src/.tangled"]}
were = {p: path.read_bytes() for p, path in paths.items()}
become = {p: text.encode() for p, (_, text) in new.chapters.items()}
become["src/.tangled"] = new.record[1].encode()
EVENTS = {"open", "os.rename", "os.remove", "os.chmod"}

def write_and_die(step):
    left = [step]
    def hook(event, arguments):
        if event in EVENTS:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    stitch.write(new, project)
    os._exit(0)

kills, seen = 0, set()
for step in range(200):
    for name, path in paths.items():
        path.write_bytes(were[name])
    child = os.fork()
    if child == 0:
        write_and_die(step)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
    kills += 1
    state = []
    for name, path in paths.items():
        assert path.read_bytes() in (were[name], become[name]), (step, name)
        state.append(path.read_bytes() == become[name])
    seen.add(tuple(state))
    journal.resume(project)
    now = {name: path.read_bytes() for name, path in paths.items()}
    assert now in (were, become), step
    if any(state):
        assert now == become, step
    assert not (project.book / ".unfinished").exists()
assert all(path.read_bytes() == become[name] for name, path in paths.items())
assert check(tangle(read(), project), project) == []
print(kills, len(seen))
"""


def test_a_kill_at_any_instant_leaves_old_or_new_files(tmp_path):
    cut = BOOK.index("```{chunk} pkg/a.py\n:name: Say")
    project = made(tmp_path, {"one": BOOK[:cut], "two": "# T\n\n" + BOOK[cut:]})
    edit(project, "\n    x = 1", "\n    x = 3")
    edit(project, "\nX = 1", "\nX = 3")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(project.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kills, states = map(int, done.stdout.split())
    assert kills >= 20
    assert states == 4  # none, one, two and all three of the files are new


def test_a_file_that_changed_after_a_kill_is_not_overwritten(project):
    edit(project, "\nX = 1", "\nX = 3")
    new = stitch.stitch(read(project), project)
    (project.book / "one.md").write_text(BOOK + "More.\n")
    before = files(project)
    with pytest.raises(BookError, match="changed while it was being written"):
        stitch.write(new, project)
    assert files(project) == before
