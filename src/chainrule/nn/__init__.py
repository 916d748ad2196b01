# Edit the book, or edit here and stitch.
"""Layers, losses and first values.

>>> import chainrule as cr
>>> model = cr.nn.Sequential(cr.nn.Linear(4, 3), cr.nn.Tanh())
>>> model(np.ones((2, 4))).shape
(2, 3)
"""

from __future__ import annotations

from chainrule.nn import functional, init
from chainrule.nn.activations import (
    ELU,
    GELU,
    SELU,
    AlphaDropout,
    LeakyReLU,
    SiLU,
    Softmax,
    Softplus,
)
from chainrule.nn.dropout import Dropout
from chainrule.nn.layers import Linear, ReLU, Sequential, Sigmoid, Tanh
from chainrule.nn.module import Module
from chainrule.nn.normalization import (
    BatchNorm1d,
    BatchNorm2d,
    LayerNorm,
    RMSNorm,
)
from chainrule.nn.residual import Residual

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "AlphaDropout",
    "BatchNorm1d",
    "BatchNorm2d",
    "Dropout",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "Module",
    "RMSNorm",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "functional",
    "init",
]
