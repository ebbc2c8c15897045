"""Group and sparse group lasso on a Gram matrix: the core's block coordinate descent."""

from __future__ import annotations

from typing import Literal

import numpy as np

from .. import _core
from .._typing import Vector
from ..penalties import Group, GroupMCP, GroupSCAD, SparseGroup

__all__ = ["ON_GROUPS", "OnGroups", "bend_of", "solve_groups"]

OnGroups = Group | SparseGroup | GroupMCP | GroupSCAD
ON_GROUPS = (Group, SparseGroup, GroupMCP, GroupSCAD)


def solve_groups(
    H: np.ndarray,
    c: Vector,
    owner: np.ndarray,
    weights: Vector,
    alone: float,
    s: float,
    tol: float,
    start: Vector,
    bend: tuple[str, float] | None = None,
) -> Vector:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + s (a \lVert b \rVert_1 + \sum_g w_g \lVert b_g \rVert_2)`.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix, by columns, and cross product, divided by n.
    owner : (m,) the group of every column; not all need occur, and a matrix whose groups lie side by side is not
        copied.
    weights, alone : (groups,) w and a number a.
    tol : float
        Largest KKT violation.
    start : (m,) where to begin.
    bend : the kind and shape of a bent penalty that the norms meet in place of their multiples.

    Examples
    --------
    >>> H, c, owner = np.eye(2), np.array([3.0, 4.0]), np.array([0, 0])
    >>> solve_groups(H, c, owner, np.sqrt([2.0]), 0.0, 1.0, 1e-9, np.zeros(2)).round(3)
    array([2.151, 2.869])

    References
    ----------
    Yuan and Lin (2006); Simon, Friedman, Hastie and Tibshirani (2013), A sparse-group lasso.
    """
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    if len(np.unique(owner[first])) < len(first):  # a group lies in pieces
        order = np.argsort(owner, kind="stable")
        out = np.empty(len(c))
        gram = np.asfortranarray(H[np.ix_(order, order)])
        out[order] = solve_groups(gram, c[order], owner[order], weights, alone, s, tol, start[order], bend)
        return out
    ends = np.append(first, len(c)).astype(np.int32)
    values, basis = _spectra(H, first, np.diff(ends))
    own = np.ascontiguousarray(weights[owner[first]])
    by_columns = H if H.strides[0] == H.itemsize else np.asfortranarray(H)
    lane = _core.GroupLane(by_columns, ends, own, values, basis, float(alone))
    if bend is not None:
        lane.fold(bend[0] == "scad", bend[1])
    lane.warm(np.ascontiguousarray(start))
    b, grad, kkt = np.empty((1, len(c))), np.empty((1, len(c))), np.empty(1)
    lane.solve(np.array([s]), np.ascontiguousarray(c), tol / s, b, grad, kkt)
    return b[0]


def bend_of(penalty: OnGroups) -> tuple[Literal["mcp", "scad"], float] | None:
    """The kind and shape of a bent penalty of the norms; None for the norms themselves."""
    return penalty.bend if isinstance(penalty, (GroupMCP, GroupSCAD)) else None


def _spectra(H: np.ndarray, first: np.ndarray, sizes: np.ndarray) -> tuple[Vector, Vector]:
    """Eigenvalues and eigenvectors (as rows) of the groups' blocks, one group after another; by size together."""
    values = np.empty(len(H))
    corners = np.concatenate([[0], np.cumsum(sizes.astype(np.int64) ** 2)])
    basis = np.empty(corners[-1])
    for d in np.unique(sizes).tolist():
        which = np.flatnonzero(sizes == d)
        at = first[which][:, None] + np.arange(d)
        e, V = np.linalg.eigh(H[at[:, :, None], at[:, None, :]])
        values[at] = e
        basis[corners[which][:, None] + np.arange(d * d)] = V.transpose(0, 2, 1).reshape(len(which), -1)
    return values, basis
