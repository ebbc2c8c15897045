"""The formulas behind the metrics: of predictions, true values and weights, to a number; as scikit-learn has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = [
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "f1_macro",
    "log_loss",
    "log_probabilities",
    "mae",
    "matthews",
    "mse",
    "r2",
    "rmse",
]

Array = np.ndarray


def log_probabilities(logits: Array) -> Array:
    """Return the logarithm of softmax, (n, C)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


# ---------------------------------------------------------------- classification


def accuracy(classes: Array, y: Array, weight: Array) -> float:
    """Return the share of right answers."""
    return float(np.average(classes == y, weights=weight))


def balanced_accuracy(classes: Array, y: Array, weight: Array) -> float:
    """Return the mean share of right answers over the classes that occur in y."""
    total = np.bincount(y, weights=weight)
    right = np.bincount(y, weights=weight * (classes == y))
    return float((right[total > 0] / total[total > 0]).mean())


def log_loss(logits: Array, y: Array, weight: Array) -> float:
    """Return the mean cross entropy; of logits, so a confident mistake is not clipped."""
    return float(np.average(-log_probabilities(logits)[np.arange(len(y)), y], weights=weight))


def brier(probabilities: Array, y: Array, weight: Array) -> float:
    """Return the mean squared distance to the truth, summed over classes; halved for two classes, as is usual."""
    distance = ((probabilities - np.eye(probabilities.shape[1])[y]) ** 2).sum(axis=1)
    return float(np.average(distance, weights=weight)) / (2.0 if probabilities.shape[1] == 2 else 1.0)


def _one_against_rest(score: Callable[..., float], probabilities: Array, y: Array, weight: Array) -> float:
    """Return a binary score of class 1, or its mean over the classes that y has and does not only have."""
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    scores = [
        score(y == c, probabilities[:, c], sample_weight=weight)
        for c in classes
        if 0 < (y == c).sum() < len(y)
    ]
    return float(np.mean(scores)) if scores else float("nan")


def auc(probabilities: Array, y: Array, weight: Array) -> float:
    """Return the area under the ROC curve, one class against the rest."""
    from sklearn.metrics import roc_auc_score

    return _one_against_rest(roc_auc_score, probabilities, y, weight)


def average_precision(probabilities: Array, y: Array, weight: Array) -> float:
    """Return the average precision, one class against the rest."""
    from sklearn.metrics import average_precision_score

    return _one_against_rest(average_precision_score, probabilities, y, weight)


def f1_macro(classes: Array, y: Array, weight: Array) -> float:
    """Return the mean F1 over the classes that occur in y or are predicted."""
    n = int(max(classes.max(), y.max())) + 1
    right = np.bincount(y, weights=weight * (classes == y), minlength=n)
    both = np.bincount(y, weights=weight, minlength=n) + np.bincount(classes, weights=weight, minlength=n)
    seen = np.unique(np.concatenate([classes, y]))
    return float(np.mean(np.divide(2 * right, both, out=np.zeros(n), where=both > 0)[seen]))


def matthews(classes: Array, y: Array, weight: Array) -> float:
    """Return the correlation of predicted and true classes; 0 where either does not vary."""
    n = int(max(classes.max(), y.max())) + 1
    given, true = (
        np.bincount(classes, weights=weight, minlength=n),
        np.bincount(y, weights=weight, minlength=n),
    )
    total, right = weight.sum(), (weight * (classes == y)).sum()
    spread = (total**2 - given @ given) * (total**2 - true @ true)
    return float((right * total - given @ true) / np.sqrt(spread)) if spread > 0 else 0.0


# ---------------------------------------------------------------- regression; several outputs are averaged


def mse(values: Array, y: Array, weight: Array) -> float:
    """Return the mean squared error."""
    return float(np.average((y - values) ** 2, axis=0, weights=weight).mean())


def rmse(values: Array, y: Array, weight: Array) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.average((y - values) ** 2, axis=0, weights=weight)).mean())


def mae(values: Array, y: Array, weight: Array) -> float:
    """Return the mean absolute error."""
    return float(np.average(np.abs(y - values), axis=0, weights=weight).mean())


def r2(values: Array, y: Array, weight: Array) -> float:
    """Return the share of the variance that is explained; where y does not vary, 1 for exact values and 0 else."""
    if len(y) < 2:
        return float("nan")
    left = np.average((y - values) ** 2, axis=0, weights=weight)
    spread = np.average((y - np.average(y, axis=0, weights=weight)) ** 2, axis=0, weights=weight)
    share = np.divide(left, spread, out=(left > 0).astype(np.float64), where=spread > 0)
    return float((1.0 - share).mean())
