"""From coefficients of several classes to facts: a column counts by its widest difference between two classes.

That difference is what the column does to the log-odds of two classes; a number added to all classes does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regularfit.errors import InputError, UnsupportedError
from regularfit.losses import Multinomial
from regularfit.report.by_class import ByClass, ClassCoefficients
from regularfit.report.data import MOST_COLUMNS, ColumnPath, PathFacts, TargetFacts

__all__ = ["by_class", "check_outputs", "columns_kept", "spread_path"]


def check_outputs(path: Any, target: TargetFacts) -> None:
    """Refuse several targets, and facts about other classes than the estimator's.

    Raises
    ------
    UnsupportedError
        For an estimator of several targets.
    InputError
        Where ``target`` does not name every class.
    """
    if path.outputs is None:
        return
    if not isinstance(path.loss, Multinomial):
        raise UnsupportedError(
            f"A report has one target, but this estimator has {path.outputs}. Fit each target by itself for a report."
        )
    if len(target.classes) != path.outputs:
        raise InputError(
            f"target names {len(target.classes)} classes, but the estimator has {path.outputs}; "
            "give target_facts(..., classes=...) one name each."
        )


def columns_kept(path: Any) -> np.ndarray:
    """Return (L,) how many columns have a coefficient that is not zero, for whatever class."""
    if path.outputs is None:
        return path.nonzeros
    found, p = path.sparse_coefs.tocoo(), path.columns
    cells = np.unique(found.row.astype(np.int64) * p + found.col % p)
    return np.bincount(cells // p, minlength=len(path))


def spread_path(path: Any, at: int, deviation: np.ndarray, labels: Sequence[str]) -> PathFacts:
    """Return the columns of the widest differences: first at the chosen strength, then anywhere on the path."""
    sparse, p = path.sparse_coefs.tocsc(), path.columns
    blocks = [sparse[:, k * p : (k + 1) * p] for k in range(path.outputs)]
    ever = np.max([abs(block).max(axis=0).toarray().ravel() for block in blocks], axis=0) * deviation
    now = np.ptp(path.coef(at), axis=0) * deviation
    order = [int(j) for j in np.lexsort((-ever, -now))[:MOST_COLUMNS] if ever[j] > 0]
    drawn = np.ptp([block[:, order].toarray() for block in blocks], axis=0) * deviation[order]
    return PathFacts(
        strengths=tuple(path.strengths.tolist()),
        columns=tuple(ColumnPath(labels[j], tuple(drawn[:, i].tolist())) for i, j in enumerate(order)),
        nonzeros=tuple(columns_kept(path).tolist()),
        total=len(labels),
    )


def by_class(estimator: Any, deviation: np.ndarray, labels: Sequence[str]) -> ByClass:
    """Return the coefficients of every class."""
    coef = estimator.coef_
    order = np.argsort(-np.ptp(coef, axis=0) * deviation, kind="stable")[:MOST_COLUMNS]
    return ByClass(
        tuple(np.ravel(estimator.intercept_).tolist()),
        tuple(
            ClassCoefficients(
                labels[j], tuple(coef[:, j].tolist()), tuple((coef[:, j] * deviation[j]).tolist())
            )
            for j in map(int, order)
            if coef[:, j].any()
        ),
    )
