"""Group and sparse group lasso on a Gram matrix: the core's block coordinate descent."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from .. import _core
from .._typing import Vector
from ..penalties import Group, GroupMCP, GroupSCAD, SparseGroup

__all__ = ["ON_GROUPS", "GroupQuadratic", "OnGroups", "bend_of", "solve_groups"]

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
    small = GroupQuadratic(H, owner, weights, alone, bend)
    return small.solve(c, np.array([s]), tol / s, start)[0][0]


class GroupQuadratic:
    """The same quadratic, made ready once for many strengths."""

    def __init__(
        self, H: np.ndarray, owner: np.ndarray, weights: Vector, alone: float, bend: tuple[str, float] | None
    ) -> None:
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        self._order = None
        if len(np.unique(owner[first])) < len(first):  # a group lies in pieces
            self._order = np.argsort(owner, kind="stable")
            H, owner = H[np.ix_(self._order, self._order)], owner[self._order]
            first = np.flatnonzero(np.diff(owner, prepend=-1))
        ends = np.append(first, len(owner)).astype(np.int32)
        values, basis = _spectra(H, first, np.diff(ends))
        own = np.ascontiguousarray(weights[owner[first]])
        by_columns = H if H.strides[0] == H.itemsize else np.asfortranarray(H)
        self._lane = _core.GroupLane(by_columns, ends, own, values, basis, float(alone))
        if bend is not None:
            self._lane.fold(bend[0] == "scad", bend[1])

    def solve(
        self, c: Vector, strengths: Vector, tol: float, start: Vector
    ) -> tuple[np.ndarray, np.ndarray, npt.NDArray[np.float64]]:
        """Each strength from the end of the one before, to a violation of ``tol`` times the strength.

        Returns solutions and minus gradients of the quadratic, (L, m) each, and the violations over the strengths.
        """
        shape, order = (len(strengths), len(c)), self._order
        self._lane.warm(np.ascontiguousarray(start if order is None else start[order]))
        b, score, kkt = np.empty(shape), np.empty(shape), np.empty(len(strengths))
        own = np.ascontiguousarray(c if order is None else c[order])
        self._lane.solve(np.ascontiguousarray(strengths), own, tol, b, score, kkt)
        if order is None:
            return b, score, kkt
        back = np.argsort(order)
        return b[:, back], score[:, back], kkt


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
