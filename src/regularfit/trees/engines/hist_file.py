"""HistGradientBoosting as arrays and back: its trees, its start and the codes of its categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["dumped", "rebuilt"]

_BITS = ("binned_left_cat_bitsets", "raw_left_cat_bitsets")


def dumped(model: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays of a fitted model, field by field, and what else a file needs.

    Fields of a node stand in arrays of their own, so that a file outlives a change of their order.
    """
    trees = [tree for stage in model._predictors for tree in stage]
    nodes = np.concatenate([tree.nodes for tree in trees])
    arrays = {f"node_{name}": np.ascontiguousarray(nodes[name]) for name in nodes.dtype.names or ()}
    arrays["nodes_of"] = np.array([len(tree.nodes) for tree in trees])
    arrays["splits_of"] = np.array([len(tree.raw_left_cat_bitsets) for tree in trees])
    for name in _BITS:
        arrays[name] = np.concatenate([np.asarray(getattr(tree, name)).reshape(-1, 8) for tree in trees])
    arrays["start"] = np.asarray(model._baseline_prediction)
    facts = {
        "columns": int(model.n_features_in_),
        "trees_a_round": int(model.n_trees_per_iteration_),
        "levels": _levels(model),
        "params": _plain(model.get_params()),
    }
    if hasattr(model, "classes_"):
        arrays["classes"] = np.asarray(model.classes_)
    return arrays, facts


def rebuilt(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any], model: Any) -> Any:
    """Return a fitted model from its arrays.

    Parameters
    ----------
    model : an unfitted one for the same task; its other parameters are set from the file.
    """
    model.set_params(**facts["params"])
    _set_up_columns(model, facts)
    model._loss = _loss(model, arrays)
    model.n_trees_per_iteration_ = facts["trees_a_round"]
    model._baseline_prediction = arrays["start"]
    model._predictors = _trees(arrays, facts)
    model.do_early_stopping_, model._in_fit = False, False
    model.train_score_, model.validation_score_ = np.empty(0), np.empty(0)
    return model


def _levels(model: Any) -> list[int]:
    """How many codes each column of categories has, in the order of the columns; none where there are none."""
    if model.is_categorical_ is None:
        return []
    encoder = model._preprocessor.named_transformers_["encoder"]
    return [int(np.isfinite(found.astype(float)).sum()) for found in encoder.categories_]


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that shape a tree; the rest follows from the task."""
    kept = (
        "learning_rate",
        "max_iter",
        "max_leaf_nodes",
        "max_depth",
        "min_samples_leaf",
        "l2_regularization",
    )
    return {name: params[name] for name in (*kept, "max_features", "max_bins", "warm_start")}


def _set_up_columns(model: Any, facts: Mapping[str, Any]) -> None:
    """Let scikit-learn learn its encoding anew, from a small table that has every code."""
    from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper

    levels, columns = facts["levels"], int(facts["columns"])
    table = np.tile(np.arange(max([2, *levels]), dtype=np.float64)[:, None], (1, columns))
    for column, count in zip(model.categorical_features or (), levels, strict=True):
        table[:, column] = np.minimum(table[:, column], count - 1)
    found, known = model._preprocess_X(table, reset=True)
    model._bin_mapper = _BinMapper(
        n_bins=model.max_bins + 1,
        is_categorical=model._is_categorical_remapped,
        known_categories=known,
        random_state=0,
    ).fit(found)
    model._n_features = columns


def _loss(model: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if "classes" in arrays:
        model.classes_ = arrays["classes"]
        model.n_trees_per_iteration_ = 1 if len(model.classes_) <= 2 else len(model.classes_)
    return model._get_loss(sample_weight=None)


def _trees(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> list[list[Any]]:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    names = PREDICTOR_RECORD_DTYPE.names
    nodes = np.zeros(len(arrays["node_value"]), dtype=PREDICTOR_RECORD_DTYPE)
    for name in names:
        if f"node_{name}" in arrays:
            nodes[name] = arrays[f"node_{name}"]
    _check(nodes, arrays, int(facts["columns"]))
    each = int(facts["trees_a_round"])
    at, split_at = np.cumsum(arrays["nodes_of"])[:-1], np.cumsum(arrays["splits_of"])[:-1]
    bits = [np.split(np.ascontiguousarray(arrays[name]), split_at) for name in _BITS]
    trees = [TreePredictor(*parts) for parts in zip(np.split(nodes, at), *bits, strict=True)]
    return [trees[k : k + each] for k in range(0, len(trees), each)]


def _check(nodes: np.ndarray, arrays: Mapping[str, np.ndarray], columns: int) -> None:
    """Hold every branch against the tree's size: a walk must never leave its tree."""
    sizes = arrays["nodes_of"]
    if sizes.min() < 1 or sizes.sum() != len(nodes) or arrays["splits_of"].sum() != len(arrays[_BITS[0]]):
        raise ValueError("trees and nodes do not fit together")
    size_of = np.repeat(sizes, sizes)
    place = np.arange(len(nodes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    branch = nodes["is_leaf"] == 0
    for side in ("left", "right"):
        if (nodes[side][branch] >= size_of[branch]).any() or (nodes[side][branch] <= place[branch]).any():
            raise ValueError("a branch leads out of its tree")
    splits_of = np.repeat(arrays["splits_of"], sizes)
    chosen = branch & (nodes["is_categorical"] != 0)
    if (nodes["feature_idx"][branch] >= columns).any() or (nodes["feature_idx"][branch] < 0).any():
        raise ValueError("a branch looks at a column that is not there")
    if (nodes["bitset_idx"][chosen] >= splits_of[chosen]).any():
        raise ValueError("a branch looks at a set of categories that is not there")
