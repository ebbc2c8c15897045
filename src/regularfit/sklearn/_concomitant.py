"""Huber's regression with its scale: coefficients and scale minimise one convex function, and Newton finds both.

    F(b, c, s) = W s + sum_i w_i s H(r_i / s) + alpha |b|^2,   r = y - c - X b,   H(z) = z^2 up to epsilon, then linear

F is convex in all its unknowns together (s H(r / s) is the perspective of H), and quadratic over s while no row
changes between inside and outside. So Newton's step with the rows as they are, shortened until F falls enough, ends
within a few steps at the minimum, where the rows no longer change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import linalg, sparse

from .._typing import Vector

__all__ = ["Scaled", "fit_with_scale"]

State = tuple[Vector, Vector, float]  # coefficients with the intercept, residuals, scale

SMALLEST = 10 * float(np.finfo(np.float64).eps)  # of the scale, as in scikit-learn
MOST = 200
SHORT = 0.02  # a Newton step cut below this share says that its model is no good here


@dataclass(frozen=True, eq=False)
class Scaled:
    """Coefficients (p,), intercept, scale, how many steps it took, and whether the gradient vanished."""

    coef: Vector
    intercept: float
    scale: float
    steps: int
    converged: bool


def fit_with_scale(
    X: Any, y: Vector, weights: Vector, epsilon: float, alpha: float, fit_intercept: bool
) -> Scaled:
    """Return the minimiser of F; wide X is rotated to as many columns as rows, which the penalty does not notice."""
    used = weights > 0
    X, y, weights = X[used], y[used], weights[used]
    if X.shape[1] <= X.shape[0]:
        return _fit(X, y, weights, epsilon, alpha, fit_intercept)
    wide = (X.toarray() if sparse.issparse(X) else X).T
    Q, R = cast("tuple[np.ndarray, np.ndarray]", linalg.qr(wide, mode="economic"))
    found = _fit(np.ascontiguousarray(R.T), y, weights, epsilon, alpha, fit_intercept)
    return Scaled(Q @ found.coef, found.intercept, found.scale, found.steps, found.converged)


def _fit(X: Any, y: Vector, w: Vector, epsilon: float, alpha: float, fit_intercept: bool) -> Scaled:
    """Newton on all unknowns; where the scale wants to vanish, its floor is lowered step by step.

    At epsilon = 1, and where X explains y exactly, the smallest F lies at a scale of zero, where it has kinks.
    """
    data = _Data(X, y, w, epsilon, alpha, fit_intercept)
    theta = np.zeros(data.Z.shape[1])
    if fit_intercept:
        theta[-1] = _median(y, w)
    top = max(float(np.sqrt(np.average((y - data.Z @ theta) ** 2, weights=w))), SMALLEST)
    floor, steps = max(SMALLEST, 1e-3 * top), 0
    scale, converged = top, False
    while True:
        theta, scale, taken, converged = _newton(data, theta, max(scale, floor), floor)
        steps += taken
        if scale > floor or floor <= max(SMALLEST, 1e-10 * top):
            break
        floor = max(SMALLEST, 0.1 * floor, 1e-10 * top)
    p = X.shape[1]
    return Scaled(theta[:p], float(theta[-1]) if fit_intercept else 0.0, scale, steps, converged)


class _Data:
    """The columns with the intercept's beside them, and what every step needs."""

    def __init__(
        self, X: Any, y: Vector, w: Vector, epsilon: float, alpha: float, fit_intercept: bool
    ) -> None:
        ones = np.ones((len(y), 1))
        self.Z: Any = X  # sparse or not
        if sparse.issparse(X):
            self.Z = sparse.hstack([X, ones], format="csr") if fit_intercept else X.tocsr()
        elif fit_intercept:
            self.Z = np.hstack([X, ones])
        self.y, self.w, self.epsilon = y, w, epsilon
        self.decay = np.zeros(self.Z.shape[1])
        self.decay[: X.shape[1]] = 2 * alpha

    def value(self, r: Vector, scale: float, theta: Vector) -> float:
        """F."""
        size = np.abs(r)
        near = np.minimum(size, self.epsilon * scale)
        fit = self.w @ (near * (2 * size - near)) / scale
        return float(self.w.sum() * scale + fit + 0.5 * self.decay @ theta**2)

    def model(self, r: Vector, scale: float, theta: Vector) -> tuple[Vector, np.ndarray]:
        """Gradient and Hessian with the rows inside and outside as they are; the scale is the last unknown."""
        Z, inside = self.Z, np.abs(r) <= self.epsilon * scale
        near, pulled = np.where(inside, self.w, 0.0), np.where(inside, r, 0.0) / scale
        outer = np.where(inside, 0.0, self.w)
        slope = near * pulled + self.epsilon * outer * np.sign(r)
        gradient = np.append(
            self.decay * theta - 2 * np.asarray(Z.T @ slope).ravel(),
            self.w.sum() - self.epsilon**2 * outer.sum() - near @ pulled**2,
        )
        bend = (2 / scale * near)[:, None]
        block = (Z.T @ Z.multiply(bend).tocsr()).toarray() if sparse.issparse(Z) else (Z * bend).T @ Z
        H = np.empty((len(theta) + 1,) * 2)
        H[:-1, :-1] = block + np.diag(self.decay)
        H[-1, :-1] = H[:-1, -1] = np.asarray(Z.T @ (bend[:, 0] * pulled)).ravel()
        H[-1, -1] = bend[:, 0] @ pulled**2
        return gradient, H


