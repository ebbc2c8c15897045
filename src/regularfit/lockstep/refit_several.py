"""Unpenalised fits with several linear predictors on the supports of a path: pairs of a column and an output.

Several targets are least squares, each on its own columns. Classes go by Newton from support to support; where all
classes have a column, adding one number to its coefficients changes nothing, and their mean stays the penalised one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Indices, Vector
from ..designs import Imputed
from .cox.ground import gather
from .problem import Lane, Problem
from .refit_newton import MOST, SATURATED, newton_step, reason_of
from .refit_squared import refit_squared
from .several.targets import one_target
from .standard import inverse_scale
from .threads import Workers

if TYPE_CHECKING:
    from .refit import Refits, Supports

__all__ = ["refit_classes", "refit_targets"]


def refit_targets(
    problem: Problem, lanes: Sequence[Lane], supports: Sequence[Supports], team: Workers
) -> Callable[[int], Refits]:
    """Return the function that refits a lane, given by its number: one least squares a target and support."""
    from .refit import Refits

    p, K = problem.p, problem.y.shape[1]
    parts = []
    for t in range(K):
        own = [_of_output(one, t, p) for one in supports]
        parts.append(refit_squared(one_target(problem, t), lanes, own, team, None))

    def refit(k: int) -> Refits:
        found = [part(k) for part in parts]
        weights = lanes[k].weights(problem)
        away = problem.y - problem.offset
        null = weights @ (away - (weights @ away if problem.fit_intercept else 0.0)) ** 2
        share = null / (null.sum() or 1.0)
        return Refits(
            np.concatenate([one.coefs for one in found], axis=1),
            np.stack([one.intercepts for one in found], axis=1),
            np.array([one.deviance_ratio for one in found]).T @ share,
            np.max([one.kkt for one in found], axis=0),
            found[0].reasons,
        )

    return refit


def _of_output(supports: Supports, output: int, p: int) -> Supports:
    """The columns of one output."""
    inside = [cols // p == output for cols in supports.sets]
    return replace(
        supports,
        sets=[cols[own] % p for cols, own in zip(supports.sets, inside, strict=True)],
        near=[values[own] for values, own in zip(supports.near, inside, strict=True)],
    )


def refit_classes(
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

    task, p, K = _Lane(problem, weights, supports.sets), problem.p, problem.y.shape[1]
    count = len(supports.sets)
    coefs, levels = np.zeros((count, K, p)), np.zeros((count, K))
    ratio, kkt = np.zeros(count), np.zeros(count)
    start = task.null
    for k, pairs in enumerate(supports.sets):
        near = np.zeros((K, p))
        near.flat[pairs] = supports.near[k]
        kept = task.restricted(start, pairs)
        B, ratio[k], kkt[k], dependent = task.fit(kept, pairs, 0.01 * tol)
        if dependent:  # no single answer: the one that Newton finds from the penalised solution
            B, ratio[k], kkt[k], _ = task.fit(task.at(near), pairs, 0.01 * tol)
        coefs[k], levels[k] = task.outside(B, pairs, near)
        start = B if ratio[k] < SATURATED else task.null
    reasons = tuple(reason_of(r, v, tol) for r, v in zip(ratio, kkt, strict=True))
    return Refits(coefs.reshape(count, K * p), levels, ratio, kkt, reasons)


class _Lane:
    """Newton's method for one lane; coefficients (K, columns), the intercept in the last, on standardised columns."""

    def __init__(self, problem: Problem, weights: Vector, sets: Sequence[Indices]) -> None:
        rows = np.flatnonzero(weights)
        loss: Any = problem.loss
        self.loss, self.weights = loss, weights[rows]
        self.Y, self.offset = problem.y[rows], problem.offset[rows]
        p, self.K, self.intercept = problem.p, problem.y.shape[1], problem.fit_intercept
        self.cols = np.unique(np.concatenate([np.empty(0, np.intp), *sets]) % p).astype(np.intp)
        mean, deviation = (found[0] for found in problem.design.moments(weights[None, :]))
        inverse = inverse_scale(deviation, True, self.intercept)[self.cols]
        self.p, self.centre = p, mean[self.cols] if self.intercept else np.zeros(len(self.cols))
        self.scale = np.where(inverse > 0, inverse, 1.0)
        Z = gather(problem.design, rows, self.cols, self.centre, self.scale)
        self.Z = np.concatenate([Z, np.ones((len(rows), 1))], axis=1)
        self.null = np.zeros((self.K, len(self.cols) + 1))
        if self.intercept:
            self.null[:, -1] = loss.null_eta(problem.y, weights, problem.offset)
        eta = self._eta(self.null)
        self.null_deviance = float(self.weights @ loss.deviance(self.Y, eta))
        pull = (self.weights[:, None] * loss.gradient(self.Y, eta)).T @ self.Z
        self.size = float(np.abs(pull).max(initial=0.0)) or 1.0

    def pairs(self, pairs: Indices) -> tuple[Indices, Indices]:
        """The classes and places of pairs and, behind them, of the intercepts."""
        every = np.arange(self.K) if self.intercept else np.empty(0, np.intp)
        places = np.searchsorted(self.cols, pairs % self.p)
        return np.append(pairs // self.p, every), np.append(places, np.full(len(every), len(self.cols)))

    def restricted(self, B: np.ndarray, pairs: Indices) -> np.ndarray:
        """The same coefficients on some pairs only."""
        at, out = self.pairs(pairs), np.zeros_like(B)
        out[at] = B[at]
        return out

    def at(self, coef: np.ndarray) -> np.ndarray:
        """Coefficients (K, p) on the scale of X, beside the null model's intercepts."""
        B = self.null.copy()
        B[:, :-1] = coef[:, self.cols] / self.scale
        return B

    def outside(self, B: np.ndarray, pairs: Indices, near: np.ndarray) -> tuple[np.ndarray, Vector]:
        """Coefficients and intercepts on the scale of X; a column of every class has the mean that ``near`` has."""
        coef = np.zeros((self.K, self.p))
        coef[:, self.cols] = B[:, :-1] * self.scale
        full = np.bincount(pairs % self.p, minlength=self.p) == self.K
        coef[:, full] += (near - coef).mean(axis=0)[full]
        if not self.intercept:
            return coef, np.zeros(self.K)
        level = B[:, -1] - coef[:, self.cols] @ self.centre
        return coef, level - level.mean()

    def fit(self, B: np.ndarray, pairs: Indices, tol: float) -> tuple[np.ndarray, float, float, bool]:
        """Minimise on some pairs -> coefficients, explained deviance, relative violation, whether columns depend."""
        at, violation, dependent = self.pairs(pairs), np.inf, False
        gauge = self._gauge(at[1])
        eta = self._eta(B)
        value = self._value(eta)
        for _ in range(MOST):
            P = self.loss.mean(eta)
            gradient = ((self.weights[:, None] * (P - self.Y)).T @ self.Z)[at]
            violation = float(np.abs(gradient).max(initial=0.0)) / self.size
            if violation <= tol or self._ratio(eta) >= SATURATED or not len(gradient):
                break
            H = self._hessian(P, *at)
            step, dependent = newton_step(H + np.diag(H).mean() * gauge, -gradient)
            move = np.zeros_like(B)
            move[at] = step
            moved, slope, length = self.Z @ move.T, float(gradient @ step), 1.0
            while length > 1e-8 and not self._value(eta + length * moved) <= value + 1e-4 * length * slope:
                length /= 2
            if length <= 1e-8:
                break
            B, eta = B + length * move, eta + length * moved
            value = self._value(eta)
        return B, self._ratio(eta), violation, dependent

    def _gauge(self, places: Indices) -> np.ndarray:
        """What keeps the mean over classes of columns that all classes have: the loss does not bend there."""
        full = np.bincount(places, minlength=len(self.cols) + 1) == self.K
        return ((places[:, None] == places) & full[places]) / self.K

    def _hessian(self, P: np.ndarray, out: Indices, places: Indices) -> np.ndarray:
        X, share = self.Z[:, places], P[:, out]
        M = np.sqrt(self.weights)[:, None] * share * X
        H = -(M.T @ M)
        for k in range(self.K):
            own = np.flatnonzero(out == k)
            H[np.ix_(own, own)] += X[:, own].T @ ((self.weights * P[:, k])[:, None] * X[:, own])
        return H

    def _eta(self, B: np.ndarray) -> np.ndarray:
        return self.offset + self.Z @ B.T

    def _value(self, eta: np.ndarray) -> float:
        return float(self.weights @ self.loss.value(self.Y, eta))

    def _ratio(self, eta: np.ndarray) -> float:
        deviance = float(self.weights @ self.loss.deviance(self.Y, eta))
        return 1 - deviance / self.null_deviance if self.null_deviance > 0 else 0.0
