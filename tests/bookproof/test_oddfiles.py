"""Odd files and folders: a finding or a plain error, and old files whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from conftest import FRONT, Book

from bookproof import cli
from bookproof.running import outputs
from bookproof.running.shelf import shelf
from bookproof.tangling import replace

TEXT = (
    f'{FRONT}# T\n\nWords.\n\n```{{chunk}} pkg.py\n"""A module."""\n\n'
    "n = 1\n```\n"
)


def run(book: Book, *arguments: str) -> int:
    return cli.main(["--root", str(book.root), *arguments])


@pytest.fixture
def sound(book: Book) -> Book:
    """A book whose source is in step with it."""
    book.write("ch", TEXT, front="")
    assert run(book, "tangle") == 0
    return book


def linted(book: Book, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `lint --json` finds: rule and place."""
    capsys.readouterr()
    status = run(book, "lint", "--json")
    found = json.loads(capsys.readouterr().out)
    assert status == (1 if found else 0)
    return [f"{f['rule']} {f['file']}:{f['line']}:{f['column']}" for f in found]


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", ["unreadable book/ch.md:1:1"]),
        (b"\n \n\n", ["unreadable book/ch.md:1:1"]),
        ("# T\n\nSo.\n".encode("utf-16"), ["encoding book/ch.md:1:1"]),
        (b"\xef\xbb\xbf# T\n", ["encoding book/ch.md:1:1"]),
        (b"# T\r\rOne.\r", ["encoding book/ch.md:1:1"]),
        (b"# T\n\nn\xffo\n", ["encoding book/ch.md:3:2"]),
        (b"# T\n\nn\0o\n", ["character book/ch.md:3:2"]),
        ("# T\n\nn\u202eo\n".encode(), ["character book/ch.md:3:2"]),
        (b"# T\n\n" + b"word " * 50_000, []),
        (b"# T\n\n" + b"a" * 250_000, []),
    ],
)
def test_odd_bytes(
    sound: Book,
    data: bytes,
    wanted: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (sound.root / "book/ch.md").write_bytes(data)
    assert linted(sound, capsys) == wanted


@pytest.mark.parametrize(
    "target",
    [
        "é.py",
        "e\u0301.py",
        "а.py",
        "a\u200fb.py",
        "class.py",
        "x" * 300 + ".py",
    ],
)
def test_odd_targets(
    sound: Book, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (sound.root / "src/pkg.py").read_bytes()
    sound.write("ch", TEXT.replace("pkg.py", target), front="")
    assert run(sound, "tangle") == 1
    assert "[chunk-target]" in capsys.readouterr().out
    assert (sound.root / "src/pkg.py").read_bytes() == before


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("pkg.py", "Pkg.py", "Pkg.py is pkg.py"),
        ("pkg/a.py", "Pkg/b.py", "Pkg is pkg"),
        ("pkg.py", "pkg/b.py", "pkg is pkg.py"),
        ("pkg/b.py", "PKG.py", "PKG.py is pkg"),
    ],
)
def test_targets_that_some_system_takes_for_one(
    sound: Book,
    first: str,
    second: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = TEXT[TEXT.index("Words.") :].replace("pkg.py", second)
    text = TEXT.replace("pkg.py", first)
    sound.write("ch", f"{text}\n{more}", front="")
    assert run(sound, "tangle") == 1
    assert f"{said} to Python, or where case makes no odds" in (
        capsys.readouterr().out
    )


def test_links(
    sound: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The source may be a link; a file in it, or a chapter, may not."""
    real = tmp_path / "elsewhere"
    (sound.root / "src").rename(real)
    (sound.root / "src").symlink_to(real)
    sound.write("ch", TEXT.replace("n = 1", "n = 2"), front="")
    assert run(sound, "tangle") == 0
    assert "n = 2" in (real / "pkg.py").read_text()
    (real / "pkg.py").rename(tmp_path / "pkg.py")
    (real / "pkg.py").symlink_to(tmp_path / "pkg.py")
    assert run(sound, "tangle") == 1
    assert "symbolic link" in capsys.readouterr().out
    chapter = sound.root / "book/ch.md"
    chapter.rename(tmp_path / "ch.md")
    chapter.symlink_to(tmp_path / "ch.md")
    assert linted(sound, capsys) == ["unreadable book/ch.md:1:1"]


def test_a_link_is_refused_by_a_check_that_knows_its_words(
    sound: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sound, "check") == 0
    index = sound.root / "book/index.md"
    index.rename(tmp_path / "index.md")
    index.symlink_to(tmp_path / "index.md")
    assert run(sound, "check") == 1
    assert "book/index.md:1:1: a symbolic link" in capsys.readouterr().out


def test_a_pipe_in_place_of_a_chapter(
    sound: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    (sound.root / "book/ch.md").unlink()
    os.mkfifo(sound.root / "book/ch.md")
    assert linted(sound, capsys) == ["unreadable book/ch.md:1:1"]


@pytest.mark.parametrize("gone", ["book", "book/ch.md"])
def test_source_outlives_a_book_that_is_gone(
    sound: Book, gone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be the last copy of the code."""
    path = sound.root / gone
    if path.is_dir():
        path.rename(sound.root / "elsewhere")
    else:
        path.write_text("")
    for command in ("tangle", "stitch"):
        assert run(sound, command) != 0
        assert (sound.root / "src/pkg.py").is_file()
    said = capsys.readouterr()
    assert "there is no book here" in said.err or "ch.md:1:1: empty" in said.out


def test_a_record_that_no_tangling_wrote(
    sound: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It makes nothing outside of the source a file that is left over."""
    (tmp_path / "mine.py").write_text("mine")
    digest = hashlib.sha256(b"mine").hexdigest()
    record = sound.root / "src/.tangled"
    known = record.read_bytes()
    up = os.path.relpath(tmp_path, sound.root / "src")
    bad = f"{digest}  {up}/mine.py\n{digest}  {tmp_path}/mine.py\n"
    record.write_bytes(known + bad.encode() + b"\xff\xfe  \xff\n")
    assert run(sound, "check") == 1
    assert "src/.tangled:1:1: the record" in capsys.readouterr().out
    assert run(sound, "tangle") == 0
    assert (tmp_path / "mine.py").read_text() == "mine"
    assert record.read_bytes() == known


def test_a_journal_of_foreign_files(
    sound: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.py"
    up = os.path.relpath(mine, sound.root)
    journal = sound.root / "book/.unfinished"
    journal.write_text(json.dumps({up: {"was": None, "text": "so"}}))
    assert run(sound, "tangle") == 1
    assert f"the journal names {up}" in capsys.readouterr().out
    assert not mine.exists()
    journal.unlink()
    assert run(sound, "tangle") == 0


def test_a_folder_that_is_called_like_a_chapter(
    sound: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    (sound.root / "book/more.md").mkdir()
    assert linted(sound, capsys) == []


def test_a_table_of_contents_that_leads_out(
    sound: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    (sound.root / "out.md").write_text("# Out\n")
    index = sound.root / "book/index.md"
    index.write_text(
        f"# B\n\n```{{toctree}}\nch\n../out\n{'x' * 300}\n../book/ch\n/\n```\n"
    )
    assert linted(sound, capsys) == [
        f"toctree book/index.md:{line}:1" for line in (5, 6, 7, 8)
    ]


def test_a_chapter_over_which_sphinx_would_write(
    sound: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    sound.write("search", "# Search\n\nWords.\n", front="")
    assert linted(sound, capsys) == ["toctree book/search.md:1:1"]


@pytest.mark.parametrize(
    "setting",
    [
        "cell_seconds = 'a'",
        "cell_seconds = -1",
        "chapter_seconds = nan",
        "book = 3",
        "macros = {a = 1}",
        "directives = {a = 1}",
        "directives = {a = {body = 'wat'}}",
        "depends = 'a'",
        "bok = 'book'",
    ],
)
def test_settings_that_are_none(
    tmp_path: Path, setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.bookproof]\n{setting}\n")
    assert cli.main(["--root", str(tmp_path), "check"]) == 2
    said = capsys.readouterr().err
    assert "pyproject.toml:1" in said
    assert setting.split(" ")[0] in said


@pytest.mark.parametrize(
    "text", ["claim = 3", "[[claim]]\nid = []", "claim = [1]", "\0"]
)
def test_statements_that_are_none(
    sound: Book, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (sound.root / "book/claims.toml").write_text(text)
    assert linted(sound, capsys) == ["config book/claims.toml:1:1"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing(
    sound: Book,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Refuse the first write, then the second, and so on."""
    sound.write("ch", TEXT.replace("n = 1", "n = 2"), front="")
    old = sound.files()
    write, left = replace._write, [0]

    def refuse(path: Path, new: Path, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            new.write_bytes(data[:3])
            raise OSError(number, os.strerror(number), str(new))
        write(path, new, data)

    monkeypatch.setattr(replace, "_write", refuse)
    for step in range(20):
        left[0] = step
        if run(sound, "tangle") == 0:
            break
        assert os.strerror(number) in capsys.readouterr().err
        assert sound.files() == old
    assert step == 3


@pytest.mark.parametrize("command", ["tangle", "stitch", "check"])
def test_a_folder_where_a_target_is_to_be(
    sound: Book, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (sound.root / "src/pkg.py").unlink()
    (sound.root / "src/pkg.py").mkdir()
    assert run(sound, command) == 1
    said = capsys.readouterr().out
    assert "ch.md:10:1: pkg.py cannot be written" in said
    assert "give the chunks another target" in said


def test_a_list_of_outputs_that_cannot_be_made(sound: Book) -> None:
    shelf(sound.root).mkdir(parents=True)
    (shelf(sound.root) / "global.db").symlink_to("no folder/there")
    with (
        pytest.raises(OSError, match="unable to open"),
        outputs._cache(sound.project),
    ):
        pass
