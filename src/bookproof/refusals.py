"""What to say when the system refuses to read or to write a file."""

from __future__ import annotations

import errno

_FULL = "make room on its file system"
_WRONG_USER = "give yourself the right to it, or be the user who has it"
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f)",
    errno.EIO: "look whether its disk is full, or files limited (ulimit -f)",
    errno.EROFS: "let its file system be written to, or work in a copy",
    errno.EACCES: _WRONG_USER,
    errno.EPERM: _WRONG_USER,
}


def said(error: OSError) -> str:
    """What the system refused, of which file, and what to do."""
    files = [str(each) for each in (error.filename, error.filename2) if each]
    what = error.strerror or str(error)
    out = f"{what}: {', '.join(files)}" if files else what
    remedy = _REMEDIES.get(error.errno or 0)
    if remedy is None:
        return out
    then = "give the command again: no file is half written"
    return f"{out}\n{remedy}, and {then}"
