"""The folds of an estimator of trees, from its ``cv`` and ``random_state``."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._typing import Vector
from ..selection import Fold, make_folds

__all__ = ["folds_for"]


def folds_for(
    estimator: Any,
    X: Any,
    target: np.ndarray,
    weights: Vector | None,
    groups: Any,
    classes: np.ndarray | None,
    *,
    usual: int = 5,
    instead: str | None = "strength=...",
    random_state: Any = None,
) -> list[Fold]:
    """Return the folds of ``estimator.cv``; None means ``usual`` folds, or as many as there can be, with a warning.

    Parameters
    ----------
    estimator : with ``cv`` and ``random_state``.
    X, target, weights, groups : the rows; the target as numbers, or codes of classes.
    classes : the labels that codes stand for, which are spread evenly; None for numbers.
    usual, instead : as for :func:`~regularfit.selection.make_folds`.
    random_state : of the folds, where they shall be others than the estimator's own.

    Raises
    ------
    InputError
        As for :func:`~regularfit.selection.make_folds`.

    Warns
    -----
    FewerFoldsWarning
        Where ``cv=None`` and the usual number of folds cannot be had.
    """
    return make_folds(
        estimator.cv,
        len(target),
        target if classes is None else classes[target.astype(np.intp)],
        X=X,
        groups=groups,
        classifier=classes is not None,
        random_state=estimator.random_state if random_state is None else random_state,
        sample_weight=weights,
        usual=usual,
        instead=instead,
    )
