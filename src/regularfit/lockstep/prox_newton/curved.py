"""What proximal Newton asks of a loss: value, slopes, and the Gram matrix of some columns under its curvature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from ..._typing import Vector
from ...designs import Design
from ...losses import CoupledLoss, Gamma, Logistic, Poisson, Squared
from ..cox.smooth import CoxSmooth
from ..norm_gaps import relative_gap
from ..problem import Problem
from ..rowwise import Rowwise

__all__ = ["Curve", "Rows", "Smooth", "proofs", "smooth_of"]

ELEMENTWISE = (Squared, Logistic, Poisson, Gamma)  # losses that take many predictors at once

FLOOR = 1e-5  # of the mean curvature: rows below it (Huber's far ones have none) are lifted, or steps would know no end


class Curve(Protocol):
    """The second derivative of a lane's mean loss at one predictor."""

    @property
    def rows(self) -> Vector:
        """Its diagonal (n,), row weights included: all of it, unless rows are coupled."""
        ...

    def gram(
        self, design: Design, cols: np.ndarray, fresh: np.ndarray, mean: Vector, inverse: Vector
    ) -> np.ndarray:
        """Return the block of columns ``cols`` against ``fresh``, its tail, centred by ``mean`` and scaled."""
        ...


class Smooth(Protocol):
    """A lane's mean loss as a function of its predictor (n,).

    Cox has its own; any other loss whose rows are coupled offers ``coupled(y, weights) -> Smooth``, and losses that
    are sums over rows have ``Rows``.
    """

    quadratic: bool  # whether the second derivative is the same everywhere

    def value(self, eta: Vector) -> float:
        """Return the weighted mean loss."""
        ...

    def deviance(self, eta: Vector) -> float:
        """Return twice what it exceeds that of a perfect prediction by."""
        ...

    def descent(self, eta: Vector) -> Vector:
        """Return minus its gradient, (n,)."""
        ...

    def gap(self, eta: Vector, size: float, ratio: float, level: float) -> float:
        """Return the relative duality gap beside a penalty that is ``size``, or nan where no dual is known.

        ``ratio`` is what the scores must be divided by to be feasible (more is safe), ``level`` the intercept on the
        scale of X.
        """
        ...

    def curve(self, eta: Vector, lifted: Vector | None) -> Curve:
        """Return its second derivative, raised as ``lifted``, which ``lift`` gave, says."""
        ...

    def lift(self, eta: Vector, move: Vector, before: Vector | None) -> Vector:
        """Return how to raise the second derivative after a step that failed, and ``before`` it others."""
        ...


@dataclass(frozen=True, eq=False)
class Diagonal:
    """The second derivative of a loss that is a sum over rows."""

    rows: Vector

    def gram(
        self, design: Design, cols: np.ndarray, fresh: np.ndarray, mean: Vector, inverse: Vector
    ) -> np.ndarray:
        return design.gram(self.rows, cols, fresh, mean, inverse, 1)


