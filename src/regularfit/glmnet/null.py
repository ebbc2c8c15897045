"""The first solution of an automatic path: everything penalised at zero, the rest within its limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._typing import Vector
from ..errors import FitError
from ..lockstep import Lane, Problem, fit_lanes
from ..lockstep.null import null_eta, null_scores
from ..penalties import L1
from .call import Call

__all__ = ["Null", "fit_null"]

SHARP = 1e-12


@dataclass(frozen=True, eq=False)
class Null:
    """The model with the intercept and the unpenalised columns alone.

    Parameters
    ----------
    a0, coef, deviance_ratio : its intercept, coefficients (p,) and explained deviance.
    scores : (p,) size of the gradient of the mean loss there, on the penalised scale.
    """

    a0: float
    coef: Vector
    deviance_ratio: float
    scores: Vector


def fit_null(call: Call, problem: Problem) -> Null:
    """Fit the null model on the problem's rows."""
    free = call.factors == 0
    if not free.any():
        eta = null_eta(problem, problem.sample_weight / problem.n)
        level = float((eta - problem.offset)[0]) if problem.fit_intercept else 0.0
        scores = np.abs(null_scores(problem, L1().coordinates(problem.p)))
        return Null(level, np.zeros(problem.p), 0.0, scores)
    # The engine's own null model knows no limits; unpenalised columns may have them.
    penalty = L1().weighted(np.where(free, 0.0, np.inf)).bounded(call.lower, call.upper)
    lane = Lane(np.flatnonzero(problem.sample_weight > 0), keep=True)
    path = fit_lanes(problem, [penalty], [np.ones(1)], [lane], tol=SHARP, threads=call.threads)[0][0].path
    if path is None:
        raise FitError("The engine kept no path.")  # a broken promise inside, never the user's doing
    coef, level = path.coefs[0], float(path.intercepts[0])
    eta = problem.design.rows_times(np.arange(problem.n), coef[:, None])[:, 0] + level + problem.offset
    scores = np.abs(null_scores(replace(problem, offset=eta), L1().coordinates(problem.p)))
    return Null(level, coef, float(path.deviance_ratio[0]), scores)
