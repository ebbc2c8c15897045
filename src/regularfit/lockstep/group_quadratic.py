"""Group and sparse group lasso on a Gram matrix: the core's block coordinate descent."""

from __future__ import annotations

import itertools

import numpy as np

from .. import _core
from .._typing import Vector
from ..penalties import Group, GroupMCP, GroupSCAD, SparseGroup
from .proximal import ProximalPath

__all__ = ["ON_GROUPS", "OnGroups", "bend_of", "group_quadratic", "solve_groups"]

OnGroups = Group | SparseGroup | GroupMCP | GroupSCAD
ON_GROUPS = (Group, SparseGroup, GroupMCP, GroupSCAD)


def group_quadratic(
    H: np.ndarray, c: Vector, penalty: OnGroups, strengths: Vector, *, tol: float = 1e-7
) -> ProximalPath:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + s\,P(b)` for decreasing strengths and a penalty on groups.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix and cross product, divided by n.
    penalty : Group, SparseGroup, GroupMCP or GroupSCAD
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
    coefs, kkt = solve_groups(H, c, groups.owner, weights, alone, strengths, tol, bend=bend_of(penalty))
    violations = np.asarray(kkt, dtype=np.float64)
    return ProximalPath(coefs, violations, violations <= tol, np.zeros(len(strengths), np.intp))


def solve_groups(
    H: np.ndarray,
    c: Vector,
    owner: np.ndarray,
    weights: Vector,
    alone: float,
    strengths: Vector,
    tol: float,
    start: Vector | None = None,
    bend: tuple[str, float] | None = None,
) -> tuple[np.ndarray, Vector]:
    """Coefficients (L, m) and violations (L,); ``owner`` (m,) names groups among ``weights``, not all need occur."""
    order = np.argsort(owner, kind="stable")
    first = np.flatnonzero(np.diff(owner[order], prepend=-1))
    starts = np.append(first, len(c)).astype(np.int32)
    gram = np.asfortranarray(H[np.ix_(order, order)])
    spans = [slice(a, b) for a, b in itertools.pairwise(starts.tolist())]
    bound = np.array([_largest(gram[span, span]) for span in spans])
    shape = (len(strengths), len(c))
    b, grad, kkt = np.empty(shape), np.empty(shape), np.empty(len(strengths))
    own = np.ascontiguousarray(weights[owner[order][first]])
    lane = _core.GroupLane(gram, starts, own, bound, float(alone))
    if bend is not None:
        lane.fold(bend[0] == "scad", bend[1])
    if start is not None:
        lane.warm(np.ascontiguousarray(start[order]))
    lane.solve(np.ascontiguousarray(strengths, dtype=np.float64), c[order], float(tol), b, grad, kkt)
    coefs = np.empty(shape)
    coefs[:, order] = b
    return coefs, kkt


def bend_of(penalty: OnGroups) -> tuple[str, float] | None:
    """The kind and shape of a bent penalty of the norms; None for the norms themselves."""
    return penalty.bend if isinstance(penalty, (GroupMCP, GroupSCAD)) else None


def _largest(block: np.ndarray) -> float:
    """Largest eigenvalue, a hair too large rather than too small; exact for one column."""
    if len(block) == 1:
        return float(block[0, 0])
    return float(np.linalg.eigvalsh(block)[-1]) * (1.0 + 1e-12)
