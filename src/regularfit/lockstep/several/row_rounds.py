"""Norms of rows where columns outnumber rows: a working set of columns, every column checked by one product X'R."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _core
from ..._typing import Vector
from ..problem import Problem
from ..standard import Terms

__all__ = ["row_rounds"]

BATCH, DROP = (
    8,
    0.6,
)  # strengths solved before X is read again: so many, and none below this share of the last
SLACK = 1e-9


def row_rounds(
    problem: Problem, data: Any, terms: Terms, grid: Vector, weights: Vector, tol: float
) -> tuple[np.ndarray, Vector]:
    """Solve one lane along the grid; coefficients (L, K, p) on the penalised scale, and the last scores.

    Columns are taken in by the sequential strong rule, which is checked: a strength counts only when no column
    outside is pulled.

    References
    ----------
    Tibshirani et al. (2012). Strong rules for discarding predictors in lasso-type problems. JRSS B 74.
    """
    lane = _Lane(problem, data, terms, weights, tol)
    out = np.zeros((len(grid), *data.c.shape))
    done, now = 0, max(float(grid[0]), lane.top())
    while done < len(grid):
        last = done + 1
        while last < min(done + BATCH, len(grid)) and grid[last] > DROP * now:
            last += 1
        batch = grid[done:last]
        lane.take(lane.pulled(lane.scores, 2 * batch[-1] - now))
        found = lane.solve(batch)
        scores = lane.scores_of(found)
        accepted = len(batch)
        for k, s in enumerate(batch):
            missed = lane.pulled(scores[k], s * (1 + SLACK)) & ~lane.inside
            if missed.any():
                lane.take(missed)
                accepted = k
                break
        if accepted:
            out[done : done + accepted][:, :, lane.columns[: found.shape[2]]] = found[:accepted]
            lane.keep(found[accepted - 1], scores[accepted - 1])
            now, done = float(batch[accepted - 1]), done + accepted
    return out, lane.scores


class _Lane:
    """Which columns are in, their Gram matrix, and where the path stands."""

    def __init__(self, problem: Problem, data: Any, terms: Terms, weights: Vector, tol: float) -> None:
        self.problem, self.data, self.terms, self.weights, self.tol = problem, data, terms, weights, tol
        self.columns, self.inside = np.empty(0, np.int64), np.zeros(problem.p, bool)
        self.gram = np.empty((0, 0), order="F")
        self.b = np.empty((len(data.c), 0))
        self.scores = data.c
        y = problem.y - problem.offset
        self.y = y - data.mean_y if problem.fit_intercept else y
        self.take((terms.l1 == 0) & (data.inverse > 0))

    def top(self) -> float:
        """The strength above which all rows are zero."""
        held = np.isfinite(self.terms.l1) & (self.terms.l1 > 0)
        return float((np.linalg.norm(self.data.c, axis=0)[held] / self.terms.l1[held]).max(initial=0.0))

    def pulled(self, scores: np.ndarray, s: float) -> np.ndarray:
        """Which columns scores (K, p) pull away from zero at a strength."""
        with np.errstate(invalid="ignore"):
            bar = np.where(np.isinf(self.terms.l1), np.inf, max(s, 0.0) * self.terms.l1)
        return np.linalg.norm(scores, axis=0) > bar

    def take(self, wanted: np.ndarray) -> None:
        """Take columns in."""
        fresh = np.flatnonzero(wanted & ~self.inside).astype(np.int64)
        if not len(fresh):
            return
        self.inside[fresh] = True
        every, old = np.concatenate([self.columns, fresh]), len(self.columns)
        block = self.problem.design.gram(self.weights, every, fresh, self.data.mean, self.data.inverse, 1)
        grown = np.empty((len(every), len(every)), order="F")
        grown[:old, :old], grown[:, old:], grown[old:, :old] = self.gram, block, block[:old].T
        self.columns, self.gram = every, grown
        self.b = np.pad(self.b, ((0, 0), (0, len(fresh))))

    def solve(self, strengths: Vector) -> np.ndarray:
        """Coefficients (L, K, columns)."""
        K, m = self.b.shape
        if not m:
            return np.zeros((len(strengths), K, 0))
        l1, l2 = (np.ascontiguousarray(t[self.columns]) for t in (self.terms.l1, self.terms.l2))
        lane = _core.RowLane(self.gram, K, l1, l2)
        lane.warm(np.ascontiguousarray(self.b.ravel()))
        B, G = np.empty((len(strengths), K * m)), np.empty((len(strengths), K * m))
        c = np.ascontiguousarray(self.data.c[:, self.columns].ravel())
        lane.solve(np.ascontiguousarray(strengths), c, 0.3 * self.tol, self.data.yy, B, G)
        return B.reshape(-1, K, m)

    def scores_of(self, found: np.ndarray) -> np.ndarray:
        """Scores (L, K, p) of all columns."""
        L, K, m = found.shape
        raw = np.ascontiguousarray((found * self.data.inverse[self.columns]).reshape(-1, m).T)
        E = self.problem.design.matmat(self.columns, raw).reshape(-1, L, K)
        R = self.y[:, None, :] - E
        if self.problem.fit_intercept:
            R = R - np.tensordot(self.weights, R, axes=(0, 0))
        R = np.ascontiguousarray((self.weights[:, None, None] * R).reshape(self.problem.n, -1))
        S = self.problem.design.rmatmat(0, self.problem.p, R) - np.outer(R.sum(axis=0), self.data.mean)
        return (S * self.data.inverse).reshape(L, K, -1)

    def keep(self, b: np.ndarray, scores: np.ndarray) -> None:
        """Go on from a solution."""
        self.b = np.pad(b, ((0, 0), (0, len(self.columns) - b.shape[1])))
        self.scores = scores
