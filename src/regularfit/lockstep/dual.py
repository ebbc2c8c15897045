r"""The dual of one lane's small problem: as many unknowns as rows, for elastic nets whose active set outgrows them.

With the columns Z of the working set (centred, scaled, weighted by the square roots of the row weights) the dual of
``1/2 |y - Zb|^2 + s pen(b)`` is

.. math:: \max_\theta \; y^\top\theta - \tfrac12 |\theta|^2 - \sum_j h_j^*(z_j^\top\theta),
          \qquad b_j(u) = \mathrm{clip}\bigl(\mathrm{soft}(u, s\,l1_j) / (s\,l2_j),\; lower_j,\; upper_j\bigr)

where :math:`b_j` is the slope of :math:`h_j^*`. It is piecewise quadratic and strongly concave, so Newton's method with
an exact search along each step ends after finitely many, and the duality gap is half the squared length of the
slope. Newton's matrix is ``s I + F F'`` with ``F`` the free columns over ``sqrt(l2)``: rows x rows, and few columns
come and go from one step to the next. The Gram matrix of the columns is never built.

Li, Sun and Toh (2018), A highly efficient semismooth Newton augmented Lagrangian method for solving lasso problems.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg as sla

from .._typing import Vector

__all__ = ["Dual"]

STEPS = 2000  # of Newton for one strength: a handful on a path, hundreds where it begins at a weak one
EXACT = 1e-18  # squared slope over the target's squared length at which only rounding is left


class Dual:
    """One lane's working set as columns, and where its last strength ended.

    Parameters
    ----------
    y : (n,) centred target times the square roots of the weights.
    gap : duality gap, relative to the objective, that is small enough.
    """

    def __init__(self, y: Vector, gap: float) -> None:
        self.y, self.gap = y, gap
        self.Z = np.empty((len(y), 0), order="F")
        self.size = 0
        self.kernel = np.zeros((len(y), len(y)))  # F F' of the columns marked in `inside`
        self.inside = np.zeros(0, bool)
        self.changes = 0  # of the kernel since it was last added up afresh
        self.trail: list[tuple[float, Vector]] = []  # the last two strengths and their theta
        self.slots: list[tuple[float, Vector]] = []  # of the last batch

    def append(self, columns: np.ndarray) -> None:
        """Take in columns (n, k)."""
        grown = self.size + columns.shape[1]
        if grown > self.Z.shape[1]:
            room = np.empty((len(self.y), grown + grown // 4), order="F")
            room[:, : self.size] = self.Z[:, : self.size]
            self.Z = room
        self.Z[:, self.size : grown] = columns
        self.inside = np.append(self.inside, np.zeros(grown - self.size, bool))
        self.size = grown

    def terms(self, l1: Vector, l2: Vector, lower: Vector, upper: Vector) -> None:
        """Set the penalty of every column; all l2 must be positive."""
        self.l1, self.l2, self.lower, self.upper = l1, l2, lower, upper
        self.root = 1.0 / np.sqrt(l2)

    def solve(self, strengths: Vector) -> tuple[np.ndarray, np.ndarray, Vector]:
        """Solve one strength after another from the base -> coefficients, gradients (L, m), violations."""
        shape = (len(strengths), self.size)
        b, grad, kkt = np.empty(shape), np.empty(shape), np.empty(len(strengths))
        self.slots = []
        for k, s in enumerate(strengths):
            b[k], theta = self._newton(float(s), self._begin(float(s)))
            grad[k] = self._columns.T @ (self.y - self._columns @ b[k])
            kkt[k] = self._violation(b[k], grad[k], float(s)) / s
            self.slots.append((float(s), theta))
        return b, grad, kkt

    def keep(self, slot: int) -> None:
        """Make the solution of one of the last strengths the base."""
        self.trail = (self.trail + self.slots[: slot + 1])[-2:]

    @property
    def _columns(self) -> np.ndarray:
        return self.Z[:, : self.size]

    def _begin(self, s: float) -> Vector:
        """A straight line through the last two solutions."""
        last = (self.trail + self.slots)[-2:]
        if not last:
            return self.y
        now, theta = last[-1]
        if len(last) < 2 or not last[0][0] > now:
            return theta
        before, older = last[0]
        return theta + (theta - older) * ((now - s) / (before - now))

    def _newton(self, s: float, theta: Vector) -> tuple[Vector, Vector]:
        Z, whole = self._columns, float(self.y @ self.y)
        u, last = Z.T @ theta, np.inf
        b, free = self._coefficients(u, s)
        for _ in range(STEPS):
            slope = self.y - theta - Z @ b
            left = float(slope @ slope)
            if left <= EXACT * whole or (left > 0.25 * last and self._closed(b, theta + slope, left, s)):
                break
            last = left
            self._free(free)
            step = self._direction(s, slope)
            moved = Z.T @ step
            length = self._search(s, theta, u, step, moved)
            theta, u = theta + length * step, u + length * moved
            b, free = self._coefficients(u, s)
        return b, theta

    def _closed(self, b: Vector, residual: Vector, left: float, s: float) -> bool:
        """Whether the duality gap is far below what is asked for, so that rounding may have the last word."""
        objective = 0.5 * float(residual @ residual) + s * float(
            np.abs(b) @ self.l1 + 0.5 * (b * b) @ self.l2
        )
        return 0.5 * left <= 1e-6 * self.gap * objective

    def _coefficients(self, u: Vector, s: float) -> tuple[Vector, np.ndarray]:
        """b(u), and which of them move with u."""
        wish = np.sign(u) * np.maximum(np.abs(u) - s * self.l1, 0.0) / (s * self.l2)
        b = np.clip(wish, self.lower, self.upper)
        return b, (np.abs(u) > s * self.l1) & (b == wish)

    def _free(self, free: np.ndarray) -> None:
        """Bring the kernel to another set of free columns: afresh where that is shorter, or rounding has added up."""
        come, go = np.flatnonzero(free & ~self.inside), np.flatnonzero(self.inside & ~free)
        self.changes += len(come) + len(go)
        if self.changes > free.sum():
            self._afresh(free)
            return
        for columns, sign in ((come, 1.0), (go, -1.0)):
            if len(columns):
                self.kernel += sign * self._product(columns)
        self.inside = free

    def _afresh(self, free: np.ndarray) -> None:
        self.kernel, self.inside, self.changes = self._product(np.flatnonzero(free)), free, 0

    def _product(self, columns: np.ndarray) -> np.ndarray:
        F = self.Z[:, columns] * self.root[columns]
        return F @ F.T

    def _direction(self, s: float, slope: Vector) -> Vector:
        """Newton's step; a kernel that lost its digits to a column that left is added up once more."""
        potrf, potrs = sla.get_lapack_funcs(("potrf", "potrs"), (self.kernel,))
        for afresh in (False, True):
            if afresh:
                self._afresh(self.inside)
            shifted = self.kernel.copy(order="F")
            shifted[np.diag_indices_from(shifted)] += s
            factor, failed = potrf(shifted, lower=1, overwrite_a=1, clean=0)
            if not failed:
                step = s * potrs(factor, slope, lower=1)[0]
                if afresh or float(step @ slope) > 0:
                    return step
        return slope / (1.0 + float(np.trace(self.kernel)) / s)  # uphill, however slow

    def _search(self, s: float, theta: Vector, u: Vector, step: Vector, moved: Vector) -> float:
        """Where the slope along the step is zero: 1 as a rule, less where coefficients change sides.

        The slope falls with the length, so halving an interval finds it; inner products with Z are known already.
        """
        base, square = float(step @ (self.y - theta)), float(step @ step)

        def slope(t: float) -> float:
            return base - t * square - float(moved @ self._coefficients(u + t * moved, s)[0])

        first = slope(0.0)
        if abs(slope(1.0)) <= 0.1 * first:
            return 1.0
        low, high = (0.0, 1.0) if slope(1.0) < 0 else (1.0, 2.0)
        while slope(high) > 0:
            low, high = high, 2 * high
        for _ in range(30):
            middle = 0.5 * (low + high)
            at = slope(middle)
            if abs(at) <= 0.01 * first:
                return middle
            low, high = (middle, high) if at > 0 else (low, middle)
        return 0.5 * (low + high)

    def _violation(self, b: Vector, grad: Vector, s: float) -> float:
        """Largest distance of a gradient from the subdifferential."""
        pull = grad - s * self.l2 * b
        t = s * self.l1
        up, down = (
            np.maximum(pull - np.where(b < 0, -t, t), 0.0),
            np.maximum(-pull - np.where(b > 0, -t, t), 0.0),
        )
        return float(
            np.max(np.where(b < self.upper, up, 0.0) + np.where(b > self.lower, down, 0.0), initial=0.0)
        )
