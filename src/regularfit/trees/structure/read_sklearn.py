"""scikit-learn's trees, forests and classical gradient boosting as arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from ...errors import UnsupportedError
from .ensemble import Ensemble
from .nodes import TreeNodes
from .stack import with_means

__all__ = ["leaf_nodes", "read"]


def read(model: Any) -> Ensemble:
    """Return the trees of a decision tree, a forest, extra trees or GradientBoosting."""
    if not hasattr(model, "estimators_"):
        trees = (read_tree(model),)
        return Ensemble(trees, np.zeros(trees[0].value.shape[1]))
    if np.ndim(model.estimators_) == 1:
        trees = tuple(read_tree(tree) for tree in model.estimators_)
        return Ensemble(trees, np.zeros(trees[0].value.shape[1]), 1 / len(trees))
    return Ensemble(_boosted(model), _base(model))


def leaf_nodes(model: Any, X: Any, trees: Ensemble | None = None) -> np.ndarray:
    """Return the leaves of rows, (n, trees); scikit-learn numbers nodes as we do."""
    found = np.asarray(model.apply(X)).astype(np.intp)
    return found.reshape(len(found), -1)


def read_tree(model: Any) -> TreeNodes:
    """Return one decision tree; values are means, or shares of the classes."""
    tree = model.tree_
    if model.n_outputs_ > 1 and hasattr(model, "classes_"):
        raise UnsupportedError(
            "Trees for several classifications at once cannot be read; fit one model each."
        )
    inner = tree.children_left >= 0
    value = tree.value[:, 0, :] if hasattr(model, "classes_") else tree.value[:, :, 0]
    return TreeNodes(
        tree.children_left,
        tree.children_right,
        np.where(inner, tree.feature, -1),
        np.where(inner, tree.threshold, 0.0),
        np.asarray(tree.missing_go_to_left, bool) & inner,
        value,
        tree.weighted_n_node_samples,
        single=True,
    )


def _boosted(model: Any) -> tuple[TreeNodes, ...]:
    """Trees times the learning rate; inner nodes hold mean residuals, leaves what the loss makes of them."""
    found: list[TreeNodes] = []
    for stage in model.estimators_:
        for output, fitted in enumerate(stage):
            tree = read_tree(fitted)
            found.append(replace(tree, value=tree.value * model.learning_rate, output=output))
    return with_means(found)


def _base(model: Any) -> np.ndarray:
    """The raw prediction before the first tree, where it is the same for all rows."""
    if not (model.init_ == "zero" or isinstance(model.init_, (DummyClassifier, DummyRegressor))):
        raise UnsupportedError(
            f"The model starts from the predictions of {type(model.init_).__name__} (init=...), which differ from row "
            "to row, so its trees are only a part of it. Fit it with init=None."
        )
    nothing = np.zeros((1, model.n_features_in_), dtype=np.float32)
    return np.asarray(model._raw_predict_init(nothing), dtype=np.float64).ravel()
