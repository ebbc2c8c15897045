"""What the engines fit, in numbers of our own: links, and the conventions of each engine before its first tree."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

from .base import Task

__all__ = ["LEAST", "LOSSES", "chances_of", "curvature", "mean_of", "start_gradient"]

LOSSES = ("squared", "absolute", "poisson", "gamma", "quantile", "two_classes", "classes")
RANKED = ("absolute", "quantile")  # their leaves hold medians and quantiles, which no leaf penalty touches
LEAST = 1e-15  # of a probability that is taken the logarithm of
POISSON_STEP = 0.7  # both engines add it to the margin in the curvature, so that steps stay small


def mean_of(margins: np.ndarray, task: Task) -> np.ndarray:
    """Return the expected target: numbers (n,), the probability of the second of two classes (n,), or (n, K)."""
    if task.loss == "two_classes":
        return expit(margins)
    if task.loss == "classes":
        return softmax(margins, axis=1)
    return np.exp(margins) if task.loss in ("poisson", "gamma") else margins


def chances_of(mean: np.ndarray, task: Task) -> np.ndarray:
    """Return what :func:`mean_of` gave for classes as the probability of each, (n, K)."""
    return np.column_stack([1 - mean, mean]) if task.loss == "two_classes" else mean


def curvature(engine: str, y: np.ndarray, weights: np.ndarray | None, task: Task) -> float:
    r"""Return the curvature of the loss at one row before the first tree, in the engine's convention.

    1 for the squared loss, p (1 - p) for two classes at the weighted base rate. For K classes the mean over them of
    :math:`c\,p_k (1 - p_k)` with c = 1 in scikit-learn, 2 in XGBoost and K / (K - 1) in LightGBM. For counts the mean
    target, in LightGBM and XGBoost times exp(0.7). For absolute errors and quantiles engines take 1.

    >>> curvature("lightgbm", np.array([0.0, 0.0, 0.0, 1.0]), None, Task("two_classes", classes=2))
    0.1875
    """
    if task.loss in ("two_classes", "classes"):
        p = _shares(y, weights, task)
        each = p * (1 - p)
        if task.loss == "two_classes":
            return max(float(each[0]), LEAST)
        K = task.classes
        factor = {"xgboost": 2.0, "lightgbm": K / (K - 1)}.get(engine, 1.0)
        return max(factor * float(each.mean()), LEAST)
    if task.loss == "poisson":
        mean = float(np.average(y, weights=weights))
        return mean if engine == "sklearn" else mean * float(np.exp(POISSON_STEP))
    return 1.0


def start_gradient(y: np.ndarray, weights: np.ndarray | None, task: Task) -> float:
    """Return the mean size of a row's gradient before the first tree: the unit of ``leaf_l1``."""
    if task.loss in ("two_classes", "classes"):
        p = _shares(y, weights, task)
        return float((2 * p * (1 - p)).sum() / task.classes)
    if task.loss in RANKED:
        return 1.0
    mean = float(np.average(y, weights=weights))
    gradients = y / mean - 1 if task.loss == "gamma" else y - mean
    return float(np.average(np.abs(gradients), weights=weights))


def _shares(y: np.ndarray, weights: np.ndarray | None, task: Task) -> np.ndarray:
    counts = np.bincount(y.astype(np.intp), weights=weights, minlength=task.classes)
    return counts / counts.sum()
