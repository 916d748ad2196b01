"""Working on the book while it is open: `watch`."""

from __future__ import annotations

import argparse
import contextlib
import signal

from bookproof.cli.common import (
    HOLDS,
    Commands,
    UsageError,
    paths_of,
    project_of,
    takes_chapters,
)
from bookproof.report import say


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    watch = commands.add_parser(
        "watch",
        help="tangle, check and weave whenever a file is saved; serve the "
        "pages and reload them",
        description="After each save: tangles the source, checks the "
        "chapters, weaves the pages into build/watch/html, and reloads those "
        "that are open. What does not hold is told here and in a banner on "
        "the page; it does not end the watch, Ctrl-C does. Only this machine "
        "can see the pages.",
    )
    takes_chapters(watch, json=False)
    watch.add_argument(
        "--port",
        type=int,
        default=8000,
        help="of the pages' address; 0 takes any (default: %(default)s)",
    )
    watch.add_argument(
        "--no-pages", action="store_true", help="only tangle and check"
    )
    watch.set_defaults(run=_watch)


def _watch(options: argparse.Namespace) -> int:
    from bookproof.live import watch
    from bookproof.live.rounds import Rounds
    from bookproof.live.server import Server

    # A shell that starts a command in the background has it ignore Ctrl-C,
    # which is the way to end the watch.
    # Ended otherwise, it must not leave a check behind that goes on.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.default_int_handler)
    project = project_of(options)
    names = [str(path) for path in paths_of(options, project)[0]]
    rounds = Rounds(project, names if options.chapters else [])
    with contextlib.ExitStack() as stack:
        server = None
        if rounds.settings is not None and not options.no_pages:
            try:
                server = stack.enter_context(Server(rounds.pages, options.port))
            except (OSError, OverflowError) as error:
                raise UsageError(
                    f"port {options.port} cannot be had ({error}); "
                    "give another with --port"
                ) from error

        def tangle() -> None:
            if server is not None:
                server.working()
            if project.configured:
                rounds.tangle()

        def then() -> None:
            problems = [rounds.check()]
            if server is not None:
                problems.append(rounds.weave())
                server.woven("\n\n".join(filter(None, problems)))
                say(f"the pages: {server.address}")
            say("watching; stop with Ctrl-C")

        return watch.watch(project, tangle, then)
    return HOLDS
