r"""Duality gaps where the penalty is a norm, for any loss, from the rows: group lasso, SLOPE, norms of a user's own.

With the loss's slopes u and g = X'Wu on the penalised scale, v = u / max(1, P°(g) / s) is feasible for the dual

    max  sum_i w_i (v_i offset_i - loss*(y_i, v_i))   over  sum_i w_i v_i = 0,  P°(X'Wv) <= s,

where P° is the penalty's polar, its dual norm.
"""

from __future__ import annotations

import numpy as np

from .._typing import Vector
from ..penalties import Penalty
from .problem import Problem

__all__ = ["norm_gaps", "relative_gap"]


def norm_gaps(
    problem: Problem,
    penalty: Penalty,
    grid: Vector,
    coefs: np.ndarray,
    eta: np.ndarray,
    level: Vector,
    weights: Vector,
    mean: Vector,
    inverse: Vector,
) -> Vector:
    """Relative duality gaps, (L,), of coefficients (L, p) on the penalised scale; nan where P is not a norm.

    ``eta`` (n, L) are the predictors with offset and intercepts ``level``; ``mean`` is zero without an intercept.
    """
    if penalty.polar(np.zeros(problem.p)) is None:
        return np.full(len(grid), np.nan)
    used = weights > 0
    y, w, offset = problem.y[used], weights[used], problem.offset[used]
    slopes = np.zeros_like(eta)
    slopes[used] = problem.loss.gradient(y[:, None], eta[used])
    R = weights[:, None] * slopes
    G = (
        problem.design.rmatmat(0, problem.p, np.ascontiguousarray(R)) - np.outer(R.sum(axis=0), mean)
    ) * inverse
    rows = (y, w, offset)
    return np.array(
        [
            relative_gap(
                problem,
                rows,
                eta[used, k],
                s * penalty.value(coefs[k]),
                _polar(penalty, G[k]) / s,
                float(level[k]),
            )
            for k, s in enumerate(grid)
        ]
    )


def relative_gap(
    problem: Problem,
    rows: tuple[Vector, Vector, Vector],
    eta: Vector,
    size: float,
    ratio: float,
    level: float,
) -> float:
    """Relative duality gap of one solution on some ``rows``: their target, weights and offset.

    ``size`` is the penalty at the strength, ``ratio`` the polar of the scores over the strength.
    """
    y, w, offset = rows
    primal = float(w @ problem.loss.value(y, eta)) + size
    v = problem.loss.gradient(y, eta) / max(1.0, ratio)
    dual = float(w @ (v * offset - problem.loss.conjugate(y, v)))
    left = abs(float(w @ v) * level) if problem.fit_intercept else 0.0
    return (max(primal - dual, 0.0) + left) / max(primal, np.finfo(np.float64).tiny)


def _polar(penalty: Penalty, grad: Vector) -> float:
    found = penalty.polar(grad)
    assert found is not None  # as norm_gaps made sure
    return found
