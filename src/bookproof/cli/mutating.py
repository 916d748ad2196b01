"""Proving that the checks can fail: `mutate`."""

from __future__ import annotations

import argparse
import random
import threading

from bookproof.cli.common import (
    FAILS,
    HOLDS,
    UNABLE,
    Commands,
    UsageError,
    jobs_of,
    paths_of,
    project_of,
    takes_chapters,
    takes_jobs,
    tell,
)
from bookproof.config import Project
from bookproof.diagnostics import BookError
from bookproof.reading.elements import Chapter
from bookproof.report import say

_DESCRIPTION = r"""
Changes one printed thing at a time, and lists the changes that no check
notices: such a survivor shows a claim that says nothing, or a mistake that
would have been printed. What is changed:

  digit       the last digit of a number, or a count in the words of a fact
  sign        + and -; a minus with nothing before it goes
  operator    \cdot \times \odot to +, \oslash to \odot, / to \cdot,
              \sum and \prod, \max and \min, a fraction upside down
  relation    = to \ne, < to >, \le to \ge, \ll to \gg, \approx and \in to =
  transpose   goes
  index       for another of the formula, or two of them in the other order
  prime       goes
  layer       (\ell) to (\ell+1), (\ell-1) to (\ell), _\ell to _{\ell-1}
  symbol      for another of the formula, or of the tables of symbols, that
              is not known to have another shape
  comparison  at least, at most; under, over; more than, fewer than; about to
              exactly, before a number in the words of a fact

A survivor is set apart, and not counted, when it is equivalent (its formula
has the normal form of the printed one), weaker (it says the same of a part of
the printed range) or mere words (a count in words in a fact that Python calls
true or false). A bound that is loose on purpose gives its reason in :loose:.
survivors.toml in the book's folder may hold the reason
for another:

  [[survivor]]
  claim = "chapter::label"
  change = 'digit `2` -> `3`'
  reason = "…"

With --code N, so many operators, relations, signs and numbers of the code that
the book prints are changed instead, at random: the chapters run against a
changed copy, and the first claim, fact, cell or exercise that turns red kills
the mutant. Only what runs the changed function, as the last check has noted,
is checked again, chapter by chapter. This takes its time, so it is a sample,
told apart. A reason for a survivor stands in survivors.toml, too, with
code = "package/file.py::function" in the place of the claim.

The results are kept in _mutants/ in the book's folder, for the ledger page and
for the tests: those of whole chapters, and those of the code when the whole
book was asked. With --new, only claims (or changes of the code) are tried of
which no result is kept. A result goes when the claim changes, a cell above it,
a definition that it may use or, for a definition, a claim that may use it; and
with a function of the code that changes. A change of the code that nothing
noticed, and for which no reason is given, is tried again: a claim may have
come.
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    mutate = commands.add_parser(
        "mutate",
        help="change one printed thing at a time; list what no check notices",
        description=_DESCRIPTION,
        epilog="Exit status: 0 every change is noticed; 1 some survive "
        "without a reason; 2 they could not be tried.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    takes_chapters(mutate)
    mutate.add_argument(
        "--sample", type=int, metavar="N", help="only so many, at random"
    )
    mutate.add_argument(
        "--seed", type=int, default=0, help="of the sample (default: 0)"
    )
    mutate.add_argument(
        "--new",
        action="store_true",
        help="only what no result is kept of",
    )
    mutate.add_argument(
        "--code",
        type=int,
        metavar="N",
        help="so many mutants of the code that the book prints",
    )
    takes_jobs(mutate)
    mutate.set_defaults(run=_mutate)


def _mutate(options: argparse.Namespace) -> int:
    from bookproof import check, progress
    from bookproof.mutating import kills, survivors
    from bookproof.mutating.kill_report import as_json, as_text

    project = project_of(options)
    if options.new and options.sample is not None:
        raise UsageError("--new tries all that is new: leave out --sample")
    chapters = check.read(project, paths_of(options, project)[0])
    if options.code is not None:
        return _code(options, project, chapters)
    if options.new:
        every = [(each, kills.unknown(project, each)) for each in chapters]
        chosen = [(each, its) for each, its in every if its]
    else:
        chosen = survivors.choose(chapters, options.sample, options.seed)
    total = sum(len(its) for _, its in chosen)
    try:
        with progress.count(total, "mutants") as advance:
            jobs = jobs_of(options)
            tried = survivors.try_all(project, chosen, jobs, advance)
    except BookError as error:
        tell(error.findings, project, options.json)
        return UNABLE
    if options.sample is None and project.configured:
        for chapter, its in tried:
            kills.save(project, chapter, kills.entries(project, chapter, its))
    found = {
        chapter.name: kills.counted(project, chapter, its)
        for chapter, its in tried
    }
    say(as_json(found) if options.json else as_text(found))
    alive = [each for its in found.values() for each in its.survivors]
    return FAILS if any(not each.reason for each in alive) else HOLDS


def _code(
    options: argparse.Namespace, project: Project, chapters: list[Chapter]
) -> int:
    from bookproof import progress
    from bookproof.mutating import code_kills, exercised
    from bookproof.mutating.code_mutants import CodeMutant, code_mutants
    from bookproof.mutating.kill_report import code_json, code_text
    from bookproof.mutating.reasons import code_reasons

    jobs, lock = jobs_of(options), threading.Lock()
    keeps = project.configured and not options.chapters
    try:
        reasons = code_reasons(project)
        laboratory = exercised.Laboratory.build(project, chapters, jobs)
        every = list(code_mutants(laboratory.tangled, chapters))
        known = code_kills.where(laboratory.tangled, every)
        again: list[CodeMutant] = []
        if options.new:
            kept = code_kills.read(project)
            again = [
                each
                for each in every
                if kept.get(known[each].key) == ""
                and (known[each].name, code_kills.words(each)) not in reasons
            ]
            every = [each for each in every if known[each].key not in kept]
        size = min(options.code, len(every))
        chosen = again + random.Random(options.seed).sample(every, size)
        with progress.count(len(chosen), "mutants") as advance:

            def ended(fate: exercised.Fate) -> None:
                if keeps:
                    with lock:  # what is known is kept if this is cut short
                        found = [(fate.mutant, fate.chapter)]
                        code_kills.save(project, known, found)
                advance()

            tried = exercised.try_code(laboratory, chosen, jobs, ended)
    except BookError as error:
        tell(error.findings, project, options.json)
        return UNABLE
    why = {
        fate.mutant: reasons.get(
            (known[fate.mutant].name, code_kills.words(fate.mutant)), ""
        )
        for fate in tried
    }
    say(code_json(tried, why) if options.json else code_text(tried, why))
    bad = [fate for fate in tried if not fate.red and not why[fate.mutant]]
    return FAILS if bad else HOLDS
