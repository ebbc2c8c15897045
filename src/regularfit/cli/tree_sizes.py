"""How large a fitted model of trees is, and which columns it uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from regularfit.cli.output import number
from regularfit.trees.structure import TreeNodes, read_trees

__all__ = ["at_the_limit", "shares_of", "size_of"]


def size_of(model: Any) -> str:
    """Return how large a model of trees is, in words."""
    if hasattr(model, "rounds_"):
        return _counted(model.rounds_, "round") + (" (the limit)" if at_the_limit(model) else "")
    if hasattr(model, "leaves_"):
        return _counted(model.leaves_, "leaf", "leaves")
    if hasattr(model, "trees_kept_"):
        return f"{model.trees_kept_:,} of {_counted(len(model.weights_), 'tree')}"
    return f"strength {number(model.strength_, 3)}"


def at_the_limit(model: Any) -> bool:
    """Whether boosting was still improving at the last round that it was allowed."""
    most = getattr(model, "rounds", None)
    return most is not None and most > 1 and model.rounds_ == most and model.cv_.value_min == most


def shares_of(model: Any) -> np.ndarray:
    """Return the share of every column in the splits, (p,).

    That is the share in what they brought; of a shrunk tree and a sparse forest, in the rows that were split.
    """
    if hasattr(model, "trees_kept_"):
        return _of_rows(model.trees_, model.weights_[model.weights_ != 0], model.n_features_in_)
    inner = getattr(model, "model_", None)
    if inner is None:
        return np.asarray(model.feature_importances_)
    trees = getattr(inner, "trees", None) or read_trees(inner)
    return _of_rows(trees, np.ones(len(trees)), model.n_features_in_)


def _of_rows(trees: Any, weights: np.ndarray, columns: int) -> np.ndarray:
    found = np.zeros(columns)
    tree: TreeNodes
    for tree, weight in zip(trees, weights, strict=True):
        splits = tree.left >= 0
        found += weight * np.bincount(tree.feature[splits], tree.rows[splits], columns)
    return found / (found.sum() or 1.0)


def _counted(n: int, one: str, several: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else several or one + 's'}"