def _newton(data: _Data, theta: Vector, scale: float, floor: float) -> tuple[Vector, float, int, bool]:
    """The minimum with the scale at or above its floor -> coefficients, scale, steps, whether it was reached."""
    r = data.y - data.Z @ theta
    value, idle = data.value(r, scale, theta), 0
    for steps in range(1, MOST + 1):
        gradient, H = data.model(r, scale, theta)
        step = _solved(H, -gradient)
        if scale <= floor and step[-1] <= 0:
            step = np.append(_solved(H[:-1, :-1], -gradient[:-1]), 0.0)
        slope = float(gradient @ step)
        if not slope < -1e-22 * abs(value):
            return theta, scale, steps, True
        best = _shortened(data, (theta, r, scale), step, slope, floor)
        theta, r, scale = best or _majorised(data, theta, r, scale, floor)
        before, value = value, data.value(r, scale, theta)
        idle = 0 if value < before - 1e-14 * abs(before) else idle + 1
        if idle == 3:  # rounding is all that is left
            return theta, scale, steps, True
    return theta, scale, MOST, False


def _shortened(data: _Data, at: State, step: Vector, slope: float, floor: float) -> State | None:
    """Newton's step, cut until F falls enough; None where hardly anything of it is left."""
    theta, r, scale = at
    value, moved = data.value(r, scale, theta), data.Z @ step[:-1]
    length = min(1.0, 0.5 * scale / -step[-1]) if step[-1] < 0 else 1.0
    while length > SHORT:
        there = theta + length * step[:-1], r - length * moved, max(scale + length * float(step[-1]), floor)
        if data.value(there[1], there[2], there[0]) <= value + 1e-4 * length * slope:
            return there
        length /= 2
    return None


def _majorised(data: _Data, theta: Vector, r: Vector, scale: float, floor: float) -> State:
    """A step that never fails: weighted least squares that lies above F, then the best scale for its residuals."""
    Z = data.Z
    weight = 2 / scale * data.w * np.minimum(1.0, data.epsilon * scale / np.maximum(np.abs(r), 1e-300))
    bend = weight[:, None]
    block = (Z.T @ Z.multiply(bend).tocsr()).toarray() if sparse.issparse(Z) else (Z * bend).T @ Z
    step = _solved(block + np.diag(data.decay), np.asarray(Z.T @ (weight * r)).ravel() - data.decay * theta)
    theta, r = theta + step, r - Z @ step
    low, high = floor, max(floor, float(np.abs(r).max()) * 10)
    total = data.w.sum()
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        inside = np.abs(r) <= data.epsilon * middle
        rise = total - data.epsilon**2 * data.w[~inside].sum() - data.w[inside] @ (r[inside] / middle) ** 2
        low, high = (low, middle) if rise > 0 else (middle, high)
    return theta, r, high


def _solved(H: np.ndarray, right: Vector) -> Vector:
    """Newton's step; where the curvature vanishes in a direction, a trace of its scale is put there."""
    size = np.sqrt(np.maximum(np.diag(H), 0.0))
    size = np.where(size > 0, size, size.max(initial=0.0) or 1.0)
    scaled = H / np.outer(size, size)
    for trace in (0.0, 1e-13, 1e-10, 1e-7, 1e-3):
        try:
            factor = linalg.cho_factor(scaled + trace * np.eye(len(H)))
            return linalg.cho_solve(factor, right / size) / size
        except linalg.LinAlgError:
            continue
    return right / size**2


def _median(y: Vector, w: Vector) -> float:
    order = np.argsort(y)
    share = np.cumsum(w[order])
    return float(y[order][np.searchsorted(share, share[-1] / 2)])
