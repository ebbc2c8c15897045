"""What a lane has found so far: coefficients, certificates, held-out scores; and where it goes on from."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ..._typing import Vector
from ...penalties import Penalty
from ..certificate import judge
from ..front import INTERRUPTED
from ..norm_gaps import relative_gap
from ..on_scale import OnScale
from ..problem import Lane, Problem
from ..result import LaneResult, Score, held_out, make_path
from ..saturation import FULL, why
from .lane import ProxLane, Solution

__all__ = ["Notes"]


class Notes:
    """Beside a :class:`ProxLane`: its grid and its answers."""

    def __init__(
        self, problem: Problem, lane: ProxLane, wish: Lane, grid: Vector, score: Score | None
    ) -> None:
        self.problem, self.lane, self.wish, self.grid, self.score = problem, lane, wish, grid, score
        count = len(grid)
        self.position, self.stop, self.batch = 0, count, 2
        self.coefs, self.missed = np.zeros(problem.p), np.zeros(problem.p, bool)
        self.entered = np.zeros(problem.p, bool)
        self.raw: list[sparse.csr_array] = []
        self.intercepts, self.ratio, self.df = (np.full(count, np.nan) for _ in range(3))
        self.gaps, self.kkt = np.full(count, np.nan), np.full(count, np.nan)
        self.scores = np.full((count, len(wish.tests)), np.nan)
        loss, w = problem.loss, lane.weights
        self._used = w > 0
        self._y, self._w, self._offset = problem.y[self._used], w[self._used], problem.offset[self._used]
        self._null = float(self._w @ loss.deviance(self._y, lane.eta[self._used]))

    def start(self, gradient: Vector, top: float) -> None:
        """Set the gradient of the null model, and the strength from which on it is the solution."""
        self.gradient, self.strength = gradient, max(top, float(self.grid[0]))

    @property
    def live(self) -> bool:
        """Whether strengths are left."""
        return self.position < self.stop

    @property
    def reached(self) -> int:
        """How many strengths the path has so far."""
        return min(self.position, self.stop)

    @property
    def now(self) -> float:
        """The next strength."""
        return float(self.grid[self.position])

    def violation(self, found: Solution, gradient: Vector) -> Vector:
        """Distance of every column (p,) from optimality, for the gradient (p,) of the mean loss."""
        return self._penalty.kkt(self._spread(found), gradient)

    @property
    def _penalty(self) -> Penalty:
        return self.lane.penalty.at(self.now)

    def refuse(self, found: Solution, gradient: Vector, outside: np.ndarray) -> None:
        """Take the strength up again with the columns that were missed."""
        self.missed = outside
        self.coefs, self.gradient = self._spread(found), gradient
        self.lane.back_to(found)

    def accept(self, found: Solution, gradient: Vector, violation: Vector) -> None:
        """Note a solution, and go on from it."""
        at, b = self.position, self._spread(found)
        raw, level = self._raw(b), found.level
        if self.problem.fit_intercept:
            level = level - float(raw @ self.lane.mean)
        self.intercepts[at] = level
        self.gaps[at] = self._gap(found, b, gradient, level)
        self.kkt[at] = max(float(violation.max(initial=0.0)), self._open(found)) / self.now
        self.df[at] = np.count_nonzero(raw)
        deviance = float(self._w @ self.problem.loss.deviance(self._y, found.eta[self._used]))
        self.ratio[at] = 1 - deviance / self._null if self._null > 0 else 0.0
        for group, rows in enumerate(self.wish.tests):
            self.scores[at, group] = held_out(self.problem, rows, found.eta[rows, None], self.score)[0]
        if self.wish.keep:
            self.raw.append(sparse.csr_array(raw[None]))
        self.missed = np.zeros(self.problem.p, bool)
        self.coefs, self.gradient, self.strength = b, gradient, self.now
        if not self.lane.outgrown:
            self.lane.back_to(found)
        self.entered |= b != 0
        self.position += 1
        if self.ratio[at] > self.problem.saturation or self._full:
            self.stop = self.position

    @property
    def _full(self) -> bool:
        most = self.wish.most if self.wish.keep else None
        return most is not None and np.count_nonzero(self.entered) > most

    def _open(self, found: Solution) -> float:
        """What the intercept leaves."""
        return abs(float(found.descent.sum())) if self.problem.fit_intercept else 0.0

    def _spread(self, found: Solution) -> Vector:
        out = np.zeros(self.problem.p)
        out[found.columns] = found.b
        return out

    def _raw(self, b: Vector) -> Vector:
        """Coefficients on the scale of X; those at a bound lie on it exactly, whatever the rounding."""
        raw, own = b * self.lane.inverse, self.lane.penalty
        if not isinstance(own, OnScale):
            return raw
        return np.clip(raw, own.form.lower * self.lane.inverse, own.form.upper * self.lane.inverse)

    def _gap(self, found: Solution, b: Vector, gradient: Vector, level: float) -> float:
        polar = self.lane.penalty.polar(gradient)
        if polar is None:
            return float("nan")
        rows = (self._y, self._w, self._offset)
        size, eta = self._penalty.value(b), found.eta[self._used]
        return relative_gap(self.problem, rows, eta, size, polar / self.now, level)

    def result(self, tol: float) -> LaneResult:
        """What is known; strengths that were not reached are nan."""
        end, path = self.reached, None
        if self.wish.keep and end:
            path = make_path(
                self.problem,
                self.grid[:end],
                sparse.csr_matrix(sparse.vstack(self.raw)),
                self.intercepts[:end],
                self.ratio[:end],
                self.df[:end],
                self.gaps[:end],
                self.kkt[:end],
                tol,
                self._ended(end),
            )
        return LaneResult(path, self.scores, self.gaps, self.kkt, judge(self.gaps, self.kkt, tol))

    def _ended(self, end: int) -> str | None:
        if end == len(self.grid):
            return None
        if self._full:
            return FULL
        return INTERRUPTED if self.live else why(self.problem.saturation)
