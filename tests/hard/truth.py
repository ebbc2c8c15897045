"""An upper bound on how far a point is from optimal, in long double, from the raw data and the objective alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Long = np.longdouble


@dataclass(frozen=True)
class Task:
    """``(1/W) sum w loss(y, offset + b0 + xb) + s * sum_j (l1 |b_j sd_j| + l2/2 (b_j sd_j)^2)`` within bounds."""

    X: np.ndarray
    y: np.ndarray
    loss: str = "squared"
    weight: np.ndarray | None = None
    standardize: bool = True
    intercept: bool = True
    l1: np.ndarray | float = 1.0
    l2: np.ndarray | float = 0.0
    lower: np.ndarray | float = -np.inf
    upper: np.ndarray | float = np.inf
    offset: np.ndarray | None = None


def excess(task: Task, strength: float, coef: np.ndarray, intercept: float) -> float:
    """Return a bound on (objective - best objective) / objective, less what rounding the coefficients explains."""
    X, y = task.X.astype(Long), task.y.astype(Long)
    n, p = X.shape
    w = np.ones(n, Long) if task.weight is None else task.weight.astype(Long)
    w = w / w.sum()
    l1, l2, lower, upper = (
        np.broadcast_to(np.asarray(v, float), p) for v in (task.l1, task.l2, task.lower, task.upper)
    )
    mean = w @ X
    sd = np.sqrt(w @ (X - mean) ** 2)
    sd = np.where(sd > 1e-15 * np.abs(mean), sd, 0)  # the digits of a mean are no spread
    alive = np.isfinite(l1) & ((sd > 0) | (not task.intercept))
    scale = np.where(alive & task.standardize & (sd > 0), sd, 1)
    reach_of = np.abs(X) @ np.abs(coef) + abs(intercept)  # what the digits of eta are lost against
    if task.intercept:  # a shift of the columns changes the intercept, nothing else
        X = X - mean
        intercept = Long(intercept) + mean @ coef.astype(Long)
    beta = coef.astype(Long) * scale
    eta = intercept + X @ coef.astype(Long)
    if task.loss == "squared":
        residual, loss = w * (y - eta), w @ (y - eta) ** 2 / 2
        null = w @ (y - w @ y * task.intercept) ** 2 / 2
        noise = w * (np.abs(y) + reach_of)
    else:
        residual = w * (y - 1 / (1 + np.exp(-eta)))
        loss = w @ (np.logaddexp(0, eta) - y * eta)
        null, noise = Long(np.log(2)), w * (1 + reach_of / 4)
    rounding = 1e-15 * (np.abs(X).T @ noise / scale)
    objective = loss + strength * (np.where(np.isfinite(l1), l1, 0) @ abs(beta) + l2 @ beta**2 / 2)
    pull = X.T @ residual / scale - strength * l2 * beta
    most, least = np.where(beta < 0, -l1, l1) * Long(strength), np.where(beta > 0, l1, -l1) * Long(strength)
    near = 1 + 1e-12
    violation = np.maximum(
        np.where(coef * near >= upper, 0, pull - most), np.where(coef * near <= lower, 0, least - pull)
    )
    violation = np.where(alive, np.maximum(violation - rounding, 0), 0)
    room = 2 * np.maximum(objective, null * 1e-12)
    reach = np.where(
        l1 > 0,
        room / np.where(l1 > 0, strength * l1, 1),
        2 * abs(beta) + np.sqrt(room) * scale / np.where(sd > 0, sd, 1),
    )
    part = np.minimum(
        violation * reach, np.where(l2 > 0, violation**2 / np.where(l2 > 0, 2 * strength * l2, 1), np.inf)
    )
    loose = abs(residual.sum()) - 1e-15 * noise.sum() if task.intercept else 0
    total = part.max(initial=0) if not (l2 > 0).any() else part.sum()
    total += max(loose, 0) * np.sqrt(room)
    return float(total / np.maximum(objective, null * 1e-12 + Long(1e-320)))
