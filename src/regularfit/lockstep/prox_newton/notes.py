"""What a lane has found so far: coefficients, certificates, held-out scores; and where it goes on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..._typing import Vector
from ...penalties import Group
from ..certificate import judge
from ..cox.held_out import HeldOut
from ..cox.smooth import CoxSmooth
from ..front import INTERRUPTED
from ..on_scale import OnScale
from ..problem import Lane, Problem
from ..result import LaneResult, Score, held_out, make_path
from ..saturation import FULL, why
from .curved import proofs
from .lane import ProxLane, Solution

__all__ = ["Notes", "Verdict"]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the gradient of all columns says of a solution."""

    found: Solution
    b: Vector  # (p,) on the penalised scale
    raw: Vector  # (p,) on the scale of X
    level: float  # the intercept beside them
    violation: Vector  # (p,) distance from optimality
    gap: float  # relative; nan where the penalty is not a norm
    deviance: float


class Notes:
    """Beside a :class:`ProxLane`: its grid and its answers."""

    def __init__(
        self, problem: Problem, lane: ProxLane, wish: Lane, grid: Vector, score: Score | None
    ) -> None:
        self.problem, self.lane, self.wish, self.grid = problem, lane, wish, grid
        count = len(grid)
        self.position, self.stop, self.batch = 0, count, 2
        self.coefs, self.missed = np.zeros(problem.p), np.zeros(problem.p, bool)
        self.entered = np.zeros(problem.p, bool)
        self.raw: list[tuple[np.ndarray, Vector]] = []  # places and values of what is not zero
        self.intercepts, self.ratio, self.df = (np.full(count, np.nan) for _ in range(3))
        self.gaps, self.kkt = np.full(count, np.nan), np.full(count, np.nan)
        self.scores = np.full((count, len(wish.tests)), np.nan)
        self._tests = [_scorer(problem, lane, wish, rows, score) for rows in wish.tests]
        self._null = lane.smooth.deviance(lane.eta)

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

    def judge(self, found: Sequence[Solution], gradients: np.ndarray) -> list[Verdict]:
        """Certify solutions of the next strengths by the gradients (m, p) of the mean loss."""
        if not found:
            return []
        lane, s = self.lane, self.grid[self.position : self.position + len(found)]
        B = np.zeros((len(found), self.problem.p))
        for b, one in zip(B, found, strict=True):
            b[one.columns] = one.b
        raw, levels = self._raw(B), np.array([one.level for one in found])
        if lane.intercept:
            levels -= raw @ lane.mean
        sizes, ratios = lane.whole.values(B, s), self._polars(gradients) / s
        gaps, deviances = proofs(lane.smooth, [one.eta for one in found], sizes, ratios, levels)
        facts = zip(levels.tolist(), lane.whole.kkts(B, gradients, s), gaps, deviances, strict=True)
        return [Verdict(one, b, r, *own) for one, b, r, own in zip(found, B, raw, facts, strict=True)]

    def _polars(self, gradients: np.ndarray) -> Vector:
        """The polar of every gradient, nan where the penalty is no norm."""
        penalty = self.lane.penalty
        if isinstance(penalty, Group):
            groups = penalty.layout(self.problem.p)
            return np.max(
                groups.norms(gradients) / penalty.thresholds(self.problem.p)[1], axis=1, initial=0.0
            )
        polars = [penalty.polar(gradient) for gradient in gradients]
        return np.array([np.nan if polar is None else polar for polar in polars])

    def refuse(self, verdict: Verdict, gradient: Vector, outside: np.ndarray) -> None:
        """Take the strength up again with the columns that were missed."""
        self.missed, self.coefs, self.gradient = outside, verdict.b, gradient
        self.lane.back_to(verdict.found)

    def accept(self, verdict: Verdict, gradient: Vector) -> None:
        """Note a solution, and go on from it."""
        at, found = self.position, verdict.found
        self.intercepts[at], self.gaps[at] = verdict.level, verdict.gap
        self.kkt[at] = max(float(verdict.violation.max(initial=0.0)), self._open(found)) / self.now
        self.df[at] = np.count_nonzero(verdict.raw)
        self.ratio[at] = 1 - verdict.deviance / self._null if self._null > 0 else 0.0
        for group, score in enumerate(self._tests):
            self.scores[at, group] = score(verdict)
        if self.wish.keep:
            places = np.flatnonzero(verdict.raw)
            self.raw.append((places, verdict.raw[places]))
        self.missed = np.zeros(self.problem.p, bool)
        self.coefs, self.gradient, self.strength = verdict.b, gradient, self.now
        if not self.lane.outgrown:
            self.lane.back_to(found)
        self.entered |= verdict.b != 0
        self.position += 1
        if self.ratio[at] > self.problem.saturation or self._full:
            self.stop = self.position

    @property
    def _full(self) -> bool:
        most = self.wish.most if self.wish.keep else None
        return most is not None and int(np.count_nonzero(self.entered)) > most

    def _open(self, found: Solution) -> float:
        """What the intercept leaves."""
        return abs(float(found.descent.sum())) if self.lane.intercept else 0.0

    def _raw(self, b: Vector) -> Vector:
        """Coefficients on the scale of X; those at a bound lie on it exactly, whatever the rounding."""
        raw, own, given = b * self.lane.inverse, self.lane.penalty, self.lane.given
        if not isinstance(own, OnScale) or given is None:
            return raw
        return np.where(b == own.form.upper, given.upper, np.where(b == own.form.lower, given.lower, raw))

    def result(self, tol: float) -> LaneResult:
        """What is known; strengths that were not reached are nan."""
        end, path = self.reached, None
        if self.wish.keep and end:
            path = make_path(
                self.problem,
                self.grid[:end],
                self._coefs(),
                self.intercepts[:end],
                self.ratio[:end],
                self.df[:end],
                self.gaps[:end],
                self.kkt[:end],
                tol,
                self._ended(end),
            )
        return LaneResult(path, self.scores, self.gaps, self.kkt, judge(self.gaps, self.kkt, tol))

    def _coefs(self) -> sparse.csr_matrix:
        places, values = zip(*self.raw, strict=True)
        starts = np.concatenate([[0], np.cumsum([len(own) for own in places])])
        shape = len(self.raw), self.problem.p
        return sparse.csr_matrix((np.concatenate(values), np.concatenate(places), starts), shape=shape)

    def _ended(self, end: int) -> str | None:
        if end == len(self.grid):
            return None
        if self._full:
            return FULL
        return INTERRUPTED if self.live else why(self.problem.saturation)


def _scorer(
    problem: Problem, lane: ProxLane, wish: Lane, rows: np.ndarray, score: Score | None
) -> Callable[[Verdict], float]:
    """What a solution scores on one group of held-out rows."""
    smooth = lane.smooth
    if not isinstance(smooth, CoxSmooth):
        return lambda verdict: float(held_out(problem, rows, verdict.found.eta[rows, None], score)[0])
    own, mean = HeldOut(problem, wish, rows, smooth.ground, score), lane.mean

    def score_of(verdict: Verdict) -> float:
        eta = verdict.found.eta + float(verdict.raw @ mean)  # which centring took off
        return float(own.scores(eta[:, None], np.array([smooth.value(verdict.found.eta)]))[0])

    return score_of
