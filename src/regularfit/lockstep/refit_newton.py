"""Unpenalised fits of other losses than the squared on many supports of a lane: Newton, from support to support.

The columns that any lane has in a support are gathered once, for all lanes (``columns.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from .._typing import Indices, Vector
from ..designs import Imputed
from .certificate import PERFECT
from .columns import Columns, DenseColumns, make_columns
from .null import null_eta
from .problem import Lane, Problem
from .standard import inverse_scale
from .threads import Workers

if TYPE_CHECKING:
    from .refit import Refits, Supports

__all__ = ["MOST", "SATURATED", "newton_step", "reason_of", "refit_newton"]

MOST = 60
SATURATED = 1 - 1e-6  # explained deviance beyond which coefficients only run to infinity
FLOOR = 1e-12  # of the largest curvature of a row


def refit_newton(
    problem: Problem, lanes: Sequence[Lane], supports: Sequence[Supports], tol: float
) -> Callable[[int], Refits]:
    """Return the function that refits a lane, given by its number."""
    if isinstance(problem.design, Imputed):
        design = problem.design

        def alone(k: int) -> Refits:
            filled = replace(problem, design=design.fill(lanes[k].weights(problem)))
            return _refit(filled, lanes[k], supports[k], _store(filled, [supports[k]]), tol)

        return alone
    store = _store(problem, supports)
    return lambda k: _refit(problem, lanes[k], supports[k], store, tol)


def _store(problem: Problem, supports: Sequence[Supports]) -> Columns:
    mean, deviation = (
        found[0] for found in problem.design.moments(problem.sample_weight[None, :] / problem.n)
    )
    inverse = inverse_scale(deviation, True, problem.fit_intercept)
    centre = mean if problem.fit_intercept else np.zeros_like(mean)
    store = make_columns(problem.design, centre, inverse, problem.fit_intercept)
    every = [cols for own in supports for cols in own.sets]
    store.take(np.concatenate([np.empty(0, np.int64), *every]).astype(np.int64))
    return store


def _refit(problem: Problem, lane: Lane, supports: Supports, store: Columns, tol: float) -> Refits:
    from .refit import Refits

    task = _Lane(problem, lane.weights(problem), store)
    count, p = len(supports.sets), problem.p
    beta = np.zeros((count, store.width))
    ratio, kkt, reasons = np.zeros(count), np.zeros(count), []
    start = task.null()
    for k, cols in enumerate(supports.sets):
        places = store.positions(cols.astype(np.int64))
        kept = np.zeros_like(start)
        kept[places] = start[places]
        beta[k], ratio[k], kkt[k], dependent = task.fit(kept, places, 0.01 * tol)
        if dependent:  # no single answer: the one that Newton finds from the penalised solution
            beta[k], ratio[k], kkt[k], _ = task.fit(task.near(supports.near[k], cols), places, 0.01 * tol)
        start = beta[k] if ratio[k] < SATURATED else task.null()
        reasons.append(reason_of(ratio[k], kkt[k], tol))
    scale = np.where(store.inverse[store.taken] == 0, 1.0, store.inverse[store.taken])
    coefs = np.zeros((count, p))
    coefs[:, store.taken] = beta[:, store.shift :] * scale
    centred = store.mean if isinstance(store, DenseColumns) else np.zeros(p)
    levels = beta[:, 0] - coefs @ centred if store.intercept else np.zeros(count)
    return Refits(coefs, levels, ratio, kkt, tuple(reasons))


def reason_of(ratio: float, kkt: float, tol: float) -> str:
    """Return why a refit ended, as a certificate says it."""
    if ratio >= SATURATED:
        return PERFECT
    if kkt <= tol:
        return "the gradient on the columns that are active vanishes"
    return (
        f"the gradient on the active columns did not fall below {tol:g} ({kkt:.1e}): nearly collinear columns"
    )


class _Lane:
    """Newton's method for one lane."""

    def __init__(self, problem: Problem, weights: Vector, store: Columns) -> None:
        self.problem, self.weights, self.store = problem, weights, store
        self.team = Workers(1, inline=True)
        self.rows = np.flatnonzero(weights)
        eta = null_eta(problem, weights)
        self.level = float((eta - problem.offset)[0]) if problem.fit_intercept else 0.0
        loss, y = problem.loss, problem.y
        self.null_deviance = float(weights @ loss.deviance(y, eta))
        pull = self._gradient(self.null())
        self.size = float(np.abs(pull).max(initial=0.0)) or 1.0

    def null(self) -> Vector:
        """The intercept alone."""
        beta = np.zeros(self.store.width)
        if self.store.intercept:
            beta[0] = self.level
        return beta

    def near(self, values: Vector, cols: Indices) -> Vector:
        """Penalised coefficients on the scale of the store, beside the null model's intercept."""
        beta, store = self.null(), self.store
        inverse = store.inverse[cols]
        beta[store.place[cols]] = values / np.where(inverse == 0, 1.0, inverse)
        return beta

    def _eta(self, beta: Vector) -> Vector:
        return self.store.matmat(beta[:, None])[:, 0] + self.problem.offset

    def _gradient(self, beta: Vector) -> Vector:
        y, offset, w, loss = self.problem.y, self.problem.offset, self.weights, self.problem.loss

        def residual(span: slice, eta: np.ndarray) -> np.ndarray:
            return (w[span] * loss.gradient(y[span], eta[:, 0] + offset[span]))[:, None]

        return self.store.sweep(beta[:, None], residual, self.team)[:, 0]

    def _value(self, eta: Vector) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            lost = self.problem.loss.value(self.problem.y[self.rows], eta[self.rows])
            return float(self.weights[self.rows] @ lost)

    def fit(self, beta: Vector, places: Indices, tol: float) -> tuple[Vector, float, float, bool]:
        """Minimise on some columns -> coefficients, explained deviance, relative violation, whether columns depend."""
        loss, y = self.problem.loss, self.problem.y
        eta, violation, dependent = self._eta(beta), np.inf, False
        value = self._value(eta)
        for _ in range(MOST):
            gradient = self._gradient(beta)[places]
            violation = float(np.abs(gradient).max(initial=0.0)) / self.size
            if violation <= tol or self._ratio(eta) >= SATURATED:
                break
            bend = self.weights * np.maximum(loss.curvature(y, eta), 0.0)
            bend = np.maximum(bend, FLOOR * bend.max()) * (self.weights > 0)
            step = np.zeros_like(beta)
            step[places], dependent = newton_step(self.store.gram(bend, places.astype(np.int64)), -gradient)
            moved = self.store.matmat(step[:, None])[:, 0]
            slope, length = float(gradient @ step[places]), 1.0
            while length > 1e-8 and not self._value(eta + length * moved) <= value + 1e-4 * length * slope:
                length /= 2
            if length <= 1e-8:
                break
            beta, eta = beta + length * step, eta + length * moved
            value = self._value(eta)
        return beta, self._ratio(eta), violation, dependent

    def _ratio(self, eta: Vector) -> float:
        deviance = float(self.weights @ self.problem.loss.deviance(self.problem.y, eta))
        return 1 - deviance / self.null_deviance if self.null_deviance > 0 else 0.0


def newton_step(H: np.ndarray, right: Vector) -> tuple[Vector, bool]:
    """Newton's step, the shortest where columns depend on one another, and whether they do."""
    size = np.sqrt(np.maximum(np.diag(H), 1e-300))
    scaled = H / np.outer(size, size)
    try:
        factor = linalg.cho_factor(scaled, check_finite=False)
        if np.diag(factor[0]).min() > 1e-5:
            return linalg.cho_solve(factor, right / size, check_finite=False) / size, False
    except linalg.LinAlgError:
        pass
    values, vectors = linalg.eigh(scaled)
    kept = values > 1e-10 * values[-1]
    return vectors[:, kept] @ ((vectors[:, kept].T @ (right / size)) / values[kept]) / size, True
