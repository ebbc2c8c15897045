"""Facts about the target: what it looks like, and the error of guessing it without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regularfit.errors import InputError
from regularfit.losses import Logistic, Multinomial, Squared
from regularfit.report.data import TargetFacts

__all__ = ["null_errors", "target_facts"]

_BINS = 24


def target_facts(
    name: str,
    y: Any,
    *,
    classes: Sequence[str] = (),
    reason: str = "",
    sample_weight: Any = None,
    offset: Any = None,
) -> TargetFacts:
    """Describe a target.

    Parameters
    ----------
    name : of the column.
    y : (n,) numbers; the number of the class, from 0, where ``classes`` are given.
    classes : the classes as text; empty for regression.
    reason : how the task was found.
    sample_weight, offset : (n,) as in ``fit``; with more than two classes the offset is (n, K).

    Raises
    ------
    InputError
        For more class numbers than names.

    Examples
    --------
    >>> target_facts("bought", [0, 1, 1, 1], classes=("no", "yes")).counts
    (1, 3)
    """
    y = np.asarray(y, dtype=np.float64)
    weights = np.ones_like(y) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if len(classes) and y.max() >= len(classes):
        raise InputError(
            f"y holds class number {int(y.max())}, but classes has {len(classes)} names; give one name each."
        )
    errors = null_errors(_loss(len(classes)), y, weights / weights.sum(), offset)
    null = float(np.average(errors, weights=weights))
    if len(classes):
        counts = tuple(int((y == k).sum()) for k in range(len(classes)))
        loss = _loss(len(classes))
        return TargetFacts(name, "classification", reason, loss.score_name, null, tuple(classes), counts)
    mean = float(np.average(y, weights=weights))
    rows, edges = np.histogram(y, min(_BINS, max(2, np.unique(y).size)))
    return TargetFacts(
        name,
        "regression",
        reason,
        Squared.score_name,
        null,
        quantiles=tuple(np.quantile(y, (0, 0.25, 0.5, 0.75, 1)).tolist()),
        mean=mean,
        sd=float(np.sqrt(np.average((y - mean) ** 2, weights=weights))),
        edges=tuple(edges.tolist()),
        histogram=tuple(rows.tolist()),
    )


def _loss(classes: int) -> Any:
    return Multinomial() if classes > 2 else Logistic() if classes else Squared()


def null_errors(
    loss: Any, y: np.ndarray, weights: np.ndarray, offset: Any, intercept: bool = True
) -> np.ndarray:
    """Return every row's error by offset and intercept alone; ``weights`` sum to 1, classes are numbers from 0."""
    goal = loss.check_target(y) if isinstance(loss, Multinomial) else y
    eta = np.zeros_like(goal) if offset is None else np.asarray(offset, dtype=np.float64)
    if intercept:
        eta = eta + loss.null_eta(goal, weights, eta)
    return loss.score(goal, eta)
