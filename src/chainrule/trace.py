# Edit the book, or edit here and stitch.
"""A program as the graph it recorded, drawn with values and gradients."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.engine import Leaf, Node
from chainrule.errors import ShapeError
from chainrule.nested import leaves
from chainrule.sweeping import sweep
from chainrule.transforms import Recording


# Hold a graph by the names of its nodes
@dataclass(frozen=True)
class Graph:
    """What a function did: a graph from its arguments to its result.

    `nodes` maps the name of each node to its operation ("" for an argument),
    arguments first and everything after what it was made from; `edges` are
    pairs of names; `values` and `gradients` map names to arrays. Gradients
    are those of the sum of the result's entries; for one number, its own.
    """

    nodes: Mapping[str, str]
    edges: tuple[tuple[str, str], ...]
    values: Mapping[str, np.ndarray]
    gradients: Mapping[str, np.ndarray]

    def to_dot(self) -> str:
        """The graph in Graphviz's language, left to right."""
        lines = ["digraph {", "  rankdir=LR"]
        for name, operation in self.nodes.items():
            label = "\\n".join(
                (
                    operation or name,
                    shown(self.values[name]),
                    shown(self.gradients[name]),
                )
            )
            lines.append(f'  "{name}" [label="{label}"]')
        lines += [f'  "{start}" -> "{end}"' for start, end in self.edges]
        return "\n".join([*lines, "}"])

    def to_svg(self) -> str:
        """A drawing: values above the wires, gradients below in the accent.

        Of more than sixty nodes the middle ones are drawn as one. What is
        too wide goes on in a line below, like text; a square box there holds
        the name of a node further up.
        """
        return sheet(folded(shortened(self)))

    def _repr_svg_(self) -> str:
        return self.to_svg()


