"""Group and sparse group lasso on a Gram matrix: the core's block coordinate descent."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._typing import Vector
from ..penalties import Group, SparseGroup
from .proximal import ProximalPath

__all__ = ["group_quadratic"]


def group_quadratic(
    H: np.ndarray, c: Vector, penalty: Group | SparseGroup, strengths: Vector, *, tol: float = 1e-7
) -> ProximalPath:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + s\,P(b)` for decreasing strengths and a penalty on groups.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix and cross product, divided by n.
    penalty : Group or SparseGroup
    strengths : (L,) array
        Positive, decreasing; each starts warm from the one before.
    tol : float
        Largest KKT violation over the strength.

    Examples
    --------
    >>> group_quadratic(np.eye(2), np.array([3.0, 4.0]), Group([0, 0]), np.array([1.0])).coefs.round(3)
    array([[2.151, 2.869]])

    References
    ----------
    Yuan and Lin (2006); Simon, Friedman, Hastie and Tibshirani (2013), A sparse-group lasso.
    """
    groups, (alone, weights) = penalty.layout(len(c)), penalty.thresholds(len(c))
    order = np.argsort(groups.owner, kind="stable")
    starts = np.concatenate([[0], np.cumsum(groups.sizes)]).astype(np.int32)
    gram = np.asfortranarray(H[np.ix_(order, order)])
    spans = [slice(a, b) for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
    bound = np.array([_largest(gram[span, span]) for span in spans])
    shape = (len(strengths), len(c))
    b, grad, kkt = np.empty(shape), np.empty(shape), np.empty(len(strengths))
    lane = _core.GroupLane(gram, starts, np.ascontiguousarray(weights), bound, float(alone))
    lane.solve(np.ascontiguousarray(strengths, dtype=np.float64), c[order], float(tol), b, grad, kkt)
    coefs = np.empty(shape)
    coefs[:, order] = b
    return ProximalPath(coefs, kkt, kkt <= tol, np.zeros(len(strengths), np.intp))


def _largest(block: np.ndarray) -> float:
    """Largest eigenvalue, a hair too large rather than too small; exact for one column."""
    if len(block) == 1:
        return float(block[0, 0])
    return float(np.linalg.eigvalsh(block)[-1]) * (1.0 + 1e-12)
