"""Group penalties where columns outnumber rows: a working set of groups, every group checked by one product X'R."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .._typing import Vector
from .group_quadratic import OnGroups, bend_of, solve_groups
from .problem import Problem
from .proximal import ProximalPath

__all__ = ["group_rounds"]

BATCH, DROP = (
    8,
    0.6,
)  # strengths solved before X is read again: so many, and none below this share of the last
SLACK = 1e-9  # a group outside that is pulled by less than this share of its threshold is at its boundary


def group_rounds(
    problem: Problem,
    penalty: OnGroups,
    grid: Vector,
    weights: Vector,
    mean: Vector,
    inverse: Vector,
    tol: float,
) -> ProximalPath:
    """Solve one lane along the grid; coefficients (L, p) on the penalised scale of centred columns.

    Groups are taken in by the sequential strong rule, which is checked: a strength counts only when no group outside
    is pulled.

    References
    ----------
    Tibshirani et al. (2012). Strong rules for discarding predictors in lasso-type problems. JRSS B 74.
    """
    state = _Lane(problem, penalty, weights, mean, inverse, tol)
    coefs, kkt = np.zeros((len(grid), problem.p)), np.zeros(len(grid))
    done, now = 0, max(penalty.strength_max(state.c), float(grid[0]))
    while done < len(grid):
        last = done + 1
        while last < min(done + BATCH, len(grid)) and grid[last] > DROP * now:
            last += 1
        batch = grid[done:last]
        state.take(state.pulled(state.gradient, 2 * batch[-1] - now))
        found, violations = state.solve(batch)
        gradients = state.gradients(found)
        accepted = len(batch)
        for k, s in enumerate(batch):
            missed = state.pulled(gradients[k], s * (1 + SLACK))
            missed &= ~state.inside
            if missed.any():
                state.take(missed)
                accepted = k
                break
        if accepted:
            coefs[done : done + accepted, state.columns] = found[:accepted]
            kkt[done : done + accepted] = violations[:accepted]
            state.keep(found[accepted - 1], gradients[accepted - 1])
            now, done = float(batch[accepted - 1]), done + accepted
    return ProximalPath(coefs, kkt, kkt <= tol, np.zeros(len(grid), np.intp))


@dataclass(eq=False)
class _Lane:
    """One lane: which groups are in, their Gram matrix, where the path stands."""

    problem: Problem
    penalty: OnGroups
    weights: Vector
    mean: Vector
    inverse: Vector
    tol: float
    columns: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        p = self.problem.p
        self.groups, (self.alone, self.factors) = self.penalty.layout(p), self.penalty.thresholds(p)
        self.inside = np.zeros(len(self.factors), bool)
        self.gram, self.b = np.empty((0, 0)), np.empty(0)
        y = self.problem.y - self.problem.offset
        self.y = y - self.weights @ y if self.problem.fit_intercept else y
        self.c = self.gradient = self._scores((self.weights * self.y)[:, None])[0]

    def pulled(self, gradient: Vector, s: float) -> np.ndarray:
        """Which groups a gradient (p,) pulls away from zero at a strength, (groups,); all of them at none."""
        if s <= 0:
            return np.ones(len(self.factors), bool)
        soft = np.maximum(np.abs(gradient) - s * self.alone, 0.0)
        return self.groups.norms(soft) > s * self.factors

    def take(self, wanted: np.ndarray) -> None:
        """Take groups in."""
        fresh = np.flatnonzero((wanted & ~self.inside)[self.groups.owner]).astype(np.int64)
        if not len(fresh):
            return
        self.inside |= wanted
        every = np.concatenate([self.columns, fresh])
        block = self.problem.design.gram(self.weights, every, fresh, self.mean, self.inverse, 1)
        grown = np.empty((len(every), len(every)))
        old = len(self.columns)
        grown[:old, :old], grown[:, old:], grown[old:, :old] = self.gram, block, block[:old].T
        self.columns, self.gram = every, grown
        self.b = np.concatenate([self.b, np.zeros(len(fresh))])

    def solve(self, strengths: Vector) -> tuple[np.ndarray, Vector]:
        """Coefficients (L, columns) and violations (L,) on the working set."""
        if not len(self.columns):
            return np.zeros((len(strengths), 0)), np.zeros(len(strengths))
        owner = self.groups.owner[self.columns]
        c = self.c[self.columns]
        terms = self.gram, c, owner, self.factors, self.alone
        return solve_groups(*terms, strengths, self.tol, self.b, bend_of(self.penalty))

    def keep(self, b: Vector, gradient: Vector) -> None:
        """Go on from a solution."""
        self.b, self.gradient = b, gradient

    def gradients(self, found: np.ndarray) -> np.ndarray:
        """Gradients (L, p) of all columns."""
        raw = np.ascontiguousarray((found * self.inverse[self.columns]).T)
        R = self.y[:, None] - self.problem.design.matmat(self.columns, raw)
        if self.problem.fit_intercept:
            R -= self.weights @ R
        return self._scores(self.weights[:, None] * R)

    def _scores(self, R: np.ndarray) -> np.ndarray:
        scores = self.problem.design.rmatmat(0, self.problem.p, np.ascontiguousarray(R))
        return (scores - np.outer(R.sum(axis=0), self.mean)) * self.inverse
