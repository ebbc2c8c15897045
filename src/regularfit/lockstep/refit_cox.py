"""Unpenalised Cox fits on many supports of a lane: Newton with the exact Hessian, from support to support.

The columns that a lane ever has in a support are gathered once, centred and scaled, in the likelihood's order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .._typing import Indices, Vector
from ..designs import Imputed
from .cox.ground import Ground
from .problem import Lane, Problem
from .refit_newton import MOST, SATURATED, newton_step, reason_of
from .standard import inverse_scale

if TYPE_CHECKING:
    from .refit import Refits, Supports

__all__ = ["refit_cox"]


def refit_cox(
    problem: Problem, lanes: Sequence[Lane], supports: Sequence[Supports], tol: float
) -> Callable[[int], Refits]:
    """Return the function that refits a lane, given by its number."""

    def refit(k: int) -> Refits:
        weights = lanes[k].weights(problem)
        design = problem.design
        inside = replace(problem, design=design.fill(weights)) if isinstance(design, Imputed) else problem
        return _refit(inside, weights, supports[k], tol)

    return refit


def _refit(problem: Problem, weights: Vector, supports: Supports, tol: float) -> Refits:
    from .refit import Refits

    task = _Lane(problem, weights, supports.sets)
    count = len(supports.sets)
    coefs, ratio, kkt = np.zeros((count, problem.p)), np.zeros(count), np.zeros(count)
    start = np.zeros(len(task.cols))
    for k, cols in enumerate(supports.sets):
        places = task.place[cols]
        kept = np.zeros_like(start)
        kept[places] = start[places]
        beta, ratio[k], kkt[k], dependent = task.fit(kept, places, 0.01 * tol)
        if dependent:  # no single answer: the one that Newton finds from the penalised solution
            kept[places] = supports.near[k] / task.scale[places]
            beta, ratio[k], kkt[k], _ = task.fit(kept, places, 0.01 * tol)
        coefs[k, task.cols] = beta * task.scale
        start = beta if ratio[k] < SATURATED else np.zeros_like(beta)
    reasons = tuple(reason_of(r, v, tol) for r, v in zip(ratio, kkt, strict=True))
    return Refits(coefs, np.zeros(count), ratio, kkt, reasons)


class _Lane:
    """Newton's method for one lane."""

    def __init__(self, problem: Problem, weights: Vector, sets: Sequence[Indices]) -> None:
        self.ground = Ground(problem, weights)
        self.likelihood, self.offset = self.ground.likelihood, self.ground.offset
        self.cols = np.unique(np.concatenate([np.empty(0, np.intp), *sets])).astype(np.intp)
        self.place = np.full(problem.p, -1)
        self.place[self.cols] = np.arange(len(self.cols))
        mean, deviation = (found[0] for found in problem.design.moments(weights[None, :]))
        inverse = inverse_scale(deviation, True, True)
        self.scale = np.where(inverse[self.cols] > 0, inverse[self.cols], 1.0)
        self.Z = self.ground.columns(self.cols, mean, inverse)
        start = self.likelihood.at(self.offset[:, None])
        self.null = float(start.value[0])
        pull = self.Z.T @ self.likelihood.gradient(start)[:, 0]
        self.size = float(np.abs(pull).max(initial=0.0)) or 1.0

    def fit(self, beta: Vector, places: Indices, tol: float) -> tuple[Vector, float, float, bool]:
        """Minimise on some columns -> coefficients, explained deviance, relative violation, whether columns depend."""
        Z, violation, dependent = self.Z[:, places], np.inf, False
        own = beta[places]
        eta = self.offset + Z @ own
        for _ in range(MOST):
            at = self.likelihood.at(eta[:, None])
            value = float(at.value[0])
            gradient = Z.T @ self.likelihood.gradient(at)[:, 0]
            violation = float(np.abs(gradient).max(initial=0.0)) / self.size
            if violation <= tol or self._ratio(value) >= SATURATED:
                break
            step, dependent = newton_step(self.likelihood.hessian(at, Z), -gradient)
            moved, slope = Z @ step, float(gradient @ step)
            length = self._length(eta, moved, value, slope)
            if length == 0:
                break
            own, eta = own + length * step, eta + length * moved
        beta = beta.copy()
        beta[places] = own
        return beta, self._ratio(self._value(eta)), violation, dependent

    def _length(self, eta: Vector, moved: Vector, value: float, slope: float) -> float:
        """The longest of 1, 1/2, 1/4, ... that lowers the loss; 0 where none does."""
        length = 1.0
        while length > 1e-8:
            if self._value(eta + length * moved) <= value + 1e-4 * length * slope:
                return length
            length /= 2
        return 0.0

    def _value(self, eta: Vector) -> float:
        return float(self.likelihood.value(eta[:, None])[0])

    def _ratio(self, value: float) -> float:
        return 1 - value / self.null if self.null > 0 else 0.0
