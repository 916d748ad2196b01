"""The cases in which a claim is checked: draws, loops, extra bindings."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, islice, pairwise
from typing import Any, cast

import numpy as np

from bookproof.latex.bindings import Bindings, python_name
from bookproof.latex.conversion import from_python, to_python
from bookproof.latex.errors import FormulaError, MissingName, missing_name
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.letters import GREEK
from bookproof.latex.limits import MAX_TERMS
from bookproof.latex.lookup import Evaluate, Meaning
from bookproof.latex.options import Binding, Options
from bookproof.latex.printing import show_node
from bookproof.latex.statements import Loop, read_symbol
from bookproof.latex.tree import Symbol
from bookproof.latex.values import Thing, Value, show

MAX_TRIES = 50


@dataclass(slots=True)
class Case:
    """One set of bindings under which the claim must hold."""

    drawn: dict[str, Meaning] = field(default_factory=dict)
    names: dict[str, object] = field(default_factory=dict)
    number: int = 0  # of the draw, from 1; 0 without :given:
    path: tuple[object, ...] | None = ()  # through the loops; None: untold

    def summary(self) -> tuple[str, ...]:
        """The bindings, for a reader."""
        shown = [f"{key} = {show(value)}" for key, value in self.drawn.items()]
        if not shown:
            return ()
        more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
        label = f"draw {self.number}" if self.number else "case"
        return (f"{label}: " + "; ".join(shown[:6]) + more,)


class Draws:
    """Makes the cases of one claim."""

    def __init__(
        self,
        bindings: Bindings,
        evaluate: Evaluate,
        options: Options,
        loops: tuple[Loop, ...],
        seed: str,
    ) -> None:
        self.bindings = bindings
        self.evaluate = evaluate
        self.options = options
        self.loops = loops
        self.seed = seed
        self.python_of_term = ""  # what a term is bound to

    def python(self, source: str, names: Mapping[str, object]) -> Any:
        """Evaluate an option's Python."""
        try:
            return self.evaluate(source, names)
        except NameError as error:
            raise MissingName(missing_name(error)) from error
        except Exception as error:
            raise FormulaError(
                f"`{source}` raised {type(error).__name__}: {error}",
                rule="option",
            ) from error

    def raw(self) -> Iterator[dict[str, Any]]:
        """What `:given:` yields; one empty draw without it."""
        given = self.options.given
        if given is None:
            yield {}
            return
        source = self.python(given, {})
        if callable(source):
            source = self._call(source, given)
        if not isinstance(source, Iterable):
            raise FormulaError(
                f":given: `{given}` is no generator function", rule="option"
            )
        iterator = iter(source)
        while True:
            try:
                with self.bindings.noting.running():
                    draw = next(iterator)
            except StopIteration:
                return
            except Exception as error:
                raise _raised(given, error) from error
            if not isinstance(draw, Mapping):
                raise FormulaError(
                    f":given: `{given}` yields a {type(draw).__name__}, not "
                    "a dict from symbol to value",
                    rule="option",
                )
            yield dict(draw)

    def _call(self, source: Callable[..., Any], given: str) -> Iterable[object]:
        """The draws of a generator function, or of one that returns a dict
        each time it is called."""
        digest = hashlib.sha256(self.seed.encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        wants = len(inspect.signature(source).parameters) > 0
        arguments = (rng,) if wants else ()

        def once() -> Any:
            try:
                with self.bindings.noting.running():
                    return source(*arguments)
            except Exception as error:
                raise _raised(given, error) from error

        first = once()
        if not isinstance(first, Mapping):
            return cast(Iterable[object], first)
        # A function that returns one draw is called again for each.
        return chain([first], iter(once, None))

    def limit(self) -> int:
        """How many draws may be tried."""
        return self.options.draws * MAX_TRIES

    def tried(self) -> Iterator[tuple[int, list[Case]]]:
        """Each draw's number and cases, loops unrolled."""
        for number, raw in enumerate(islice(self.raw(), self.limit()), 1):
            case = Case(number=number if self.options.given else 0)
            for name, value in raw.items():
                _bind_drawn(case, name, value)
            yield number, list(self._unrolled(case))

    def _unrolled(self, case: Case) -> Iterator[Case]:
        cases: Iterable[Case] = [case]
        for loop in self.options.loops:
            cases = [new for old in cases for new in self._python(old, loop)]
        for printed in self.loops:
            cases = [
                new for old in cases for new in self._printed(old, printed)
            ]
        for one in cases:
            for binding in self.options.where:
                value = self.python(binding.python, one.names)
                _bind(one, binding.symbol, value)
            yield one

    def _python(self, case: Case, loop: Binding) -> list[Case]:
        values = self.python(loop.python, case.names)
        if not isinstance(values, Iterable):
            raise FormulaError(
                f"`{loop.python}` is nothing to loop over", rule="option"
            )
        out = []
        for count, value in enumerate(values):
            if count >= MAX_TERMS:
                raise FormulaError("more than a million cases", rule="limit")
            out.append(_with(case, (loop.symbol,), value))
        if not out:
            raise FormulaError(
                f"`{loop.python}` is empty: nothing is checked",
                rule="vacuous",
            )
        return out

    def _printed(self, case: Case, loop: Loop) -> list[Case]:
        env = self.evaluator(case)
        members = env.members(loop.domain)
        if not members:
            raise FormulaError(
                "the range is empty: nothing is checked",
                loop.domain.at,
                loop.domain.width,
                rule="vacuous",
            )
        cases = [case]
        for symbol in loop.symbols:
            cases = [
                _with(old, (symbol,), value)
                for old in cases
                for value in members
            ]
        return cases

    def letters(self) -> Iterator[Symbol]:
        """The letters that options and ranges bind."""
        options = self.options
        along = () if options.along is None else (options.along,)
        for binding in (*options.loops, *options.where, *along):
            yield binding.symbol
        for loop in self.loops:
            yield from loop.symbols

    def named(self) -> set[str]:
        """The names in Python that may see what is bound here."""
        options, rows = self.options, self.bindings
        along = () if options.along is None else (options.along,)
        every = (*rows.rows.values(), *chain(*rows.patterns.values()))
        sources = [
            *(each.python for each in options.loops),
            *(each.python for each in (*options.where, *along)),
            *(row.source for row in (*every, *rows.derivatives)),
            options.assuming or "",
            self.python_of_term,
        ]
        return {name for each in sources for name in re.findall(r"\w+", each)}

    def evaluator(self, case: Case) -> Evaluator:
        """An evaluator for one case."""
        env = Evaluator(self.bindings, self.evaluate, case.drawn, case.names)
        env.layout = self.options.layout
        env.batches = frozenset(map(show_node, self.options.rows))
        return env

    def assumed(self, case: Case) -> bool:
        """Whether `:assuming:` accepts the case."""
        if self.options.assuming is None:
            return True
        names = {
            **case.names,
            **{
                key: to_python(value)
                for key, value in case.drawn.items()
                if key.isidentifier()
            },
        }
        return bool(self.python(self.options.assuming, names))

    def along(self, case: Case) -> tuple[list[Case], list[float]]:
        """The cases along a rising variable, and its values."""
        along = self.options.along
        assert along is not None
        values = [float(x) for x in self.python(along.python, case.names)]
        rising = all(a < b for a, b in pairwise(values))
        if len(values) < 5 or not rising or values[0] <= 0:
            raise FormulaError(
                ":along: needs at least five rising positive values",
                rule="option",
            )
        exact = [int(x) if x.is_integer() else x for x in values]
        return [_with(case, (along.symbol,), x) for x in exact], values


def _raised(given: str, error: Exception) -> Exception:
    if isinstance(error, NameError):
        return MissingName(missing_name(error))
    return FormulaError(
        f":given: `{given}` raised {type(error).__name__}: {error}",
        rule="option",
    )


def _with(case: Case, symbols: tuple[Symbol, ...], value: Any) -> Case:
    path = case.path
    if path is not None:
        plain = isinstance(value, int | float | str | Fraction)
        path = (*path, symbols, value) if plain else None
    new = Case(dict(case.drawn), dict(case.names), case.number, path)
    for symbol in symbols:
        _bind(new, symbol, value)
    return new


def _bind(case: Case, symbol: Symbol, value: Any) -> None:
    meaning = from_python(value)
    case.drawn[show_node(symbol)] = meaning
    name = python_name(symbol)
    if name is not None:
        plain = isinstance(meaning, Value | Thing)
        case.names[name] = to_python(meaning) if plain else value


def _bind_drawn(case: Case, name: str, value: Any) -> None:
    r"""A draw's key is LaTeX (`\delta`, `g_u`) or a Python name (`delta`)."""
    if not isinstance(name, str):
        raise FormulaError(
            f":given: yields a key {name!r} that is no text", rule="option"
        )
    if name.isidentifier():
        case.names[name] = value
    if rf"\{name}" in GREEK:
        case.drawn[rf"\{name}"] = from_python(value)
        return
    try:
        symbol = read_symbol(name)
    except FormulaError as error:
        if name.isidentifier():
            return
        raise FormulaError(
            f":given: yields the key {name!r}: {error.message}",
            rule="option",
        ) from None
    if isinstance(symbol, Symbol):
        case.drawn[show_node(symbol)] = from_python(value)
    elif not name.isidentifier():
        raise FormulaError(
            f":given: yields the key {name!r}, which is no symbol",
            rule="option",
        )
