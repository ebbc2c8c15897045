"""Missing numbers become the mean of their column.

These means serve predictions and the facts of a report; while folds are fitted each fills the gaps with the means of
its own training rows (:class:`regularfit.designs.Imputed`), so nothing leaks from held-out rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regularfit._typing import Vector


def column_means(X: Any, weights: Vector | None = None) -> Vector:
    """Return the mean of each column over the rows where it has a value, (p,); zero where it has none.

    >>> column_means(np.array([[1.0, np.nan], [3.0, 5.0]])).tolist()
    [2.0, 5.0]
    """
    if not isinstance(X, np.ndarray):
        return np.zeros(X.shape[1])
    there = ~np.isnan(X)
    if weights is None and there.all():
        return np.asarray(X.mean(axis=0))
    mass = there * (np.ones(len(X)) if weights is None else weights)[:, None]
    total = mass.sum(axis=0)
    return np.asarray((np.where(there, X, 0.0) * mass).sum(axis=0) / np.where(total > 0, total, 1.0))


def fill_with(X: Any, means: Vector) -> Any:
    """Return X with the means in place of missing numbers; the same array where nothing is missing.

    >>> fill_with(np.array([[1.0, np.nan]]), np.array([2.0, 5.0])).tolist()
    [[1.0, 5.0]]
    """
    if not isinstance(X, np.ndarray):
        return X
    gaps = np.isnan(X)
    if not gaps.any():
        return X
    return np.asfortranarray(np.where(gaps, means, X))
