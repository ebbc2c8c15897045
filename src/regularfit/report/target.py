"""Facts about the target: what it looks like, and the error of guessing it without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regularfit.losses import Logistic, Squared
from regularfit.report.data import TargetFacts

__all__ = ["target_facts"]

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
    y : (n,) numbers; 0 and 1 where ``classes`` are given.
    classes : the two classes as text, the second one being 1; empty for regression.
    reason : how the task was found.
    sample_weight, offset : (n,) as in ``fit``.

    Examples
    --------
    >>> target_facts("bought", [0, 1, 1, 1], classes=("no", "yes")).counts
    (1, 3)
    """
    y = np.asarray(y, dtype=np.float64)
    weights = np.ones_like(y) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    loss = Logistic() if len(classes) else Squared()
    base = np.zeros_like(y) if offset is None else np.asarray(offset, dtype=np.float64)
    eta = base + loss.null_eta(y, weights / weights.sum(), base)
    null = float(np.average(loss.score(y, eta), weights=weights))
    if len(classes):
        counts = (int((y == 0).sum()), int((y == 1).sum()))
        return TargetFacts(name, "classification", reason, loss.score_name, null, tuple(classes), counts)
    mean = float(np.average(y, weights=weights))
    rows, edges = np.histogram(y, min(_BINS, max(2, np.unique(y).size)))
    return TargetFacts(
        name,
        "regression",
        reason,
        loss.score_name,
        null,
        quantiles=tuple(np.quantile(y, (0, 0.25, 0.5, 0.75, 1)).tolist()),
        mean=mean,
        sd=float(np.sqrt(np.average((y - mean) ** 2, weights=weights))),
        edges=tuple(edges.tolist()),
        histogram=tuple(rows.tolist()),
    )
