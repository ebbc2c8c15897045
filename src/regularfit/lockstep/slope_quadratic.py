"""SLOPE on a Gram matrix: the core's proximal steps and Newton steps over the distinct sizes."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._typing import Vector

__all__ = ["slope_path", "solve_slope"]

AT_ONCE = 10  # strengths of a call, so that Ctrl-C need not wait for a path


def slope_path(
    H: np.ndarray,
    c: Vector,
    weights: Vector,
    strengths: Vector,
    start: Vector,
    tol: float,
    gap: float = 0.0,
    yy: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + s \sum_i \lambda_i |b|_{(i)}` for decreasing s.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix and cross product, divided by n.
    weights : (m,) decreasing, >= 0.
    strengths : (L,) positive.
    start : (m,) where to begin.
    tol : largest violation, over the strength.
    gap : relative duality gap that will do as well; 0 for none.
    yy : the mean square of the target, for the gap.

    Returns
    -------
    coefficients (L, m), violations over the strength (L,)

    Examples
    --------
    >>> H, c, weights = np.eye(2), np.array([3.0, 2.9]), np.array([1.0, 0.5])
    >>> slope_path(H, c, weights, np.array([2.0, 1.0]), np.zeros(2), 1e-9)[0].round(3)
    array([[1.45, 1.45],
           [2.2 , 2.2 ]])

    References
    ----------
    Bogdan et al. (2015), SLOPE; Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm.
    """
    by_columns = H if H.strides[0] == H.itemsize else H.T  # it is symmetric
    lane, c = _core.SlopeLane(by_columns, np.ascontiguousarray(weights)), np.ascontiguousarray(c)
    lane.warm(np.ascontiguousarray(start))
    b, kkt = np.empty((len(strengths), len(c))), np.empty(len(strengths))
    for first in range(0, len(strengths), AT_ONCE):
        at = slice(first, first + AT_ONCE)
        lane.solve(np.ascontiguousarray(strengths[at]), c, tol, gap, yy, b[at], kkt[at])
    return b, kkt


def solve_slope(H: np.ndarray, c: Vector, weights: Vector, start: Vector, tol: float) -> Vector:
    """Return the same at one strength, which is in the weights, to a violation of ``tol``.

    Examples
    --------
    >>> solve_slope(np.eye(2), np.array([3.0, 2.9]), np.array([1.0, 0.5]), np.zeros(2), 1e-9).round(3)
    array([2.2, 2.2])
    """
    return slope_path(H, c, weights, np.ones(1), start, tol)[0][0]
