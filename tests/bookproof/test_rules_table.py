"""The table of rules is closed: it holds what findings bear, and no more.

That no finding bears another name is for mypy to see: `Finding.rule` has the
type `Rule`.
"""

import ast
from pathlib import Path
from typing import get_args

import bookproof
from bookproof import rules

PRESS = Path(bookproof.__file__).parent


def test_every_rule_is_explained_once() -> None:
    explained = [name for group in rules.RULES.values() for name in group]
    assert explained == list(get_args(rules.Rule))
    assert len(set(explained)) == len(explained)


def test_no_rule_is_without_a_finding() -> None:
    used: set[str] = set()
    for path in PRESS.rglob("*.py"):
        if path.name != "rules.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            used |= {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant)
                and isinstance(node.value, str)
            }
    assert not set(get_args(rules.Rule)) - used
