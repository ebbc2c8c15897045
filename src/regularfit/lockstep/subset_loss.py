"""Best subsets with any smooth loss: exchanges are judged on its quadratic model, and count when they hold for the loss.

At the refitted subset the loss is a quadratic with weights and a working response; the search of ``subset.py`` moves on it,
the coefficients of the new subset are fitted anew, and the move is kept if the loss and the price together have fallen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._typing import Vector
from ..penalties import L0
from .null import null_eta
from .problem import Problem
from .proximal import ProximalPath
from .subset import WORTH, Search
from .subset_rounds import centred_products, most_columns

__all__ = ["subset_loss"]

MOVES, NEWTON = 50, 100  # of subsets a strength; steps of a refit
ROUNDING, SHORTEST = 1e-13, 1e-8  # of an objective; of a step
FLAT = 1e-10  # curvature below which rows count as this much curved


def subset_loss(
    problem: Problem,
    penalty: L0,
    grid: Vector,
    weights: Vector,
    mean: Vector,
    inverse: Vector,
    tol: float,
) -> ProximalPath:
    """Search one lane down the grid; coefficients (L, p) on the penalised scale and, with one, the intercept."""
    lane = _Lane(problem, weights, mean, inverse)
    coefs, kkt = [], []
    now = lane.refit(np.empty(0, np.intp), 0.0)
    most = most_columns(problem, weights)
    for s in grid:
        price = float(s) * penalty.strength
        now = lane.refit(now.used, price * penalty.l2, now)
        for _ in range(MOVES):
            found = lane.refit(lane.moved(now, price, penalty.l2), price * penalty.l2, now)
            if not found.cost(price) < now.cost(price) - WORTH * price:
                break
            now = found
        if len(now.used) > most:
            break
        own = np.zeros(problem.p + problem.fit_intercept)
        own[now.used], own[problem.p :] = now.b, now.level
        coefs.append(own)
        kkt.append(now.open / s)
    violations = np.array(kkt)
    return ProximalPath(np.array(coefs), violations, violations <= tol, np.zeros(len(kkt), np.intp))


@dataclass(frozen=True, eq=False)
class _Fit:
    """A subset with its coefficients."""

    used: np.ndarray
    b: Vector
    level: float
    eta: Vector
    smooth: float  # loss and ridge part
    open: float  # largest entry of the gradient

    def cost(self, price: float) -> float:
        return self.smooth + price * len(self.used)


@dataclass(frozen=True, eq=False)
class _Lane:
    """The data of one lane."""

    problem: Problem
    weights: Vector
    mean: Vector
    inverse: Vector

    def refit(self, used: np.ndarray, ridge: float, near: _Fit | None = None) -> _Fit:
        """Damped Newton steps on a subset, from the coefficients of another one that is near."""
        problem, m = self.problem, len(used)
        Z = self._columns(used)
        if problem.fit_intercept:
            Z = np.column_stack([Z, np.ones(problem.n)])
        penalised = np.append(np.full(m, ridge), np.zeros(int(problem.fit_intercept)))
        b = np.zeros(m + problem.fit_intercept)
        if near is None:
            b[m:] = (null_eta(problem, self.weights) - problem.offset)[0] if problem.fit_intercept else 0.0
        else:
            there = dict(zip(near.used.tolist(), near.b.tolist(), strict=True))
            b[:m], b[m:] = [there.get(j, 0.0) for j in used.tolist()], near.level
        value, gradient, eta = self._look(Z, b, penalised)
        for _ in range(NEWTON):
            bend = self.weights * np.maximum(problem.loss.curvature(problem.y, eta), FLAT)
            H = Z.T @ (bend[:, None] * Z)
            H[np.diag_indices_from(H)] += penalised + 1e-14 * np.trace(H)
            step = -np.linalg.solve(H, gradient)
            length, old = 1.0, np.abs(gradient).max(initial=0.0)
            while True:
                fresh = self._look(Z, b + length * step, penalised)
                falls = fresh[0] <= value + 1e-4 * length * (gradient @ step)
                # Close to the end the objective's own rounding hides that it falls; the gradient still tells.
                level = fresh[0] <= value + ROUNDING * abs(value)
                smaller = level and np.abs(fresh[1]).max(initial=0.0) < 0.5 * old
                if falls or smaller or length < SHORTEST:
                    break
                length /= 2
            if not (smaller or (falls and fresh[0] < value)):
                break
            b, (value, gradient, eta) = b + length * step, fresh
        return _Fit(used, b[:m], float(b[m:].sum()), eta, value, float(np.abs(gradient).max(initial=0.0)))

    def moved(self, now: _Fit, price: float, l2: float) -> np.ndarray:
        """The subset at which the search ends on the quadratic model of a fit."""
        problem, design = self.problem, self.problem.design
        bend = self.weights * np.maximum(problem.loss.curvature(problem.y, now.eta), FLAT)
        total = float(bend.sum())
        centre, deviation = (found[0] for found in design.moments(bend[None, :] / total))
        size = deviation if problem.fit_intercept else np.hypot(centre, deviation)
        middle = centre if problem.fit_intercept else np.zeros_like(centre)

        def rows(columns: np.ndarray) -> np.ndarray:
            Z = self._columns(columns, middle)
            return centred_products(design, bend[:, None] * Z, middle) * self.inverse

        slope = self.weights * problem.loss.gradient(problem.y, now.eta)
        c = -centred_products(design, slope[:, None], self.mean)[0] * self.inverse
        if len(now.used):
            c += now.b @ rows(now.used)
        search = Search(c, total * (size * self.inverse) ** 2, rows)
        search.ridge = price * l2
        search.begin(now.used)
        search.settle(price, l2)
        return search.used

    def _look(self, Z: np.ndarray, b: Vector, penalised: Vector) -> tuple[float, Vector, Vector]:
        eta = self.problem.offset + Z @ b
        with np.errstate(over="ignore", invalid="ignore"):
            value = float(self.weights @ self.problem.loss.value(self.problem.y, eta))
            slope = self.weights * self.problem.loss.gradient(self.problem.y, eta)
            return value + 0.5 * float(penalised @ b**2), Z.T @ slope + penalised * b, eta

    def _columns(self, used: np.ndarray, middle: Vector | None = None) -> np.ndarray:
        columns = np.asarray(used, dtype=np.int64)
        if not len(columns):
            return np.zeros((self.problem.n, 0))
        away = (self.mean if middle is None else middle)[columns]
        own = self.inverse[columns]
        return self.problem.design.matmat(columns, np.diag(own)) - away * own