# Let one node stand for the middle ones
def shortened(graph: Graph, most: int = 60) -> Graph:
    """The graph itself, or its ends with the middle drawn together."""
    names = list(graph.nodes)
    if len(names) <= most:
        return graph
    early, late = names[: most // 2], names[len(names) - most // 2 + 1 :]
    kept = {*early, *late}
    middle = f"{len(names) - len(kept)} more"
    ends = [
        tuple(name if name in kept else middle for name in edge)
        for edge in graph.edges
    ]
    nothing = {middle: np.zeros(0)}
    return Graph(
        nodes={
            name: graph.nodes.get(name, name)
            for name in (*early, middle, *late)
        },
        edges=tuple((a, b) for a, b in dict.fromkeys(ends) if a != b),
        values={**graph.values, **nothing},
        gradients={**graph.gradients, **nothing},
    )


# Break a wide drawing into lines
def folded(graph: Graph, widest: float = 720) -> list[Drawing]:
    """The drawing, or the lines of one that is too wide."""
    whole = Drawing(graph)
    if whole.left[-1] <= widest:
        return [whole]
    lines, start, count = [0], 0.0, 0
    for left, right in list(pairwise(whole.left))[1:]:
        if right - start > widest:
            start, count = left, count + 1
        lines.append(count)
    line = {name: lines[k] for name, k in whole.column.items()}
    for argument in (name for name, sign in graph.nodes.items() if not sign):
        uses = [line[b] for a, b in graph.edges if a == argument]
        line[argument] = min(uses, default=line[argument])
    below = {a for a, b in graph.edges if line[a] != line[b]}
    return [Drawing(part(graph, line, i), below) for i in range(count + 1)]


def part(graph: Graph, line: Mapping[str, int], i: int) -> Graph:
    """One line of a graph, with what it takes from others as arguments."""
    edges = tuple((a, b) for a, b in graph.edges if line[b] == i)
    guests = dict.fromkeys((a for a, _ in edges if line[a] != i), "")
    own = {name: sign for name, sign in graph.nodes.items() if line[name] == i}
    return Graph({**guests, **own}, edges, graph.values, graph.gradients)


# Run, sweep and remember everything
def trace(f: Callable[..., Any], *args: Any) -> Graph:
    """Run f and return the graph from its arguments to its one array.

    Arguments are named as in f's signature, results v1, v2, … in the order in
    which they were computed. Nested containers are numbered: x.0, x.1, …
    Raises ShapeError for several results. See "A record can be looked at".
    """
    run = Recording(f, args, range(len(args)), {})
    if len(run.values) != 1:
        raise ShapeError("trace", [v.shape for v in run.values], "one array")
    order = reached(run)
    names: dict[Node, str] = dict(
        zip(run.inputs, argument_names(f, run), strict=True)
    )
    for node in order:
        if not isinstance(node, Leaf):
            names[node] = f"v{len(names) - len(run.inputs) + 1}"
    found: dict[Node, Any] = {}
    if run.nodes[0] is not None:
        ones = np.ones(run.values[0].shape, run.values[0].dtype)
        sweep({run.nodes[0]: ones}, retain=True, visit=found.__setitem__)
    return Graph(
        nodes={names[node]: operation(node) for node in order},
        edges=tuple(
            (names[parent], names[node])
            for node in order
            for parent in node.parents
            if parent is not None
        ),
        values={names[node]: node.ans for node in order},
        gradients={
            names[node]: found.get(node, np.zeros_like(node.ans))
            for node in order
        },
    )


# Find what led to the result
def reached(run: Recording) -> list[Node]:
    """The arguments and all nodes that led to the result, oldest first."""
    seen: set[Node] = set(run.inputs)
    waiting = [node for node in run.nodes if node is not None]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += [p for p in node.parents if p is not None]
    return sorted(seen, key=lambda node: node.birth)


# Name arguments
def argument_names(f: Callable[..., Any], run: Recording) -> Iterator[str]:
    """A name for each array among the arguments."""
    code = getattr(f, "__code__", None)
    known = code.co_varnames[: code.co_argcount] if code else ()
    for i, primal in enumerate(run.primals):
        name = known[i] if i < len(known) else f"x{i + 1}"
        if isinstance(primal, dict | list | tuple):
            yield from (f"{name}.{k}" for k in range(len(leaves(primal))))
        else:
            yield name


# Name operations by their signs
SIGNS = {
    "add": "+",
    "subtract": "−",
    "multiply": "×",
    "divide": "÷",
    "negative": "−",
    "matmul": "@",
    "sum": "Σ",
    "square": "( )²",
    "sqrt": "√",
    "power": "^",
    "transpose": "ᵀ",
}


def operation(node: Node) -> str:
    """The sign or name of what a node computed, with its plain numbers."""
    if node.primitive is None:
        return ""
    sign = SIGNS.get(node.primitive.name, node.primitive.name)
    numbers = [
        f"{np.asarray(x).item():.4g}"
        for x, parent in zip(node.args, node.parents, strict=True)
        if parent is None and np.size(x) == 1
    ]
    if not numbers:
        return sign
    first = node.parents[0] is None
    return f"{numbers[0]} {sign}" if first else f"{sign} {numbers[0]}"


# Print an array in a few characters
def shown(x: Any) -> str:
    """An array in a few characters: its entries, or its shape."""
    x = np.asarray(x)
    if x.shape == (0,):
        return ""
    if x.size == 1 and x.ndim == 0:
        return f"{x.item():.4g}".replace("-", "−")
    if x.ndim == 1 and x.size <= 4:
        return f"[{' '.join(shown(entry) for entry in x)}]"
    return "×".join(map(str, x.shape)) + f" ‖{np.linalg.norm(x):.3g}‖"


# Choose two colours
INK, ACCENT = "#222222", "#c2410c"


# Lay a graph out and draw it
class Drawing:
    """A graph laid out in columns, each node right of what it is made from."""

    row, radius = 64, 17

    # Give each node a column
    def __init__(self, graph: Graph, below: Container[str] = ()) -> None:
        self.graph = graph
        self.below = below  # the nodes that lines below will name
        self.column: dict[str, int] = {}
        for name in graph.nodes:
            before = [
                self.column[start] for start, end in graph.edges if end == name
            ]
            self.column[name] = 1 + max(before, default=-1)
        self.near_their_use()
        self.height = self.stack_rows()
        self.left = self.place_columns()

    def near_their_use(self) -> None:
        """Move each argument to the column just before its first use."""
        for name, sign in self.graph.nodes.items():
            uses = [
                self.column[end]
                for start, end in self.graph.edges
                if start == name
            ]
            if not sign and uses:
                self.column[name] = min(uses) - 1

    # Give each node a height
    def stack_rows(self) -> float:
        """Stack each column, nodes as high as what they are made from."""
        self.y: dict[str, float] = {}
        columns: dict[int, list[str]] = {}
        for name in self.graph.nodes:
            columns.setdefault(self.column[name], []).append(name)
        most = max(map(len, columns.values()))
        for _, names in sorted(columns.items()):
            wish = {name: self.wished(name, i) for i, name in enumerate(names)}
            names.sort(key=wish.__getitem__)
            lowest = -1.0
            for name in names:
                self.y[name] = max(wish[name], lowest + 1)
                lowest = self.y[name]
        return self.row * (max(most - 1, *self.y.values()) + 1)

    def wished(self, name: str, i: int) -> float:
        """The mean height of what a node is made from; its turn if nothing."""
        above = [
            self.y[start]
            for start, end in self.graph.edges
            if end == name and start in self.y
        ]
        return sum(above) / len(above) if above else float(i)

    # Give each column its width
    def place_columns(self) -> list[float]:
        """The left edge of each column, wide enough for its texts."""
        widths = [0.0] * (max(self.column.values()) + 1)
        for name, k in self.column.items():
            text = max(
                len(shown(self.graph.values[name])),
                len(shown(self.graph.gradients[name])),
            )
            widths[k] = max(widths[k], self.half(name) * 2 + 7 * text + 34)
        left = [4.0]
        for width in widths:
            left.append(left[-1] + width)
        return left

    def half(self, name: str) -> float:
        """Half the width of a node's box."""
        text = self.graph.nodes[name] or name
        return max(self.radius, 4.5 * len(text) + 6)

    def at(self, name: str) -> tuple[float, float]:
        """The middle of a node."""
        x = self.left[self.column[name]] + self.half(name)
        return x, self.row * (self.y[name] + 0.5)

    def label_width(self, name: str) -> float:
        """The length of wire that a node's two texts need."""
        values, gradients = self.graph.values, self.graph.gradients
        return 10 + 7 * max(
            len(shown(values[name])), len(shown(gradients[name]))
        )

    # Draw wires, then boxes
    def marks(self) -> list[str]:
        """What is drawn, wires first."""
        wires = [self.wire(start, end) for start, end in self.graph.edges]
        return [*wires, *(self.box(name) for name in self.graph.nodes)]

    def wire(self, start: str, end: str) -> str:
        """A wire: straight under its label, then bent to where it goes."""
        x, y = self.at(start)
        to_x, to_y = self.at(end)
        stub = x + self.half(start) + self.label_width(start)
        to_x -= self.half(end)
        bend = (stub + to_x) / 2
        return (
            f'<path d="M{x:.1f} {y:.1f} H{stub:.1f} C{bend:.1f} {y:.1f} '
            f'{bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}" fill="none" '
            f'stroke="{INK}"/>'
        )

    def box(self, name: str) -> str:
        """A node, its value above the wire that leaves it, gradient below."""
        x, y = self.at(name)
        half, sign = self.half(name), self.graph.nodes[name]
        frame = (
            f'<rect x="{x - half:.1f}" y="{y - self.radius:.1f}" '
            f'width="{2 * half:.1f}" height="{2 * self.radius}" '
            f'rx="{self.radius if sign else 3}" fill="#eeeeee" '
            f'stroke="{INK}"/>'
        )
        label = text(x, y + 4.5, sign or name, INK, "middle")
        start = x + half + 5
        value = text(start, y - 6, shown(self.graph.values[name]), INK)
        g = text(start, y + 17, shown(self.graph.gradients[name]), ACCENT)
        called = name if sign and name in self.below else ""
        under = text(x, y + self.radius + 12, called, INK, "middle")
        return "\n".join((frame, label, value, g, under if called else ""))


# Set the lines of a drawing on a sheet
def sheet(lines: Sequence[Drawing]) -> str:
    """The lines of a drawing as one SVG image."""
    width, height = max(line.left[-1] for line in lines), 0.0
    parts = []
    for line in lines:
        parts += [f'<g transform="translate(0 {height:.0f})">', *line.marks()]
        parts.append("</g>")
        height += line.height + (16 if line is not lines[-1] else 0)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 '
            f'{width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" '
            'style="max-width:100%;height:auto" '
            'font-family="sans-serif" font-size="13" role="img">'
            "<title>Values above the wires, gradients below</title>",
            *parts,
            "</svg>",
        ]
    )


# Set words at a place
def text(
    x: float, y: float, words: str, fill: str, anchor: str = "start"
) -> str:
    """Words at a place."""
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" '
        f'text-anchor="{anchor}">{words}</text>'
    )
