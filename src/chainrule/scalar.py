# Edit the book, or edit here and stitch.
"""The graph of numbers: every value remembers how it was computed."""

import math


# Keep a value, the operation that made it, and a slope for each use
class Value:
    """A number that remembers how it was computed.

    `value` is any number: int, float, Fraction. `op` names the operation,
    "leaf" for an input. `edges` holds a pair (input, slope) for each use of
    an input. Nodes are compared by identity, numbers by their `value`.
    """

    __slots__ = ("edges", "op", "value")
    __array_ufunc__ = None  # NumPy's numbers leave the operators to us

    # Make a node
    def __init__(
        self,
        value: float,
        op: str = "leaf",
        edges: "tuple[tuple[Value, float], ...]" = (),
    ) -> None:
        self.value = plain(value)
        self.op = op
        self.edges = edges

    def __repr__(self) -> str:
        return f"Value({self.value!r}, {self.op!r})"

    # Add and multiply
    def __add__(self, other: "Value | float") -> "Value":
        a, b = self.value, plain(other)
        return record("add", a + b, (self, 1), (other, 1))

    def __mul__(self, other: "Value | float") -> "Value":
        a, b = self.value, plain(other)
        return record("mul", a * b, (self, b), (other, a))

    __radd__ = __add__
    __rmul__ = __mul__

    # Raise to a constant power
    def __pow__(self, n: float) -> "Value":
        if isinstance(n, Value):
            raise TypeError("the exponent is a constant; or exp(n * log(x))")
        slope = n * self.value ** (n - 1) if n else 0
        return record("pow", self.value**n, (self, slope))

    # Subtract and divide
    def __neg__(self) -> "Value":
        return record("neg", -self.value, (self, -1))

    def __sub__(self, other: "Value | float") -> "Value":
        return subtract(self, other)

    def __rsub__(self, other: float) -> "Value":
        return subtract(other, self)

    def __truediv__(self, other: "Value | float") -> "Value":
        return divide(self, other)

    def __rtruediv__(self, other: float) -> "Value":
        return divide(other, self)

    # Compare the numbers; record nothing
    def __lt__(self, other: "Value | float") -> bool:
        return self.value < plain(other)

    def __le__(self, other: "Value | float") -> bool:
        return self.value <= plain(other)

    def __gt__(self, other: "Value | float") -> bool:
        return self.value > plain(other)

    def __ge__(self, other: "Value | float") -> bool:
        return self.value >= plain(other)


# Record one operation
def record(
    op: str, value: float, *edges: "tuple[Value | float, float]"
) -> Value:
    """A new node; pairs (constant, slope) are left out: no node, no edge."""
    kept = [(x, slope) for x, slope in edges if isinstance(x, Value)]
    return Value(value, op, tuple(kept))


def plain(x: Value | float) -> float:
    """The number that `x` holds, or is; TypeError if it is not one number."""
    if isinstance(x, Value):
        return x.value
    number = isinstance(x, (int, float)) or hasattr(x, "__float__")
    if not number or getattr(x, "shape", None):
        raise TypeError(f"a node holds one number, not {x!r}")
    return x


# Add the share of one use to what a node has received
def receive(table: "dict[Value, float]", node: Value, share: float) -> None:
    """Add one use's share; a node that is read k times gets k shares."""
    table[node] = table[node] + share if node in table else share


# Order the nodes so that each stands after its inputs
def topological_order(root: Value) -> "list[Value]":
    """All that `root` was computed from, and `root`; inputs come first.

    Raises TypeError unless `root` is one Value, ValueError on a cycle.
    """
    if not isinstance(root, Value):
        raise TypeError(f"the sweep starts from one Value, not {root!r}")
    order: list[Value] = []
    entered: set[Value] = set()
    left: set[Value] = set()
    stack = [root]
    while stack:
        node = stack[-1]
        if node not in entered:
            entered.add(node)
            # Push the inputs, unless we are inside one of them
            for x, _ in node.edges:
                if x in entered and x not in left:
                    raise ValueError(f"a cycle: {x!r} depends on itself")
                stack.append(x)
        else:
            stack.pop()
            if node not in left:
                left.add(node)
                order.append(node)
    return order


# Sweep back once, multiplying along edges and adding at nodes
def backward(root: Value, seed: float = 1) -> "dict[Value, float]":
    """The gradient of `root` by every node it was computed from.

    The table belongs to this call; nothing is stored on the nodes, so two
    sweeps never mix. `seed` is the gradient of `root` itself.
    """
    order = topological_order(root)
    table = {root: seed}
    for node in reversed(order):
        for x, slope in node.edges:
            receive(table, x, slope * table[node])
    return table


# Write the two slopes of a difference and of a quotient
def subtract(a: Value | float, b: Value | float) -> Value:
    """The difference a - b; at least one of the two is a node."""
    return record("sub", plain(a) - plain(b), (a, 1), (b, -1))


def divide(a: Value | float, b: Value | float) -> Value:
    """The quotient a / b; at least one of the two is a node."""
    bottom = plain(b)
    q = plain(a) / bottom
    return record("div", q, (a, 1 / bottom), (b, -q / bottom))


# Record a function of one variable and its slope
def exp(x: Value | float) -> Value:
    """The exponential, its own slope."""
    y = math.exp(plain(x))
    return record("exp", y, (x, y))


def log(x: Value | float) -> Value:
    """The natural logarithm."""
    a = plain(x)
    return record("log", math.log(a), (x, 1 / a))


def sqrt(x: Value | float) -> Value:
    """The square root; its slope at zero is infinite, an error here."""
    y = math.sqrt(plain(x))
    return record("sqrt", y, (x, 0.5 / y))


def sin(x: Value | float) -> Value:
    """The sine."""
    a = plain(x)
    return record("sin", math.sin(a), (x, math.cos(a)))


# Add the activations
def tanh(x: Value | float) -> Value:
    """The hyperbolic tangent."""
    y = math.tanh(plain(x))
    return record("tanh", y, (x, 1 - y * y))


def sigmoid(x: Value | float) -> Value:
    """The logistic function, computed so that no exponential overflows."""
    y = (1 + math.tanh(plain(x) / 2)) / 2
    return record("sigmoid", y, (x, y * (1 - y)))


def relu(x: Value | float) -> Value:
    """The larger of x and zero; the slope at zero is taken as zero."""
    a = plain(x)
    return record("relu", max(a, 0), (x, 1 if a > 0 else 0))
