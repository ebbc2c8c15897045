"""How cv_glmnet judges fits of survival times: by the partial likelihood, or by the concordance of held-out rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from .._typing import Vector
from ..losses import Cox, concordance
from ..losses._survival_target import EVENT
from .call import Call
from .measures import Curve, averaged

__all__ = ["cox_curve"]


def cox_curve(
    call: Call, measure: str, folds: Sequence[np.ndarray], etas: Sequence[np.ndarray], grouped: bool
) -> Curve:
    """Return the curve of predictors (n, L) of all rows, one matrix a fold, by the fit without it.

    Grouped, a fold costs the deviance of all rows less that of its training rows; else the deviance of its own rows.
    A fold weighs as much as its events; one without an event says nothing and is left out. As in R, each of these
    deviances has weights that sum to its number of rows, and the concordance does not see the offset.
    """
    y, w = call.problem.y, call.weights
    if measure == "C":
        offset = call.problem.offset
        raw = [
            [concordance(y[r], e - offset[r], w[r]) for e in eta[r].T]
            for r, eta in zip(folds, etas, strict=True)
        ]
        return averaged(np.array(raw), np.array([w[r].sum() for r in folds]), measure, call.family)
    if not grouped and len(y) / len(folds) < 10:
        warnings.warn("Fewer than 10 rows a fold: grouped=True is used.", UserWarning, stacklevel=4)
        grouped = True
    events = np.array([w[r] @ y[r, EVENT] for r in folds])
    kept = np.flatnonzero(events > 0)
    every = np.arange(len(y))
    raw = []
    for k in kept.tolist():
        rows, eta = folds[k], etas[k]
        lost = (
            _deviance(y, eta, w, every) - _deviance(y, eta, w, np.setdiff1d(every, rows))
            if grouped
            else (_deviance(y, eta, w, rows))
        )
        raw.append(lost / events[k])
    return averaged(np.array(raw), events[kept], measure, call.family)


def _deviance(y: np.ndarray, eta: np.ndarray, weights: Vector, rows: np.ndarray) -> Vector:
    """Of these rows, whose weights are made to sum to their number."""
    return len(rows) * Cox().deviance_of(y[rows], eta[rows], weights[rows])
