"""A lane's rows and columns on a scale of its own: unit spreads, and a target whose errors are near one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._typing import Vector
from ...designs import Dense, Design
from ...penalties.coordinates import Coordinates
from ..problem import Problem
from ..scores import centred_scores
from ..standard import inverse_scale, lane_terms

__all__ = ["LaneData"]


@dataclass(frozen=True, eq=False)
class LaneData:
    """What a lane knows; its coefficients are those of X times ``unit`` over ``inverse``.

    Parameters
    ----------
    rows : those with a positive weight; everything of a row below is on them.
    w : weights, summing to one.
    t : (target - offset) / unit.
    inverse, mean : (p,) what a column is multiplied by and, beside an intercept, what is taken off before.
    own : (p,) how much wider a column is than on the penalised scale.
    l1, l2, lower, upper : (p,) the penalty at strength one; excluded columns have l1 = inf.
    """

    design: Design
    rows: np.ndarray
    w: Vector
    t: Vector
    q: float
    unit: float
    intercept: bool
    mean: Vector
    inverse: Vector
    own: Vector
    l1: Vector
    l2: Vector
    lower: Vector
    upper: Vector
    lowest: Vector
    highest: Vector

    @classmethod
    def of(cls, problem: Problem, normal: Coordinates, weights: Vector) -> LaneData:
        """The lane with these weights (n,) and this penalty."""
        loss: Any = problem.loss
        means, deviations = problem.design.moments(weights[None, :])
        mean, deviation = means[0] * problem.fit_intercept, deviations[0]
        penalised = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
        size = deviation if problem.fit_intercept else np.hypot(means[0], deviation)
        own = 1.0 / np.where((penalised > 0) & (size > 0), size * penalised, 1.0)
        terms = lane_terms(normal, penalised)
        rows = np.flatnonzero(weights > 0)
        w, target = weights[rows], (problem.y - problem.offset)[rows]
        middle = loss.null_eta(target, w) if problem.fit_intercept else 0.0
        unit = float(w @ np.abs(target - middle)) or 1.0
        dead = np.isinf(terms.l1) | ((terms.lower == 0) & (terms.upper == 0))
        return cls(
            problem.design,
            rows,
            w,
            target / unit,
            loss.q,
            unit,
            problem.fit_intercept,
            mean,
            penalised * own,
            own,
            np.where(dead, np.inf, np.where(np.isinf(terms.l1), 0.0, terms.l1) * own),
            terms.l2 * own**2 * unit,
            terms.lower / own / unit,
            terms.upper / own / unit,
            terms.lowest,
            terms.highest,
        )

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.rows)

    @property
    def alive(self) -> np.ndarray:
        """Which columns may be used, (p,)."""
        return np.isfinite(self.l1)

    @property
    def free(self) -> np.ndarray:
        """Columns that nothing holds."""
        return np.flatnonzero(self.alive & (self.l1 == 0) & (self.l2 == 0))

    @property
    def low(self) -> Vector:
        """The lower sides of the rows' boxes."""
        return self.w * (self.q - 1)

    @property
    def high(self) -> Vector:
        """The upper sides."""
        return self.w * self.q

    def loss(self, r: Vector) -> float:
        """The mean loss of residuals, (n,)."""
        return float(self.w @ np.maximum(self.q * r, (self.q - 1) * r))

    def block(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Some rows and columns, the intercept's ones before them, dense."""
        out = np.ones((len(rows), len(cols) + self.intercept), order="F")
        listed = self.rows[rows]
        if isinstance(self.design, Dense):
            part = self.design.gather(listed, cols, self.mean[cols], self.inverse[cols])
        else:
            X: Any = self.design.X  # type: ignore[attr-defined]
            part = (X[:, cols][listed].toarray() - self.mean[cols]) * self.inverse[cols]
        out[:, int(self.intercept) :] = part
        return out

    def residual(self, level: float, b: Vector) -> Vector:
        """``t - level - Z b``, (n,)."""
        support = np.flatnonzero(b)
        if isinstance(self.design, Dense):
            x = np.append(np.full(int(self.intercept), level), b[support])
            return self.t - self.block(np.arange(self.n), support) @ x
        raw = b[support] * self.inverse[support]
        eta = self.design.matmat(support, np.ascontiguousarray(raw[:, None]))[self.rows, 0]
        return self.t - level - (eta - self.mean[support] @ raw)

    def scores(self, theta: Vector) -> Vector:
        """``Z' theta``, (p,)."""
        every = np.zeros((self.design.n, 1))
        every[self.rows, 0] = theta
        return centred_scores(self.design, every, self.mean[None, :])[0] * self.inverse

    def at(self, s: float) -> Coordinates:
        """The penalty at a strength, on the lane's scale."""
        l1 = np.where(self.alive, s * np.where(self.alive, self.l1, 0.0), np.inf)
        return Coordinates(l1, s * self.l2, self.lower, self.upper)

    def raw(self, b: Vector) -> Vector:
        """Coefficients on the scale of X; those at a bound lie on it exactly."""
        out = b * self.inverse * self.unit
        held = np.where((b == self.upper) & (b != 0), self.highest, out)
        return np.where((b == self.lower) & (b != 0), self.lowest, held)