class Rows:
    """A loss that is a sum over rows; those of weight 0 never reach it."""

    def __init__(self, problem: Problem, weights: Vector) -> None:
        self.problem, self.loss, self.quadratic = problem, problem.loss, isinstance(problem.loss, Squared)
        self._used = slice(None) if (weights > 0).all() else np.flatnonzero(weights > 0)
        self._y, self._w, self._n = problem.y[self._used], weights[self._used], len(weights)
        self._offset, self._twin = problem.offset[self._used], Rowwise(problem.loss).twin

    def value(self, eta: Vector) -> float:
        return float(self._w @ self.loss.value(self._y, eta[self._used]))

    def deviance(self, eta: Vector) -> float:
        return float(self._w @ self.loss.deviance(self._y, eta[self._used]))

    def descent(self, eta: Vector) -> Vector:
        return self._spread(-self._w * self.loss.gradient(self._y, eta[self._used]))

    def gap(self, eta: Vector, size: float, ratio: float, level: float) -> float:
        rows = (self._y, self._w, self._offset)
        return relative_gap(self.problem, rows, eta[self._used], size, ratio, level)

    def proofs(self, E: np.ndarray, sizes: Vector, ratios: Vector, levels: Vector) -> tuple[Vector, Vector]:
        """Return gaps and deviances of several predictors, the rows of E; see :func:`proofs`."""
        eta, w = np.ascontiguousarray(E[:, self._used]), self._w
        losses = self._vectors("value", eta) @ w
        primal = losses + sizes
        V = self._vectors("gradient", eta) / np.maximum(1.0, ratios)[:, None]
        dual = (V * self._offset - self.loss.conjugate(self._y, V)) @ w
        left = np.abs((V @ w) * levels) if self.problem.fit_intercept else 0.0
        gaps = (np.maximum(primal - dual, 0.0) + left) / np.maximum(primal, np.finfo(np.float64).tiny)
        return gaps, np.maximum(2 * losses - self._perfect, 0.0)

    @cached_property
    def _perfect(self) -> float:
        """Twice the loss of a perfect prediction: what it lies above the deviance, whatever the predictor."""
        return 2 * float(self._w @ self.loss.value(self._y, self._offset)) - self.deviance(
            self.problem.offset
        )

    def _vectors(self, name: str, eta: np.ndarray) -> np.ndarray:
        """One of the loss's vectors for every row of predictors (m, rows), compiled where it has a twin."""
        if self._twin is None:
            return getattr(self.loss, name)(self._y, eta)
        out = np.empty_like(eta)
        getattr(self._twin, name)(np.tile(self._y, len(eta)), eta.ravel(), out.ravel())
        return out

    def curve(self, eta: Vector, lifted: Vector | None) -> Curve:
        bend = self.loss.curvature(self._y, eta[self._used])
        mean = float(self._w @ bend)
        if not mean > 0:
            mean = self.loss.curvature_bound or 1.0
        rows = self._spread(self._w * np.maximum(bend, FLOOR * mean))
        return Diagonal(rows if lifted is None else np.maximum(rows, lifted))

    def lift(self, eta: Vector, move: Vector, before: Vector | None) -> Vector:
        """How much every row (n,) bent along the step; twice that where it has failed before."""
        bent = self.descent(eta) - self.descent(eta + move)
        far = np.abs(move) > 1e-8 * (1 + np.abs(eta))
        met = np.divide(bent, move, out=np.zeros_like(bent), where=far)
        met = np.where(np.isfinite(met), met, 0.0)
        return met if before is None else np.maximum(2 * before, met)

    def _spread(self, values: Vector) -> Vector:
        if isinstance(self._used, slice):
            return values
        out = np.zeros(self._n)
        out[self._used] = values
        return out


def proofs(
    smooth: Smooth, etas: Sequence[Vector], sizes: Vector, ratios: Vector, levels: Vector
) -> tuple[Vector, Vector]:
    """Return relative gaps and deviances, (m,), of several solutions; gaps are nan where a ratio is."""
    if isinstance(smooth, Rows) and isinstance(smooth.loss, ELEMENTWISE) and not np.isnan(ratios).any():
        return smooth.proofs(np.array(etas), sizes, ratios, levels)
    facts = zip(etas, sizes.tolist(), ratios.tolist(), levels.tolist(), strict=True)
    gaps = [
        np.nan if np.isnan(ratio) else smooth.gap(eta, size, ratio, level)
        for eta, size, ratio, level in facts
    ]
    return np.array(gaps), np.array([smooth.deviance(eta) for eta in etas])


def smooth_of(problem: Problem, weights: Vector) -> Smooth:
    """Return the lane's mean loss, by the loss's own hand where its rows are coupled."""
    if isinstance(problem.loss, CoupledLoss):
        return CoxSmooth(problem, weights)
    own = getattr(problem.loss, "coupled", None)
    return Rows(problem, weights) if own is None else own(problem.y, weights)
