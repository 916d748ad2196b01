"""The command line: `bookproof`, or `python -m bookproof`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from bookproof.cli import (
    checking,
    covering,
    creating,
    mutating,
    tangling,
    watching,
)
from bookproof.cli.common import FAILS, UNABLE, UsageError, project_of, tell
from bookproof.diagnostics import BookError
from bookproof.refusals import said

_GROUPS = (creating, tangling, checking, watching, covering, mutating)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the press; the exit status."""
    options = _parser().parse_args(arguments)
    # What is read of a chapter lives until the end: looking through it for
    # garbage at every turn takes a quarter of the time of reading.
    gc.set_threshold(50_000, 20, 20)
    try:
        status: int = options.run(options)
    except UsageError as error:
        print(f"bookproof: {error}", file=sys.stderr)
        return UNABLE
    except BookError as error:
        as_json = getattr(options, "json", False)
        tell(error.findings, project_of(options), as_json)
        return FAILS
    except OSError as error:
        print(f"bookproof: {said(error)}", file=sys.stderr)
        return UNABLE
    except KeyboardInterrupt:
        print("bookproof: interrupted", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bookproof",
        description="Tangle, lint and check a book whose every printed "
        "claim holds.",
        epilog="Exit status: 0 all holds; 1 something in the text does not; "
        "2 the command could not run.",
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(),
        help="a folder of the project (default: the current one)",
    )
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND"
    )
    for group in _GROUPS:
        group.add(commands)
    return parser
