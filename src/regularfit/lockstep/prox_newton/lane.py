"""One lane: its working set, and Newton steps on it from strength to strength."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ..._typing import Vector
from ...losses import CoupledLoss
from ...penalties import Penalty
from ..columns import DenseColumns, SparseTaken
from ..on_scale import on_scale
from ..problem import Problem
from .compiled import compiled_of
from .curved import Rows, smooth_of
from .hessian import Hessian
from .parts import Part, kind_of
from .search import Search

__all__ = ["ProxLane", "Solution"]

STEPS = 100  # Newton steps of one strength
STALE = 0.1  # share of the violation that a step may leave before the next one asks for a new Hessian
CHEAP = 48  # columns up to which a new Hessian costs less than a step with an old one
FEW = 64  # columns that come in at once, or as many as there are
MOST = 4000  # columns beyond which their Gram matrix is left alone
INNER = 0.02  # share of the violation that the small problem may leave: a better answer would not be Newton's
NEAR = 1e-2  # share of the strength that is violated from which on a gap is worth its price
ROUNDING = 4e-15


@dataclass(frozen=True, eq=False)
class Solution:
    """Where a strength ended, on the penalised scale of the lane's centred columns."""

    columns: np.ndarray
    b: Vector
    level: float
    eta: Vector  # (n,) on all rows, held out or not
    descent: Vector  # (n,) minus the gradient of the mean loss


def _along(part: Part, s: float, start: Vector, end: Vector, share: float) -> float:
    """The penalty between two points."""
    return part.value(end if share == 1 else start + share * (end - start), s)


