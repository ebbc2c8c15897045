"""SLOPE on a Gram matrix: the core's proximal steps and Newton steps over the distinct sizes."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._typing import Vector

__all__ = ["solve_slope"]


def solve_slope(H: np.ndarray, c: Vector, weights: Vector, start: Vector, tol: float) -> Vector:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + \sum_i \lambda_i |b|_{(i)}` to a violation of ``tol``.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix and cross product, divided by n.
    weights : (m,) decreasing, >= 0; the strength is in them.
    start : (m,) where to begin.

    Examples
    --------
    >>> solve_slope(np.eye(2), np.array([3.0, 2.9]), np.array([1.0, 0.5]), np.zeros(2), 1e-9).round(3)
    array([2.2, 2.2])

    References
    ----------
    Bogdan et al. (2015), SLOPE; Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm.
    """
    by_columns = H if H.strides[0] == H.itemsize else H.T  # it is symmetric
    lane, shape = _core.SlopeLane(by_columns, np.ascontiguousarray(weights)), (1, len(c))
    lane.warm(np.ascontiguousarray(start))
    b = np.empty(shape)
    lane.solve(np.ones(1), np.ascontiguousarray(c), tol, 0.0, 0.0, b, np.empty(shape), np.empty(1))
    return b[0]
