"""Proving that the checks can fail: `mutate`."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor

from bookproof.cli.common import (
    FAILS,
    HOLDS,
    Commands,
    jobs_of,
    paths_of,
    project_of,
    takes_chapters,
    takes_jobs,
)
from bookproof.report import say


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    mutate = commands.add_parser(
        "mutate",
        help="change one printed thing at a time; list what no check notices",
    )
    takes_chapters(mutate)
    mutate.add_argument(
        "--sample", type=int, metavar="N", help="only so many, at random"
    )
    mutate.add_argument(
        "--seed", type=int, default=0, help="of the sample (default: 0)"
    )
    takes_jobs(mutate)
    mutate.set_defaults(run=_mutate)


def _mutate(options: argparse.Namespace) -> int:
    from bookproof import check, survivors

    project = project_of(options)
    paths, _ = paths_of(options, project)
    chosen = survivors.choose(
        check.read(project, paths), options.sample, options.seed
    )
    with ThreadPoolExecutor(jobs_of(options)) as pool:
        left = pool.map(
            lambda each: survivors.survivors(each[0], project, each[1]), chosen
        )
        every = [mutant for its in left for mutant in its]
    for mutant in every:
        say(f"survives: {mutant}")
    tried = sum(len(its) for _, its in chosen)
    say(f"{tried - len(every)} of {tried} mutants are noticed")
    return FAILS if every else HOLDS
