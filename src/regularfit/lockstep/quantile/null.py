"""The null model, and the smallest strength at which it is the solution.

Where rows lie exactly on the null model (ties at the quantile, a fit through the origin) its subgradient is a set: of
all duals that prove the null model, a small linear program takes the one whose largest score is smallest. It starts
with the columns whose scores are largest and takes in those that it overlooks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from ..._typing import Vector
from ...errors import FitError
from ...penalties.coordinates import Coordinates
from ..problem import Problem
from .boxes import Boxes
from .corner import corner
from .data import LaneData
from .interior import descend, start

__all__ = ["Null", "null_model", "quantile_scores"]

RIDGE = 1e-3  # what the top of a ridge's grid takes for an l1 part
MET = 1e-12  # a residual below it is 0; errors are near one
INSIDE = 1e-12  # of a row's box: a dual outside by less is rounding
FIRST = 50  # columns of the first linear program


@dataclass(frozen=True, eq=False)
class Null:
    """The model of intercept and free columns alone.

    Parameters
    ----------
    needed : the smallest strength at which it is the solution; inf where a ridge column is pulled.
    plain : the loss of the intercept alone, which explained deviance is counted from.
    """

    level: float
    b: Vector
    theta: Vector
    g: Vector
    needed: float
    plain: float


def quantile_scores(problem: Problem, normal: Coordinates) -> Vector:
    """Minus the subgradient of the null model that asks for the smallest top of the grid, on the penalised scale."""
    data = LaneData.of(problem, normal, problem.sample_weight / problem.n)
    return np.where(data.alive, null_model(data).g / data.own, 0.0)


def null_model(data: LaneData) -> Null:
    """Fit the null model of a lane, and find its flattest dual."""
    free, every = data.free, np.arange(data.n)
    level, b = _level(data, data.t), np.zeros(len(data.l1))
    plain = data.loss(data.residual(level, b))
    if len(free):
        A = data.block(every, free)
        k = A.shape[1]
        boxes = Boxes(A, np.empty(0, int), data.t, data.low, data.high, np.zeros(k), np.zeros(k))
        x = np.append(np.full(int(data.intercept), level), np.zeros(len(free)))
        point = descend(boxes, start(boxes, x, np.zeros(data.n), 0.1), 1e-10)
        x, _ = corner(boxes, point)
        level, b[free] = (float(x[0]), x[1:]) if data.intercept else (0.0, x)
    r = data.residual(level, b)
    theta = np.where(r > 0, data.high, data.low)
    met = np.flatnonzero(np.abs(r) <= MET * (1 + np.abs(data.t)))
    if len(met):
        theta[met] = 0.0
        theta[met] = _flattest(data, met, data.scores(theta), -float(theta.sum()))
    g = data.scores(theta)
    return Null(level, b, theta, g, _needed(data, g), plain)


def _level(data: LaneData, t: Vector) -> float:
    from ...losses import Quantile

    return Quantile(data.q).null_eta(t, data.w) if data.intercept else 0.0


def _weights(data: LaneData) -> Vector:
    """What a score is compared with; 0 for columns that are not."""
    l1 = np.where(data.alive, data.l1, 0.0)
    return np.where(l1 > 0, np.maximum(l1, RIDGE * data.l2), RIDGE * data.l2 * data.alive)


def _pulls(data: LaneData, g: Vector) -> Vector:
    """How hard columns want to leave zero; 0 where a bound holds them."""
    return np.maximum(np.where(data.upper > 0, g, 0.0), np.where(data.lower < 0, -g, 0.0))


def _needed(data: LaneData, g: Vector) -> float:
    pull = np.where(data.alive, _pulls(data, g), 0.0)
    held = data.alive & ((data.l1 > 0) | (data.l2 > 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(held & (pull > 0), pull / np.where(data.alive, data.l1, 1.0), 0.0)
    # A bound alone, without a penalty, is no l1 part: its column stays at zero only where it is not pulled.
    return float(needed.max(initial=0.0))


def _flattest(data: LaneData, met: np.ndarray, g: Vector, total: float) -> Vector:
    """Duals of the rows that are met: within their boxes, the equations kept, the largest pull over l1 smallest."""
    Z = data.block(met, data.free)
    b_eq = np.append(np.full(int(data.intercept), total), -g[data.free])
    weight = _weights(data)
    held = np.flatnonzero(weight > 0)
    if len(met) <= Z.shape[1] or len(held) == 0:
        return _any_dual(data, met, g, Z, b_eq)
    ratio = _pulls(data, g)[held] / weight[held]
    inside = held[np.argsort(-ratio)[:FIRST]]
    while True:
        theta, s = _program(data, met, inside, g, weight, Z, b_eq)
        full = np.zeros(data.n)
        full[met] = theta
        over = _pulls(data, g + data.scores(full))[held] > s * weight[held] * (1 + 1e-9) + 1e-15
        fresh = np.setdiff1d(held[over], inside)
        if len(fresh) == 0:
            return theta
        inside = np.concatenate([inside, fresh])


def _any_dual(data: LaneData, met: np.ndarray, g: Vector, Z: np.ndarray, b_eq: Vector) -> Vector:
    """A dual that keeps the equations where nothing is left to choose: the shortest, or where a box refuses it, any."""
    low, high = data.low[met], data.high[met]
    theta = np.linalg.lstsq(Z.T, b_eq, rcond=None)[0]
    inside = np.clip(theta, low, high)
    if not len(met) or np.abs(theta - inside).max() <= INSIDE * (high - low).max():
        return inside
    try:  # more rows than a corner has (rounded data), so that another one may do
        return _program(data, met, np.empty(0, int), g, np.zeros(len(g)), Z, b_eq)[0]
    except FitError:
        return inside


def _program(
    data: LaneData, met: np.ndarray, cols: np.ndarray, g: Vector, weight: Vector, Z: np.ndarray, b_eq: Vector
) -> tuple[Vector, float]:
    X = data.block(met, cols)[:, int(data.intercept) :]
    up, down = data.upper[cols] > 0, data.lower[cols] < 0
    # In units of the boxes, so that the program's tolerances are relative.
    unit = float(np.max(data.high[met] - data.low[met]))
    sides = np.concatenate([X.T[up], -X.T[down]])
    A_ub = np.column_stack([sides, -np.concatenate([weight[cols][up], weight[cols][down]])])
    b_ub = np.concatenate([-g[cols][up], g[cols][down]]) / unit
    limits = [*zip(data.low[met] / unit, data.high[met] / unit, strict=True), (0, None)]
    A_eq = np.column_stack([Z.T, np.zeros(Z.shape[1])]) if Z.shape[1] else None
    found: Any = optimize.linprog(
        np.append(np.zeros(len(met)), 1.0),
        A_ub=A_ub,
        b_ub=b_ub,
        A_eq=A_eq,
        b_eq=b_eq / unit if Z.shape[1] else None,
        bounds=limits,
        method="highs",
    )
    if found.x is None:
        raise FitError(
            "The null model of the pinball loss could not be proved: its rows and free columns agree to rounding. "
            "Penalise the unpenalised columns, or drop those that are copies."
        )
    return found.x[:-1] * unit, float(found.x[-1]) * unit
