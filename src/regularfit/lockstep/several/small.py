"""A Newton step: the quadratic model with the penalty, minimised on the pairs at work."""

from __future__ import annotations

import numpy as np

from ... import _core
from ..._typing import Vector
from ..group_quadratic import solve_groups
from .frame import LaneTerms
from .hessian import Hessian, Pairs

__all__ = ["Step"]

DAMPING = 1e-8  # of the diagonal: the model is flat where a number is added to all coefficients of a column


class Step:
    """One lane's small problem, warm from step to step."""

    def __init__(self, terms: LaneTerms, rows: bool) -> None:
        self.terms, self.rows = terms, rows
        self.core = _core.Lane()
        self.bound: np.ndarray | None = None  # the matrix that the core reads
        self.damped: np.ndarray = np.empty((0, 0), order="F")
        self.source: np.ndarray | None = None

    def solve(
        self, hessian: Hessian, pairs: Pairs, cols: np.ndarray, b: Vector, g: Vector, s: float, tol: float
    ) -> Vector:
        """Minimise ``-g'(x - b) + (x - b)'H(x - b) / 2 + s P(x)`` over x, (pairs,)."""
        if not len(pairs):
            return b
        H = hessian.matrix
        damp = DAMPING * np.maximum(np.diag(hessian.full), 1e-300)
        at = cols[pairs.col]
        l1, l2 = self.terms.l1[at], self.terms.l2[at]
        c = g + H @ b + damp * b
        if self.terms.smooth:
            return np.linalg.solve(H + np.diag(damp + s * l2), c)
        if self.rows:
            return self._grouped(H + np.diag(damp + s * l2), pairs, c, l1, b, s, tol)
        if self.source is not H:
            self.source, self.damped = H, H.copy(order="F")
            self.damped[np.diag_indices(len(H))] += damp
            self.core.bind(self.damped)
            self.core.terms(*(np.ascontiguousarray(t[at]) for t in self._arrays))
        shape = (1, len(b))
        x, grad, kkt, solved = np.empty(shape), np.empty(shape), np.empty(1), np.empty(1, np.uint8)
        _core.solve_lanes([(self.core, np.array([s]), c[None, :], x, grad, kkt, solved)], 1, False)
        return x[0]

    @property
    def _arrays(self) -> tuple[Vector, Vector, Vector, Vector]:
        return self.terms.l1, self.terms.l2, self.terms.lower, self.terms.upper

    def _grouped(
        self, H: np.ndarray, pairs: Pairs, c: Vector, l1: Vector, b: Vector, s: float, tol: float
    ) -> Vector:
        """Pairs of a column lie side by side: block coordinate descent on them."""
        K = int(pairs.out.max()) + 1
        owner = np.repeat(np.arange(len(pairs) // K), K)
        return solve_groups(H, c, owner, np.ascontiguousarray(l1[::K]), 0.0, s, tol * s, b)
