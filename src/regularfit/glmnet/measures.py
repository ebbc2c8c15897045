"""How cv_glmnet judges held-out rows: R's measures, and R's way of averaging them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from .._typing import Vector
from ..errors import InputError
from ..losses import Poisson

__all__ = ["MEASURES", "Curve", "averaged", "curve_of", "measure_of"]

MEASURES = {
    "gaussian": ("mse", "deviance", "mae"),
    "binomial": ("deviance", "class", "auc", "mse", "mae"),
    "poisson": ("deviance", "mse", "mae"),
    "multinomial": ("deviance", "class", "mse", "mae"),
    "mgaussian": ("mse", "deviance", "mae"),
    "cox": ("deviance", "C"),
}
NAMES = {
    "mse": "Mean-Squared Error",
    "mae": "Mean Absolute Error",
    "auc": "AUC",
    "class": "Misclassification Error",
    "C": "C-index",
}
DEVIANCES = {
    "gaussian": "Mean-Squared Error",
    "binomial": "Binomial Deviance",
    "poisson": "Poisson Deviance",
    "multinomial": "Multinomial Deviance",
    "mgaussian": "Mean-squared Error",
    "cox": "Partial Likelihood Deviance",
}
CLIP = 1e-5  # probabilities are kept this far from 0 and 1


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean and standard error of the measure along lambda, (L,) each, and its name."""

    cvm: Vector
    cvsd: Vector
    name: str
    greater_is_better: bool


def measure_of(type_measure: str, family: str, rows_a_fold: float) -> str:
    """Return the measure that is used; R warns where it takes another one."""
    known = MEASURES[family]
    if type_measure == "default":
        return known[0]
    if type_measure not in {m for names in MEASURES.values() for m in names} | {"C"}:
        raise InputError(f"type_measure={type_measure!r} is not known; {', '.join(known)} go with {family}.")
    if type_measure not in known:
        warnings.warn(
            f"Only {', '.join(known)} go with family={family!r}; {known[0]} is used.",
            UserWarning,
            stacklevel=3,
        )
        return known[0]
    if type_measure == "auc" and rows_a_fold < 10:
        warnings.warn("Fewer than 10 rows a fold are too few for auc; deviance is used.", stacklevel=3)
        return "deviance"
    return type_measure


def curve_of(
    measure: str,
    family: str,
    y: Vector,
    eta: np.ndarray,
    weights: Vector,
    folds: list[np.ndarray],
    grouped: bool,
) -> Curve:
    """Return the curve of held-out predictors ``eta``, (n, L) or (n, K, L)."""
    if measure == "auc":
        raw = np.array([[_auc(y[r], eta[r, k], weights[r]) for k in range(eta.shape[1])] for r in folds])
        return averaged(raw, np.array([weights[r].sum() for r in folds]), measure, family)
    rows, units = ROWS[family](measure, y, eta), weights
    if grouped and len(y) / len(folds) < 3:
        warnings.warn("Fewer than 3 rows a fold: grouped=False is used.", UserWarning, stacklevel=3)
        grouped = False
    if grouped:
        rows = np.array([np.average(rows[r], axis=0, weights=weights[r]) for r in folds])
        units = np.array([weights[r].sum() for r in folds])
    return averaged(rows, units, measure, family)


def averaged(raw: np.ndarray, units: Vector, measure: str, family: str) -> Curve:
    """Return the curve of numbers (m, L) of folds or rows that weigh ``units`` (m,)."""
    cvm = np.average(raw, axis=0, weights=units)
    cvsd = np.sqrt(np.average((raw - cvm) ** 2, axis=0, weights=units) / (len(raw) - 1))
    return Curve(cvm, cvsd, NAMES.get(measure, DEVIANCES[family]), measure in ("auc", "C"))


def _gaussian(measure: str, y: Vector, eta: np.ndarray) -> np.ndarray:
    error = y[:, None] - eta
    return np.abs(error) if measure == "mae" else error**2


def _poisson(measure: str, y: Vector, eta: np.ndarray) -> np.ndarray:
    if measure == "deviance":
        return Poisson().deviance(y[:, None], eta)
    return _gaussian(measure, y, np.exp(eta))


def _binomial(measure: str, y: Vector, eta: np.ndarray) -> np.ndarray:
    """Losses of both classes, each counted by its share of the row."""
    share = y[:, None]
    with np.errstate(over="ignore"):
        p = 1.0 / (1.0 + np.exp(-eta))
    if measure == "mse":
        return 2 * (share - p) ** 2
    if measure == "mae":
        return 2 * np.abs(share - p)
    if measure == "class":
        return np.where(p > 0.5, 1 - share, share)
    p = np.clip(p, CLIP, 1 - CLIP)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(share > 0, share * np.log(share), 0.0) + np.where(
            share < 1, (1 - share) * np.log(1 - share), 0.0
        )
    return 2 * (best - (1 - share) * np.log(1 - p) - share * np.log(p))


def _mgaussian(measure: str, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """Sums over the targets."""
    return _gaussian(measure, y.ravel(), eta.reshape(-1, eta.shape[2])).reshape(eta.shape).sum(axis=1)


def _multinomial(measure: str, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """Sums over the classes; probabilities are kept CLIP away from 0 and 1 as they are, without a new sum."""
    share = y[:, :, None]
    if measure == "class":
        return 1 - np.take_along_axis(y, eta.argmax(axis=1), axis=1)
    p = np.exp(eta - eta.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    if measure == "mse":
        return ((share - p) ** 2).sum(axis=1)
    if measure == "mae":
        return np.abs(share - p).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(share > 0, share * np.log(share), 0.0)
    return 2 * (best - share * np.log(np.clip(p, CLIP, 1 - CLIP))).sum(axis=1)


ROWS = {
    "gaussian": _gaussian,
    "binomial": _binomial,
    "poisson": _poisson,
    "mgaussian": _mgaussian,
    "multinomial": _multinomial,
}


def _auc(y: Vector, eta: Vector, weights: Vector) -> float:
    """A row with a share of both classes counts as one of each."""
    both = np.concatenate([weights * (1 - y), weights * y])
    labels = np.repeat([0, 1], len(y))
    kept = both > 0
    if len(set(labels[kept])) < 2:
        return float("nan")
    return float(roc_auc_score(labels[kept], np.tile(eta, 2)[kept], sample_weight=both[kept]))
