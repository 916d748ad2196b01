# Edit the book, or edit here and stitch.
"""Derivatives by differences: witnesses that know no rule of calculus.

They call the function they are given and no rule of this library, so that they
can judge every rule the book derives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ShapeError

# Name the kinds of values
Array: TypeAlias = NDArray[Any]
Function: TypeAlias = Callable[[Array], ArrayLike]


# Read x as real numbers
def real_array(x: ArrayLike) -> Array:
    """A fresh floating-point array of x; integers become float64."""
    array = np.array(x)
    if np.iscomplexobj(array):
        raise TypeError("differences are taken at real numbers, not complex")
    if np.issubdtype(array.dtype, np.floating):
        return array
    return array.astype(np.float64)


# Choose a step for every entry of x
def difference_step(x: Array, eps: float | None = None) -> Array:
    """How far to move each entry of x: eps, or (3u)^(1/3) max(1, |x|).

    u is the unit roundoff of x's dtype; the shape is that of x. Raises
    ValueError if the step is not positive or too small to change x.
    """
    if eps is None:
        unit_roundoff = np.finfo(x.dtype).eps / 2
        step: Array = np.cbrt(3 * unit_roundoff) * np.maximum(1, np.abs(x))
    else:
        step = np.full_like(x, eps)
    if not np.all(x + step > x):
        raise ValueError(f"a step of {eps} does not raise x in {x.dtype}")
    return step


# Move one entry of x at a time
def numerical_jacobian(
    f: Function, x: ArrayLike, eps: float | None = None
) -> Array:
    """The Jacobian of f at x by central differences, outputs before inputs.

    Entry ``[..., k]`` is (f(x + s e_k) - f(x - s e_k)) / 2s, with s = eps or
    `difference_step`. x has shape ``in_shape``, f(x) ``out_shape``; the result
    has ``out_shape + in_shape``, so a number f(x) gives an array shaped like
    x. Raises TypeError if x is complex, ValueError if eps moves nothing.
    """
    x = real_array(x)
    step, out = difference_step(x, eps), np.asarray(f(x))
    jacobian = np.zeros(out.shape + x.shape, np.result_type(out, x))
    for k in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[k] += step[k]
        down[k] -= step[k]
        rise = np.subtract(f(up), f(down))
        # Divide by the distance moved: x + s rounds, so it is not quite 2s.
        jacobian[(..., *k)] = rise / (up[k] - down[k])
    return jacobian


# Move one entry of x along the imaginary axis
def complex_step_jacobian(f: Function, x: ArrayLike) -> Array:
    """The Jacobian of f at x, exact to rounding, if f takes complex numbers.

    Entry ``[..., k]`` is Im f(x + i s e_k) / s: nothing is subtracted, so
    nothing cancels, and s can be tiny. Shapes as in `numerical_jacobian`. f
    must be analytic as written: no abs, maximum, conj or comparison. Raises
    TypeError if x is complex or f drops the imaginary part.
    """
    x, step = real_array(x), 2.0**-300  # a power of two scales exactly
    jacobian = np.zeros(np.shape(f(x)) + x.shape)
    for k in np.ndindex(x.shape):
        nudged = x.astype(np.complex128)
        nudged[k] += 1j * step
        out = np.asarray(f(nudged))
        if not np.iscomplexobj(out):
            raise TypeError("f returned real numbers for a complex input")
        jacobian[(..., *k)] = out.imag / step
    return jacobian


# Move all entries at once, along v
def directional_difference(
    f: Function, x: ArrayLike, v: ArrayLike, eps: float | None = None
) -> Array:
    """J v by one central difference, J being the Jacobian of f at x.

    That is (f(x + s v) - f(x - s v)) / 2s, of the shape of f(x): two calls of
    f, whatever the size of x. s is eps, or so that no entry moves further
    than its own `difference_step`. Raises ShapeError if v is not shaped like
    x, TypeError if either is complex, ValueError if eps moves nothing.
    """
    x, v = real_array(x), real_array(v)
    if x.shape != v.shape:
        shapes = [x.shape, v.shape]
        raise ShapeError("directional_difference", shapes, "v moves all of x")
    if eps is None:
        moves = v.ravel() != 0
        reach = np.ravel(difference_step(x))[moves] / np.abs(v.ravel()[moves])
        eps = float(np.min(reach)) if reach.size else 1.0
    up, down = x + eps * v, x - eps * v
    if np.any(v) and np.array_equal(up, down):
        raise ValueError(f"a step of {eps} along v does not move x")
    return np.asarray(np.subtract(f(up), f(down)) / (2 * eps))
