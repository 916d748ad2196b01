# Edit the book, or edit here and stitch.
"""Backpropagation in NumPy, as derived in the book.

>>> import numpy as np
>>> import chainrule as cr
>>> cr.grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
array([2., 4.])
"""

from __future__ import annotations

from chainrule import compress, memory, nn, optim, scalar, train
from chainrule.accumulate import accumulate_gradients
from chainrule.anomaly import detect_anomaly
from chainrule.checkpoint import checkpoint
from chainrule.custom import custom_vjp, defjvp, defvjp, primitive
from chainrule.engine import no_grad
from chainrule.errors import (
    AnomalyError,
    ChainRuleError,
    FreedGraphError,
    GradientError,
    InPlaceError,
    LeakedTracer,
    NotDifferentiable,
    ShapeError,
)
from chainrule.gradcheck import gradcheck
from chainrule.memory import checkpoint_sequential
from chainrule.reversible import reversible
from chainrule.tensor import Tensor
from chainrule.trace import Graph, trace
from chainrule.transforms import (
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

# List the public names
__all__ = [
    "AnomalyError",
    "ChainRuleError",
    "FreedGraphError",
    "GradientError",
    "Graph",
    "InPlaceError",
    "LeakedTracer",
    "NotDifferentiable",
    "ShapeError",
    "Tensor",
    "accumulate_gradients",
    "checkpoint",
    "checkpoint_sequential",
    "compress",
    "custom_vjp",
    "defjvp",
    "defvjp",
    "detect_anomaly",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "memory",
    "nn",
    "no_grad",
    "optim",
    "primitive",
    "reversible",
    "scalar",
    "trace",
    "train",
    "value_and_grad",
    "vjp",
]
