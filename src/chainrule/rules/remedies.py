# Edit the book, or edit here and stitch.
"""What to write instead of a function of NumPy that has no rule."""

from __future__ import annotations

from chainrule.errors import NotDifferentiable

# List what to write instead
COMPLEX = "its values are complex, and rules are those of real functions"
IN_PLACE = "nothing is written in place; take np.where or np.concatenate"
SETS = "index by the places of the plain array, x[np.unique(..., True)[1]]"
SERIES = "write the polynomial out, or take np.polyval and np.convolve"
REMEDIES = {
    "fft hfft ihfft ifft irfft rfft fft2 ifft2 irfft2 rfft2 fftn ifftn irfftn "
    "rfftn eig eigvals sort_complex roots": COMPLEX,
    "copyto fill_diagonal place put put_along_axis putmask at": IN_PLACE,
    "unique unique_all unique_counts unique_inverse unique_values intersect1d "
    "setdiff1d setxor1d union1d": SETS,
    "poly polyadd polyder polydiv polyfit polyint polymul polysub": SERIES,
    "scimath": "take the function of the same name in np",
    "lstsq": "take np.linalg.pinv(a) @ b",
    "qr": "for R take np.linalg.cholesky(a.T @ a).T",
    "geomspace": "take np.exp(np.linspace(np.log(start), np.log(stop)))",
    "vander": "take x[:, None] ** np.arange(n)",
    "piecewise": "take np.select or np.where",
    "choose": "take np.select or np.take_along_axis",
    "insert": "take np.concatenate",
    "trim_zeros": "take a slice",
    "interp": "take the two neighbours by np.searchsorted and weigh them",
    "nextafter": "add np.spacing(x), or take it away",
    "reduce accumulate reduceat": "take a function that has a name in np, or "
    "a loop and np.stack",
    "save savez savez_compressed savetxt": "save .data of a Tensor",
}
OTHERWISE = (
    "compose it of functions that have one, or give it one: cr.primitive"
)


# Refuse with a remedy
def remedy(name: str) -> str:
    """What to write instead of a function, given with dots: np.fft.fft."""
    for names, text in REMEDIES.items():
        if set(name.split(".")) & set(names.split()):
            return text
    return OTHERWISE


def unruled(name: str) -> NotDifferentiable:
    """The error for a function without a rule: what to write instead."""
    return NotDifferentiable(f"{name} has no rule; {remedy(name)}")
