"""The null model: the intercept and the unpenalised columns alone; its scores set the top of the grid."""

from __future__ import annotations

import numpy as np

from .._typing import Vector
from ..losses import CoupledLoss, Quantile
from ..penalties.coordinates import Coordinates
from .problem import Problem
from .quantile import quantile_scores
from .scores import centred_scores
from .shared import Shared
from .standard import inverse_scale

__all__ = ["null_eta", "null_scores"]

ROUNDING = 1e-14


def null_eta(problem: Problem, weights: Vector) -> Vector:
    """Linear predictor (n,) of the model with the intercept alone."""
    if not problem.fit_intercept:
        return problem.offset.copy()
    return problem.offset + problem.loss.null_eta(problem.y, weights, problem.offset)


def null_scores(
    problem: Problem,
    normal: Coordinates | None,
    shared: Shared | None = None,
    directions: np.ndarray | None = None,
) -> Vector:
    """Minus the gradient of the mean loss at the null model, on the penalised scale, (p,).

    ``directions`` (p, r), orthonormal on that scale, are not penalised where there is no normal form to say so.
    """
    if isinstance(problem.loss, Quantile) and normal is not None:
        return quantile_scores(problem, normal)
    known = None if shared is None or normal is None or _free(normal).any() else shared.null_scores()
    if known is not None and normal is not None:
        scores, size = known
        return _unless_rounding(problem, normal, scores, size)
    weights = problem.sample_weight / problem.n
    mean, deviation = problem.design.moments(weights[None, :])
    inverse = inverse_scale(deviation[0], problem.standardize, problem.fit_intercept, problem.unit)
    if isinstance(problem.loss, CoupledLoss):
        from .cox import null_residual  # which fits free columns by way of the rounds

        residual = null_residual(problem, normal)
        return centred_scores(problem.design, residual[:, None], mean * problem.fit_intercept)[0] * inverse
    eta = null_eta(problem, weights)
    if normal is not None and _free(normal).any():
        free = np.flatnonzero(_free(normal))
        pick = np.zeros((problem.p, len(free)))
        pick[free, np.arange(len(free))] = 1.0
        eta = _with_free(problem, pick, weights, eta)
    elif directions is not None:
        eta = _with_free(problem, inverse[:, None] * directions, weights, eta)
    residual = -weights * problem.loss.gradient(problem.y, eta)
    scores = centred_scores(problem.design, residual[:, None], mean * problem.fit_intercept)[0] * inverse
    if directions is not None:  # there they vanish, but for rounding
        scores = scores - directions @ (directions.T @ scores)
    return _unless_rounding(problem, normal, scores, np.hypot(mean[0], deviation[0]) * inverse)


def _unless_rounding(problem: Problem, normal: Coordinates | None, scores: Vector, size: Vector) -> Vector:
    """The scores, but where intercept and free columns explain everything the rest is rounding, no scale for a grid.

    ``size`` (p,) is the root mean square of every column on the penalised scale.
    """
    y, weights = problem.y - problem.offset, problem.sample_weight / problem.n
    largest = float(np.abs(y).max(initial=0.0))
    natural = size * (largest * float(np.sqrt(weights @ (y / largest) ** 2)) if largest > 0 else 0.0)
    held = np.ones(problem.p, bool) if normal is None else np.isfinite(normal.l1) & ~_free(normal)
    return scores if (np.abs(scores) > ROUNDING * natural)[held].any() else natural


def _free(normal: Coordinates) -> np.ndarray:
    """Which columns nothing penalises."""
    return (normal.l1 == 0) & (normal.l2 == 0)


def _with_free(problem: Problem, free: np.ndarray, weights: Vector, eta: Vector) -> Vector:
    """The null predictor, refined by Newton over unpenalised columns or combinations of columns (p, r)."""
    Z = problem.design.rows_times(np.arange(problem.n), np.ascontiguousarray(free))
    if problem.fit_intercept:
        Z = np.column_stack([np.ones(problem.n), Z])
    size = np.abs(Z).max(axis=0)
    Z = Z / np.where(size > 0, size, 1.0)
    objective = weights @ problem.loss.value(problem.y, eta)
    for _ in range(50):
        bend = np.sqrt(weights * np.maximum(problem.loss.curvature(problem.y, eta), 1e-10))
        pull = -weights * problem.loss.gradient(problem.y, eta)
        step = Z @ np.linalg.lstsq(bend[:, None] * Z, pull / np.where(bend > 0, bend, 1.0), rcond=None)[0]
        length = 1.0
        while length > 1e-4 and weights @ problem.loss.value(problem.y, eta + length * step) > objective:
            length /= 2
        eta = eta + length * step
        fallen = objective - weights @ problem.loss.value(problem.y, eta)
        objective -= fallen
        if fallen <= 1e-15 * max(abs(objective), 1e-300):
            break
    return eta