class ProxLane:
    """The moving part of a lane."""

    def __init__(
        self,
        problem: Problem,
        store: DenseColumns | SparseTaken,
        penalty: Penalty,
        weights: Vector,
        mean: Vector,
        inverse: Vector,
        strict: float,
        tol: float,
    ) -> None:
        self.problem, self.store, self.weights, self.strict = problem, store, weights, strict
        self.mean, self.inverse = mean, inverse
        own, self.given = on_scale(penalty, inverse), penalty.coordinates(problem.p)
        kind = kind_of(own, problem.p)
        assert kind is not None  # as the engine made sure
        self.penalty, self.kind, self.smooth = own, kind, smooth_of(problem, weights)
        self.whole = kind.part(np.arange(problem.p))
        self.columns, self.inside = np.empty(0, np.int64), np.zeros(problem.p, bool)
        self.place = np.zeros(problem.p, np.int64)  # of a column of X in the working set
        self.scale = self.shift = self.b = np.empty(0)
        self.intercept = problem.fit_intercept and not isinstance(problem.loss, CoupledLoss)
        self.level = 0.0
        if self.intercept:
            self.level = float(problem.loss.null_eta(problem.y, weights, problem.offset))
        self.eta = problem.offset + self.level
        self.hessian = Hessian(problem.design, mean, inverse, self._columns_times, self.intercept)
        self.search = Search(self.smooth, own.convex)
        self.outgrown = False
        self.compiled = compiled_of(self, tol)
        self.rough = self.distrusted = (
            False  # whether solutions may be the core's, and whether the next may not
        )

    # ------------------------------------------------------------------ the working set

    def admit(self, wanted: np.ndarray) -> None:
        """Take in columns, a mask (p,), with all that belong to them."""
        fresh = self.kind.sorted(np.flatnonzero(self.kind.whole(wanted) & ~self.inside))
        if not len(fresh):
            return
        self.store.take(fresh)
        self.place[fresh] = len(self.columns) + np.arange(len(fresh))
        self.inside[fresh] = True
        self.columns = np.concatenate([self.columns, fresh])
        self.b = np.concatenate([self.b, np.zeros(len(fresh))])
        own, common = self.inverse[self.columns], self.store.inverse[self.columns]
        self.scale = np.divide(own, common, out=np.zeros_like(own), where=(own != 0) & (common != 0))
        away = self.mean[self.columns]
        if isinstance(self.store, DenseColumns):
            away = away - self.store.mean[self.columns]
        self.shift = away * own

    def _columns_times(self, rows: Vector, cols: np.ndarray) -> Vector:
        """Some columns on the lane's own scale times ``rows`` (n,)."""
        found = np.zeros(self.problem.p)
        found[self.columns] = self.back(rows)[0]
        return found[cols]

    def back(self, rows: Vector) -> tuple[Vector, float]:
        """The working set times ``rows`` (n,), and their sum where there is an intercept."""
        total = float(rows.sum())
        raw = self.store.back(rows)[self.store.place[self.columns]]
        return self.scale * raw - self.shift * total, total if self.intercept else 0.0

    def forward(self, held: np.ndarray, steps: np.ndarray, levels: Vector) -> np.ndarray:
        """The predictors' changes (n, k) with steps (m, k) in some coefficients of the working set, and levels (k,)."""
        B = np.zeros((self.store.width, len(levels)))
        if self.problem.fit_intercept:
            B[0] = levels - self.shift[held] @ steps
        B[self.store.place[self.columns[held]]] = self.scale[held, None] * steps
        return self.store.matmat(B)

    # ------------------------------------------------------------------ strengths

    def solve(self, strengths: Vector) -> list[Solution]:
        """Solve strengths on the working set, each from the last; fewer where the working set outgrows its matrix."""
        found = self._by_core(strengths)
        part = self.kind.part(self.columns)
        for s in strengths[len(found) :]:
            descent = self._settle(part, float(s))
            if self.outgrown:
                break
            found.append(Solution(self.columns, self.b.copy(), self.level, self.eta, descent))
        return found

    def _by_core(self, strengths: Vector) -> list[Solution]:
        """The strengths that the core solves, as far as it has the penalty and the columns."""
        self.rough = self.compiled is not None and not self.distrusted and len(self.columns) > 0
        self.distrusted = False
        if self.compiled is None or not self.rough:
            return []
        answers = zip(*self.compiled.solve(strengths), strict=True)
        return [Solution(self.columns, b, float(level), eta, r) for level, b, eta, r in answers]

    def back_to(self, found: Solution) -> None:
        """Go on from a solution."""
        self.b = np.zeros(len(self.columns))
        self.b[: len(found.b)] = found.b
        self.level, self.eta = found.level, found.eta

    def _settle(self, part: Part, s: float) -> Vector:
        """Newton steps until no optimality condition is violated by more than a share of the strength."""
        before, descent = np.inf, self.smooth.descent(self.eta)
        for _ in range(STEPS):
            g, g0 = self.back(descent)
            violation = part.kkt(self.b, -g, s)
            worst = max(float(violation.max(initial=0.0)), abs(g0))
            noise = ROUNDING * float(np.abs(descent).sum())
            if worst <= max(self.strict * s, noise) or (worst <= NEAR * s and self._closed(part, g, s)):
                break
            held = self._held(violation, 0.3 * self.strict * s)
            if len(held) > MOST and isinstance(self.smooth, Rows):  # which products with X alone can finish
                self.outgrown = True
                break
            self._refresh(held, worst, before)
            fresh, before = self.renewed, worst
            if not self._step(s, held, g, g0, max(0.5 * self.strict * s, noise, INNER * worst)):
                if fresh or self.smooth.quadratic:
                    break
                self.hessian.forget()
            descent = self.smooth.descent(self.eta)
        return descent

    def _closed(self, part: Part, g: Vector, s: float) -> bool:
        """Whether the duality gap is small enough, as far as the working set can tell."""
        ratio = part.ratio(g, s)
        if ratio is None:
            return False
        away = float((self.b * self.inverse[self.columns]) @ self.mean[self.columns])
        return self.smooth.gap(self.eta, part.value(self.b, s), ratio, self.level - away) <= self.strict

    def _held(self, violation: Vector, negligible: float) -> np.ndarray:
        """Places of the working set that take part in a step: all that are not zero, and the worst violators."""
        active = self.b != 0
        pulled = np.flatnonzero(~active & (violation > negligible))
        most = max(FEW, int(np.count_nonzero(active)))
        if len(pulled) > most:
            pulled = pulled[np.argpartition(-violation[pulled], most)[:most]]
        active[pulled] = True
        return np.flatnonzero(self.kind.ties(self.columns, active))

    def _refresh(self, held: np.ndarray, worst: float, before: float) -> None:
        """A new Hessian where there is none, where it is cheap, and where the last step fell short."""
        slow = worst > STALE * before or len(held) <= CHEAP or self.hessian.outgrown(self.columns[held])
        self.renewed = self.hessian.fresh or (slow and not self.smooth.quadratic)
        if self.renewed:
            self.hessian.renew(self.smooth.curve(self.eta, None))

    def _step(self, s: float, held: np.ndarray, g: Vector, g0: float, tol: float) -> bool:
        """One step; False where none was found that helps."""
        cols = self.columns[held]
        for lifted in self.search.attempts():
            if lifted is not None:
                self.hessian.renew(self.smooth.curve(self.eta, lifted))
            self.hessian.take(cols)
            H, pull, total = self.hessian.gram, self.hessian.pull, self.hessian.total
            held = self.place[self.hessian.cols]
            small, start = self.kind.part(self.hessian.cols), self.b[held]
            lean = pull * (g0 / total) if total > 0 else 0.0
            new = small.solve(H, g[held] - lean + H @ start, s, start, tol)
            step = new - start
            level = (g0 - float(pull @ step)) / total if total > 0 else 0.0
            if not (np.isfinite(step).all() and np.isfinite(level)):
                return False
            if not step.any() and level == 0:
                return False
            move = self.forward(held, step[:, None], np.array([level]))[:, 0]
            slope = -float(g[held] @ step) - g0 * level
            share = self.search.share(self.eta, move, slope, partial(_along, small, s, start, new))
            if share:
                self.b = self.b.copy()
                self.b[held] = new if share == 1 else start + share * (new - start)
                self.level, self.eta = self.level + share * level, self.eta + share * move
                return True
        return False
