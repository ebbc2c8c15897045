"""SLOPE with the squared loss: a batch of strengths is one call into the core, on the Gram matrix of the working set.

The Hessian is the same everywhere, so there is nothing for Newton's steps to come back for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..._typing import Vector
from ..slope_quadratic import slope_path
from .curved import Rows
from .parts import SlopeKind

if TYPE_CHECKING:
    from .lane import ProxLane

__all__ = ["OnGram"]

WIDEST = 2000  # columns of a working set, beyond which only the matrix of those that are not zero is made


class OnGram:
    """Beside a :class:`ProxLane`, whose point it moves."""

    def __init__(self, lane: ProxLane, kind: SlopeKind, rows: Rows) -> None:
        self.lane, self.kind, self.rows = lane, kind, rows

    def solve(self, strengths: Vector) -> tuple[Vector, np.ndarray, np.ndarray, np.ndarray]:
        """Go down some strengths -> levels, coefficients, predictors, descents; none on too wide a working set."""
        lane, n = self.lane, self.lane.problem.n
        if len(lane.columns) > WIDEST:
            return np.empty(0), np.empty((0, len(lane.columns))), np.empty((0, n)), np.empty((0, n))
        H, pull, total, held = self._matrix()
        (g, g0), was = lane.back(self.rows.descent(lane.eta)), lane.level
        start, count = lane.b[held], len(strengths)
        c = g[held] - (pull * (g0 / total) if total > 0 else 0.0) + H @ start
        yy = 2 * self.rows.value(lane.eta) + float(start @ (c + g[held]))
        weights = self.kind.weights[: len(held)]
        B, _ = slope_path(H, c, weights, strengths, start, lane.strict, lane.strict, yy)
        steps = (B - start).T
        levels = (g0 - pull @ steps) / total if total > 0 else np.zeros(count)
        E = lane.eta + lane.forward(held, steps, levels).T
        placed = np.empty_like(B)
        placed[:, held] = B
        R = np.array([self.rows.descent(eta) for eta in E])
        lane.b, lane.level, lane.eta = placed[-1].copy(), lane.level + float(levels[-1]), E[-1]
        return was + levels, placed, E, R

    def _matrix(self) -> tuple[np.ndarray, Vector, float, np.ndarray]:
        """The Gram matrix of the working set, what couples it to the intercept, and the places of its columns."""
        lane = self.lane
        if lane.hessian.fresh:
            lane.hessian.renew(self.rows.curve(lane.eta, None))
        lane.hessian.take(lane.columns)
        return lane.hessian.gram, lane.hessian.pull, lane.hessian.total, lane.place[lane.hessian.cols]
