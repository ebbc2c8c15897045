"""Thinning one forest: the path of its weights, refitted and evened out, and how many trees may be kept."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone

from ..._checks import check_fraction
from ..._typing import Vector
from ...errors import InputError
from ...lockstep import Path
from ..combination import Combination
from .forest import fill_in_bag, out_of_bag, tree_outputs

__all__ = ["EVENS", "blend", "most_trees", "thinned"]

EVENS = (
    0.0,
    0.25,
    0.5,
    0.75,
    1.0,
)  # from weights that are fitted freely to the same weight for all kept trees


def blend(path: Path, even: float) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (L, trees) and intercepts: the refits, pulled towards even weights of the same sum.

    Without refits, the penalised fits as they are.
    """
    if path.relaxed is None:
        return path.coefs, path.intercepts
    refit, kept = path.relaxed.coefs, path.coefs != 0
    mean = refit.sum(axis=1, keepdims=True) / np.maximum(kept.sum(axis=1, keepdims=True), 1)
    return (1 - even) * refit + even * np.where(kept, mean, 0.0), path.relaxed.intercepts


def thinned(
    forest: Any,
    how: Combination,
    matrix: np.ndarray,
    target: np.ndarray,
    classes: np.ndarray | None,
    weights: Vector | None,
    strengths: Any,
) -> tuple[Any, Path]:
    """Grow a forest, and fit the path of its thinned versions to what its trees say of rows outside their bags."""
    fresh: Any = clone(forest)
    grown = fresh.fit(matrix, target, sample_weight=weights)
    raw = tree_outputs(grown, matrix, None if classes is None else len(classes))
    outputs, rows = fill_in_bag(out_of_bag(grown, raw), even=weights is None)
    if len(rows) < 2:
        raise InputError(
            f"Only {len(rows)} of {len(matrix)} rows lie outside the bag of any of the forest's {forest.n_estimators} "
            "trees. Give a forest of more trees."
        )
    inside = None if weights is None else weights[rows]
    if inside is not None and not inside.any():
        raise InputError(
            "No row with a weight above 0 lies outside the bag of any tree. Give a forest of more trees."
        )
    if classes is None:
        return grown, how.path(outputs[:, :, 0], target[rows], inside, strengths)
    stacked = np.ascontiguousarray(outputs.swapaxes(1, 2)).reshape(-1, outputs.shape[1])
    shares = (target[rows][:, None] == np.arange(len(classes))).astype(np.float64).ravel()
    return grown, how.path(
        stacked, shares, None if inside is None else np.repeat(inside, len(classes)), strengths
    )


def most_trees(most: Any, trees: int) -> int | None:
    """Return how many trees may be kept: None, a share of them in (0, 1), or a number."""
    if most is None:
        return None
    if isinstance(most, Integral) and not isinstance(most, bool):
        if most < 1:
            raise InputError(
                f"most={most} trees cannot be kept; give a number >= 1, a share in (0, 1), or None."
            )
        return int(most)
    share = check_fraction(most, "most")
    if share == 0:
        raise InputError("most=0 trees cannot be kept; give a number >= 1, a share in (0, 1), or None.")
    return max(int(share * trees), 1)
