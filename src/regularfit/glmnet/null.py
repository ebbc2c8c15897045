"""The first solution of an automatic path: everything penalised at zero, the rest within its limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._typing import Vector
from ..errors import FitError
from ..lockstep import Lane, Problem, fit_lanes
from ..lockstep.null import null_eta, null_scores
from ..lockstep.scores import centred_scores
from ..lockstep.standard import inverse_scale
from ..losses import CoupledLoss
from ..penalties import L1
from .call import Call

__all__ = ["Null", "fit_null"]

SHARP = 1e-12


@dataclass(frozen=True, eq=False)
class Null:
    """The model with the intercept and the unpenalised columns alone.

    Parameters
    ----------
    a0, coef, deviance_ratio : its intercept, coefficients (p,) and explained deviance; with K outputs the intercepts
        (K,) and the coefficients (K p,), one output after the other.
    scores : (p,) size of the gradient of the mean loss there, on the penalised scale; over outputs the norm where a
        column is in for all of them, else the largest.
    """

    a0: Any
    coef: Vector
    deviance_ratio: float
    scores: Vector


def fit_null(call: Call, problem: Problem) -> Null:
    """Fit the null model on the problem's rows."""
    free = call.factors == 0
    if not free.any():
        return _intercepts(call, problem)
    # The engine's own null model knows no limits; unpenalised columns may have them.
    penalty = L1().weighted(np.where(free, 0.0, np.inf))
    if not call.joint:
        penalty = penalty.bounded(call.lower, call.upper)
    lane = Lane(np.flatnonzero(problem.sample_weight > 0), keep=True)
    path = fit_lanes(problem, [penalty], [np.ones(1)], [lane], tol=SHARP, threads=call.threads)[0][0].path
    if path is None:
        raise FitError("The engine kept no path.")  # a broken promise inside, never the user's doing
    coef, level = path.coef(0), path.intercept(0)
    eta = problem.design.rows_times(np.arange(problem.n), np.ascontiguousarray(np.atleast_2d(coef).T))
    eta = (eta[:, 0] if problem.outputs is None else eta) + level + problem.offset
    return Null(level, coef.ravel(), float(path.deviance_ratio[0]), _scores(call, problem, eta))


def _intercepts(call: Call, problem: Problem) -> Null:
    """The null model without unpenalised columns."""
    if isinstance(problem.loss, CoupledLoss):
        return Null(0.0, np.zeros(problem.p), 0.0, _scores(call, problem, problem.offset))
    eta = null_eta(problem, problem.sample_weight / problem.n)
    away = (eta - problem.offset)[0]
    width = problem.p * (problem.outputs or 1)
    level = away if problem.fit_intercept else np.zeros_like(away)
    return Null(level, np.zeros(width), 0.0, _scores(call, problem, eta))


def _scores(call: Call, problem: Problem, eta: np.ndarray) -> Vector:
    """Size of the gradient at the predictor (n,) or (n, K), (p,)."""
    if problem.outputs is None:
        return np.abs(null_scores(replace(problem, offset=eta), L1().coordinates(problem.p)))
    weights = problem.sample_weight / problem.n
    mean, deviation = problem.design.moments(weights[None, :])
    inverse = inverse_scale(deviation[0], problem.standardize, problem.fit_intercept, problem.unit)
    residual = -weights[:, None] * problem.loss.gradient(problem.y, eta)
    means = np.repeat(mean * problem.fit_intercept, residual.shape[1], axis=0)
    scores = centred_scores(problem.design, residual, means) * inverse
    return np.linalg.norm(scores, axis=0) if call.joint else np.abs(scores).max(axis=0)
