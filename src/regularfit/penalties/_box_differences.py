r"""The proximal step of differences of a higher order, by their dual.

w = v - D'z, where z minimises ``||v - D'z||^2 / 2`` within [-t, t]; DD' is banded, so a Newton step costs O(p). An
interior point says which z lie at a bound, and exchanging the few that are still wrong (pivoting) ends at the exact
solution. Where z is off its bounds w is a polynomial, to the rounding of its own entries. (Kim, Koh, Boyd and
Gorinevsky, 2009, l1 trend filtering; Júdice and Pires, 1994, a block principal pivoting algorithm for large-scale
strictly monotone linear complementarity problems.)
"""

from __future__ import annotations

from math import comb
from typing import Any, cast

import numpy as np

from .._typing import Indices, Vector

__all__ = ["box_differences", "differences_transposed"]

_EPS = float(np.finfo(np.float64).eps)
STEPS, EXCHANGES, PATIENCE = (
    100,
    200,
    5,
)  # of the interior point; of pivots; blocks without progress before single ones


def differences_transposed(z: Vector, order: int) -> Vector:
    """Return D'z, (p,), for D the differences of an order and z (p - order,)."""
    for _ in range(order):
        z = -np.diff(z, prepend=0.0, append=0.0)
    return z


def box_differences(v: Vector, order: int, t: float, rows: Indices) -> Vector:
    """Return v - D'z for the z within [-t, t], on some rows of D and 0 on the others, that makes it shortest."""
    if not len(rows) or t == 0:
        return v.astype(np.float64)
    task = _Task(v.astype(np.float64), order, t, rows)
    w, found = task.pivot(np.zeros(len(rows), np.int8), 1)
    if not found:
        z, side = task.interior()
        w, found = task.pivot(side, EXCHANGES)
        if not found:
            w = task.rest(z)
    return w


class _Task:
    """One dual problem."""

    def __init__(self, v: Vector, order: int, t: float, rows: Indices) -> None:
        self.v, self.order, self.t, self.rows = v, order, t, rows
        self.noise = 16.0 * 2.0**order * _EPS

    def rest(self, z: Vector) -> Vector:
        """Return v - D'z."""
        full = np.zeros(len(self.v) - self.order)
        full[self.rows] = z
        return self.v - differences_transposed(full, self.order)

    def bends(self, w: Vector) -> Vector:
        """Return the differences of ``w`` in the rows."""
        return np.diff(w, self.order)[self.rows]

    def pivot(self, side: np.ndarray, most: int) -> tuple[Vector, bool]:
        """Exchange what is wrong about ``side`` (1 and -1 at a bound, 0 between) -> w, and whether all is right."""
        fewest, patience, w = len(side) + 1, PATIENCE, self.v
        for _ in range(most):
            z = self.t * side.astype(np.float64)
            free = np.flatnonzero(side == 0)
            w = self.rest(z)
            for k in range(4):  # the later rounds take away what rounding left: it grows with z, not with w
                by = self._solve(free, self.bends(w)[free])
                z[free] += by
                moved = np.zeros(len(side))
                moved[free] = by
                w = self.rest(z) if k < 2 else w - self._spread(moved)
            noise = self.noise * max(float(np.abs(z).max()), float(np.abs(w).max()))
            wrong = np.where(side == 0, np.abs(z) > self.t * (1 + 1e-10), side * self.bends(w) < -noise)
            bad = np.flatnonzero(wrong)
            if not len(bad):
                return w, True
            if len(bad) < fewest:
                fewest, patience = len(bad), PATIENCE
            elif patience:
                patience -= 1
            else:
                bad = bad[-1:]
            side[bad] = np.where(side[bad] == 0, np.sign(z[bad]), 0).astype(np.int8)
        return w, False

    def interior(self) -> tuple[Vector, np.ndarray]:
        """Return z by a predictor-corrector interior point, and on which side of the box it ends."""
        target = self.bends(self.v) / self.t
        scale = float(np.abs(target).max()) or 1.0
        u = np.zeros(len(self.rows))
        up = down = np.full(len(u), max(1e-3, scale))
        for _ in range(STEPS):
            mean = float(up @ (1.0 - u) + down @ (1.0 + u)) / (2 * len(u))
            if mean < 1e-13 * scale:
                break
            still = np.zeros(len(u))
            du, dup, ddown = self._direction(u, up, down, still, still)
            reach = _reach(u, up, down, du, dup, ddown)
            v, above, below = u + reach * du, up + reach * dup, down + reach * ddown
            after = float(above @ (1.0 - v) + below @ (1.0 + v)) / (2 * len(u))
            centre = (after / mean) ** 3 * mean
            du, dup, ddown = self._direction(u, up, down, centre + du * dup, centre - du * ddown)
            reach = 0.99 * _reach(u, up, down, du, dup, ddown)
            u, up, down = u + reach * du, up + reach * dup, down + reach * ddown
        side = np.where(up / scale > 1.0 - u, 1, np.where(down / scale > 1.0 + u, -1, 0))
        return self.t * u, side.astype(np.int8)

    def _direction(
        self, u: Vector, up: Vector, down: Vector, plus: Vector, minus: Vector
    ) -> tuple[Vector, Vector, Vector]:
        """Newton's step to where the products of multipliers and distances are ``plus`` and ``minus``."""
        above, below = 1.0 - u, 1.0 + u
        slope = -self.bends(self.rest(self.t * u)) / self.t
        pull = -slope - plus / above + minus / below
        du = self._solve(np.arange(len(u)), pull, up / above + down / below)
        dup = (plus - up * above + up * du) / above
        ddown = (minus - down * below - down * du) / below
        return du, dup, ddown

    def _spread(self, z: Vector) -> Vector:
        full = np.zeros(len(self.v) - self.order)
        full[self.rows] = z
        return differences_transposed(full, self.order)

    def _solve(self, free: Indices, target: Vector, heavier: Vector | float = 0.0) -> Vector:
        """Solve (DD' + diag) z = target on some of the rows: banded, with entries by the rows' distance alone."""
        if not len(free):
            return np.empty(0)
        from scipy import linalg  # pyright: ignore[reportMissingTypeStubs] # loaded with the first use

        rows, order = self.rows[free], self.order
        size = min(order, len(rows) - 1)
        band = np.zeros((size + 1, len(rows)))
        entries = np.array(
            [(-1) ** d * comb(2 * order, order + d) for d in range(order + 1)], dtype=np.float64
        )
        band[0] = entries[0] + heavier
        for d in range(1, size + 1):
            apart = rows[d:] - rows[:-d]
            band[d, : len(rows) - d] = np.where(apart <= order, entries[np.minimum(apart, order)], 0.0)
        solve = cast("Any", linalg).solveh_banded
        return cast("Vector", solve(band, target, lower=True, check_finite=False))


def _reach(u: Vector, up: Vector, down: Vector, du: Vector, dup: Vector, ddown: Vector) -> float:
    """The longest step, at most 1, that keeps distances and multipliers positive."""
    now = np.concatenate([1.0 - u, 1.0 + u, up, down])
    by = np.concatenate([-du, du, dup, ddown])
    falling = by < 0
    return float((-now[falling] / by[falling]).min(initial=1.0))
