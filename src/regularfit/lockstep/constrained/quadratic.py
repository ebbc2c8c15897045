r"""A lane's quadratic with constraints, on a scale where all numbers are near one.

.. math:: \min_b\; \tfrac12 b^\top G b - c^\top b + s\,P(b) \quad\text{with}\quad l \le A b \le u

Its dual point is the residual, shrunk, and the constraints' multipliers: with g = c - G b, h = g - A' lambda and any
k in [0, 1] for which the penalty's conjugate is finite the gap is

.. math:: (1 - k)^2\,\tfrac{rr}{2} + P(b) + P^*(k h) - k\,b^\top h + k\,|\lambda|^\top|\text{slack}|.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._typing import Vector
from ...penalties.coordinates import Coordinates
from ..moments import Moments
from ..quantile.boxes import Boxes, kinks
from ..quantile.corner import corner, rounded
from ..quantile.interior import descend, start
from ..standard import Terms
from .null import held_scores

__all__ = ["Answer", "ConstrainedLane"]

GOALS = (1e-7, 1e-10, 1e-13)
PUSH = 0.4
ALIKE = 0.01  # of the tolerance
BROKEN = 1e-8  # by how much a constraint of size one may be missed


@dataclass(frozen=True, eq=False)
class Answer:
    """A solution on the penalised scale, and its proof."""

    b: Vector
    gap: float
    kkt: float
    rr: float


@dataclass(eq=False)
class ConstrainedLane:
    """One lane; the strengths are taken one after another, each from the solution before."""

    data: Moments
    terms: Terms
    A: np.ndarray  # on the penalised scale
    low: Vector
    high: Vector
    tol: float

    def __post_init__(self) -> None:
        """Choose the scale: columns of unit norm, a target of unit spread, rows of unit size."""
        alive = np.isfinite(self.terms.l1)
        self.cols = np.flatnonzero(alive & ~((self.terms.lower == 0) & (self.terms.upper == 0)))
        take = self.cols
        norm = np.sqrt(np.maximum(np.diag(self.data.gram)[take], 0.0))
        self.norm = np.where(norm > 0, norm, 1.0)
        self.unit = float(np.sqrt(self.data.yy)) or 1.0
        self.G = self.data.gram[np.ix_(take, take)] / np.outer(self.norm, self.norm)
        self.c = self.data.c[take] / self.norm / self.unit
        A = self.A[:, take] / self.norm
        size = np.abs(A).max(axis=1, initial=0.0)
        self.size = np.where(size > 0, size, 1.0)
        self.rows = A / self.size[:, None]
        self.floor, self.ceiling = self.low / self.size / self.unit, self.high / self.size / self.unit
        l1, l2, lower, upper = self.terms.take(take)
        self.l1, self.l2 = l1 / self.norm / self.unit, l2 / self.norm**2
        self.lower, self.upper = lower * self.norm / self.unit, upper * self.norm / self.unit
        held = held_scores(self.rows, self.floor, self.ceiling, self.c, self.l1)
        self.zero = np.inf
        if held is not None:
            over = np.abs(self.c - held) / self.l1
            self.zero, self.zero_force = float(over.max(initial=0.0)), held
        self.b = np.zeros(len(take))

    def solve(self, s: float) -> Answer:
        """Return the solution at a strength."""
        if s >= self.zero * (1 - 1e-12):
            self.b = np.zeros(len(self.cols))
            return self._judge(s, self.b, self.zero_force)
        boxes = self._boxes(s)
        point = start(boxes, self.b, np.zeros(len(boxes.t)), PUSH, 1e-2)
        best: Answer | None = None
        for goal in GOALS:
            point = descend(boxes, point, goal)
            for way in (corner, rounded):
                x, theta = way(boxes, point)
                x = np.clip(x, self.lower, self.upper)
                found = self._judge(s, x, -boxes.A.T @ theta, theta * (boxes.t[: boxes.m] - boxes.A @ x))
                if best is None or found.gap < best.gap:
                    best, self.b = found, x
            if best is not None and best.gap <= ALIKE * self.tol:
                break
        assert best is not None
        return best

    def _boxes(self, s: float) -> Boxes:
        equal = self.floor == self.ceiling
        above, below = np.isfinite(self.ceiling) & ~equal, np.isfinite(self.floor) & ~equal
        which = np.concatenate([np.flatnonzero(part) for part in (equal, above, below)])
        t = np.concatenate([self.ceiling[equal], self.ceiling[above], self.floor[below]])
        low = np.concatenate([np.full(equal.sum() + above.sum(), -np.inf), np.zeros(below.sum())])
        high = np.concatenate(
            [np.full(equal.sum(), np.inf), np.zeros(above.sum()), np.full(below.sum(), np.inf)]
        )
        column, target, ends, tops = kinks(s * self.l1, self.lower, self.upper, 0)
        D = self.G + np.diag(s * self.l2)
        return Boxes(
            self.rows[which],
            column,
            np.append(t, target),
            np.append(low, ends),
            np.append(high, tops),
            D,
            self.c,
        )

    def _judge(self, s: float, b: Vector, force: Vector, slack: Vector | None = None) -> Answer:
        """Proof on all columns; ``force`` is ``A' lambda``, ``slack`` multipliers times slacks."""
        form = Coordinates(s * self.l1, s * self.l2, self.lower, self.upper)
        g = self.c - self.G @ b
        h = g - force
        rr = max(1.0 - float(b @ self.c + b @ g), 0.0) if self.data.yy > 0 else float(b @ self.G @ b)
        free = (self.l1 == 0) & (self.l2 == 0) & np.isinf(np.where(h > 0, self.upper, self.lower))
        k = form.dual_scale(np.where(free, 0.0, h))
        conjugate = form.conjugate(np.where(free, 0.0, k * h))
        size = form.l1 * np.abs(b) + 0.5 * form.l2 * b * b
        gap = 0.5 * (1 - k) ** 2 * rr + float(
            np.maximum(np.where(free, 2 * np.abs(b * h), size + conjugate - k * h * b), 0).sum()
        )
        gap += k * float(np.abs(slack).sum()) if slack is not None else 0.0
        reads = self.rows @ b
        missed = np.maximum(np.maximum(self.floor - reads, reads - self.ceiling), 0.0).max(initial=0.0)
        objective = 0.5 * rr + float(size.sum())
        kkt = float((form.kkt(b, -h) * self.norm * self.unit).max(initial=0.0)) / s
        relative = gap / max(objective, 0.5e-12) if missed <= BROKEN else np.inf
        full = np.zeros(len(self.terms.l1))
        full[self.cols] = b / self.norm * self.unit
        return Answer(full, relative, kkt, rr)
