"""A Cox lane's mean loss as proximal Newton asks for it: value, slopes, gap, and its Hessian on some columns."""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from ...designs import Design
from ...losses._partial_likelihood import At
from ..problem import Problem
from .ground import Ground

__all__ = ["CoxCurve", "CoxSmooth"]

FLOOR = 1e-9  # share of a column's second moment that its curvature never falls short of
LEAST = 1e-7  # share of the null model's loss below which an objective counts as zero


class CoxCurve:
    """The Hessian at one predictor; what columns gave is kept, so that others can be added.

    ``stretch`` multiplies it. Two Hessians of a log-sum-exp differ at most by a factor, exp of twice the range of the
    step between them, so in the end a multiple bounds the loss along any step.
    """

    def __init__(self, ground: Ground, at: At, stretch: float) -> None:
        self._ground, self._at, self._stretch = ground, at, stretch
        self._cols = np.empty(0, np.int64)
        self._parts: list[np.ndarray] = []
        self.rows = ground.on_all_rows(stretch * at.expected)[:, 0]

    def gram(
        self, design: Design, cols: np.ndarray, fresh: np.ndarray, mean: Vector, inverse: Vector
    ) -> np.ndarray:
        """Return the block of ``cols`` against ``fresh``, its tail."""
        old = len(cols) - len(fresh)
        if not np.array_equal(self._cols, cols[:old]):
            self._cols, self._parts = np.empty(0, np.int64), []
            return self.gram(design, cols, cols, mean, inverse)[:, old:]
        found = self._ground.likelihood.bend(self._at, self._ground.columns(fresh, mean, inverse))
        self._parts = (
            [np.hstack(both) for both in zip(self._parts, found, strict=True)] if old else list(found)
        )
        self._cols = cols.copy()
        (P, Q), (p, q) = self._parts, found
        block = P.T @ p - Q.T @ q
        here = np.arange(len(fresh))
        block[old + here, here] += FLOOR * np.einsum("nw,nw->w", p, p)
        return np.asfortranarray(self._stretch * block)


class CoxSmooth:
    """Half the deviance of one lane, of predictors (n,) on all rows; it has no intercept and needs none."""

    quadratic = False

    def __init__(self, problem: Problem, weights: Vector) -> None:
        self.ground = Ground(problem, weights)
        self._looked: tuple[Vector, At] | None = None

    def value(self, eta: Vector) -> float:
        """Return half the deviance, a unit of weight."""
        return float(self._at(eta).value[0])

    def deviance(self, eta: Vector) -> float:
        """Return the deviance, a unit of weight."""
        return 2 * self.value(eta)

    def descent(self, eta: Vector) -> Vector:
        """Return minus the gradient, (n,), 0 on rows that the lane does not have."""
        gradient = self.ground.likelihood.gradient(self._at(eta))
        return self.ground.on_all_rows(-gradient)[:, 0]

    def gap(self, eta: Vector, size: float, ratio: float, level: float) -> float:
        """Return the relative duality gap beside a norm: the bound of ``certify``, which has no conjugate here."""
        value, away = self.value(eta), (eta - self.ground.problem.offset)[self.ground.rows]
        on_eta = float(self.descent(eta)[self.ground.rows] @ away)
        c = 1.0 / max(1.0, ratio)
        primal = value + size
        gap = min(max((1 - c) * value + size - c * on_eta, 0.0), primal)
        return gap / max(primal, LEAST * self.ground.null_value + 1e-300)

    def curve(self, eta: Vector, lifted: Vector | None) -> CoxCurve:
        """Return the Hessian, or the multiple of it that ``lift`` found."""
        return CoxCurve(self.ground, self._at(eta), 1.0 if lifted is None else float(lifted[0]))

    def lift(self, eta: Vector, move: Vector, before: Vector | None) -> Vector:
        """Return the multiple (1,) of the Hessian for after a step that failed: what it met, or twice the last."""
        least = 2.0 if before is None else 2.0 * float(before[0])
        at, step = self._at(eta), move[self.ground.rows]
        if at.wide[0]:
            return np.array([least])
        bend = float(step @ self.ground.likelihood.hessian_times(at, step))
        met = float((self.descent(eta) - self.descent(eta + move)) @ move)
        known = bend > 0 and np.isfinite(met)
        return np.array([max(least, met / bend) if known else least])

    def _at(self, eta: Vector) -> At:
        """Everything at a predictor, remembered for the last one."""
        if self._looked is None or self._looked[0] is not eta:
            self._looked = eta, self.ground.likelihood.at(eta[self.ground.rows, None])
        return self._looked[1]
