"""The closed table: every directive and role that a chapter may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Body = Literal["myst", "literal", "math", "marker", "table", "names", "none"]
Argument = Literal["none", "plain", "title"]


@dataclass(frozen=True)
class Row:
    """What may stand in one directive.

    `body`: MyST is read on; a literal is shown as it is; math is LaTeX; a
    marker's body is LaTeX or words; a table is the one of `symbols`; names are
    a list for Sphinx (a table of contents). `argument`: a title is printed
    MyST. `options` maps each allowed option to whether it is printed.
    """

    body: Body
    argument: Argument = "none"
    required: bool = False
    options: Mapping[str, bool] = field(default_factory=dict)


def plain(*names: str) -> dict[str, bool]:
    """Options that print nothing."""
    return dict.fromkeys(names, False)


_BOX = plain("class", "name")
_PICTURE = {"alt": True, **plain("width", "height", "align", "name", "class")}

#: Every directive the press knows; a project may add rows (RULES 19).
TABLE: Mapping[str, Row] = {
    # markers
    "let": Row("marker", "plain", options=plain("redefine", "source")),
    "claim": Row(
        "marker",
        "plain",
        options=plain(
            *("for", "given", "where", "assuming", "rtol", "draws", "layout"),
            *("rows", "along", "loose", "source"),
        ),
    ),
    "fact": Row(
        "marker",
        "plain",
        options=plain("counter", "loose", "source"),
    ),
    "cited": Row("marker", "plain", options=plain("source")),
    "unchecked": Row("marker", "plain", options=plain("source")),
    "symbols": Row("table", options=plain("redefine")),
    # code
    "chunk": Row("literal", "plain", options={"name": True, "label": False}),
    "code-cell": Row("literal", "plain"),
    # exercises
    "exercise": Row(
        "myst", "plain", True, options={"grade": False, "title": True}
    ),
    "solution": Row("myst", "plain", True),
    "starter": Row("literal"),
    "check": Row("literal"),
    "code": Row("literal"),
    # boxes
    "admonition": Row("myst", "title", True, options=_BOX),
    "note": Row("myst", options=_BOX),
    "tip": Row("myst", options=_BOX),
    "hint": Row("myst", options=_BOX),
    "warning": Row("myst", options=_BOX),
    "important": Row("myst", options=_BOX),
    "seealso": Row("myst", options=_BOX),
    "margin": Row("myst"),
    "epigraph": Row("myst"),
    "rubric": Row("none", "title", True, options=_BOX),
    # figures, mathematics, tables
    "figure": Row(
        "myst", "plain", True, options={**_PICTURE, "figclass": False}
    ),
    "image": Row("none", "plain", True, options=_PICTURE),
    "math": Row("math", options=plain("label", "name")),
    "table": Row("myst", "title", options=plain("name", "class", "align")),
    # what the weaver fills in
    "notation": Row("none"),
    "ledger": Row("none"),
    "chunk-index": Row("none"),
    "identifier-index": Row("none"),
    "toctree": Row(
        "names",
        options={
            "caption": True,
            **plain("maxdepth", "hidden", "titlesonly", "numbered", "name"),
        },
    ),
    "bibliography": Row(
        "none", "plain", options=plain("style", "cited", "all", "filter")
    ),
}

#: Constructs that would hide text from the press, and what to write instead.
REFUSED: Mapping[str, str] = {
    "eval-rst": "write MyST",
    "raw": "write MyST",
    "include": "put the text where it is read",
    "literalinclude": "use a {chunk}",
    "glue": "use a {fact}",
    "glue:figure": "use a {code-cell} with a figure caption",
    "glue:text": "use a {fact}",
    "glue:math": "use a {claim}",
    "list-table": "use a Markdown table",
    "csv-table": "use a Markdown table",
    "code-block": "use a fence with a language",
    "sourcecode": "use a fence with a language",
    "parsed-literal": "use a fence with a language",
    "only": "print the same book everywhere",
    "ifconfig": "print the same book everywhere",
    "container": "use a box of the table of directives",
    "default-role": "name the role",
    "role": "name the role",
    "replace": "write the words",
}

MARKERS = ("let", "claim", "fact", "cited", "unchecked")

#: Roles that are markers or stand with one.
MARKER_ROLES = (*MARKERS, "redefine", "source", "when", "range")

#: Roles that print a reference, code or mathematics, never words of their own.
PLAIN_ROLES = frozenset(
    {
        *("ref", "numref", "eq", "doc", "term", "any", "code", "math"),
        *("cite", "cite:p", "cite:t", "cite:ps", "cite:ts", "cite:author"),
        *("cite:year", "cite:yearpar", "cite:label", "cite:alp", "footcite"),
        *("py:func", "py:class", "py:meth", "py:mod", "py:obj", "py:attr"),
        *("py:data", "py:exc", "func", "class", "meth", "mod", "obj", "attr"),
        *("download", "kbd"),
    }
)


def table_for(extra: Mapping[str, Mapping[str, Any]]) -> dict[str, Row]:
    """The table with the rows that a project adds."""
    added = {
        name: Row(
            body=row.get("body", "myst"),
            argument=row.get("argument", "none"),
            required=bool(row.get("required", False)),
            options=dict(row.get("options", {})),
        )
        for name, row in extra.items()
    }
    return {**TABLE, **added}
