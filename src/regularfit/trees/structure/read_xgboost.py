"""XGBoost's trees as arrays, from the JSON of its model files."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..._optional import need
from ...errors import UnsupportedError
from .ensemble import Ensemble
from .nodes import Categories, TreeNodes
from .stack import with_means

__all__ = ["booster_of", "leaf_nodes", "model_of", "read"]


def booster_of(model: Any) -> Any:
    """Return the ``xgboost.Booster`` behind a model, up to its best round where it stopped early."""
    need("xgboost", "trees")
    if not hasattr(model, "fit"):
        return model
    booster = model.get_booster()
    best = getattr(model, "best_iteration", None) if model.early_stopping_rounds is not None else None
    return booster if best is None else booster[: best + 1]


def read(model: Any) -> Ensemble:
    """Return the trees of an XGBoost model.

    Rows are the sum of the curvature in a node over that of a row before the first tree: for the squared loss, rows by
    their weights.
    """
    booster = booster_of(model)
    document = json.loads(booster.save_raw("json"))
    grown, weights = model_of(document)
    unit = _unit(document)
    trees = with_means(
        [
            _tree(tree, output, unit, weight)
            for tree, output, weight in zip(grown["trees"], grown["tree_info"], weights, strict=True)
        ]
    )
    return Ensemble(trees, _base(booster, trees))


def leaf_nodes(model: Any, X: Any, trees: Ensemble | None = None) -> np.ndarray:
    """Return the leaves of rows, (n, trees); XGBoost numbers nodes as we do."""
    xgboost = need("xgboost", "trees")
    booster = booster_of(model)
    if isinstance(X, xgboost.DMatrix):
        data = X
    else:
        settings = {
            "missing": getattr(model, "missing", np.nan),
            "nthread": getattr(model, "n_jobs", None) or 1,
        }
        data = xgboost.DMatrix(X, feature_types=booster.feature_types, enable_categorical=True, **settings)
    leaf = np.asarray(booster.predict(data, pred_leaf=True, strict_shape=True, validate_features=False))
    # (n, rounds, classes, trees of a round): the trees stand in that order in the file
    return leaf.reshape(len(leaf), -1).astype(np.intp)


def model_of(document: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
    """Return the part of a model's JSON that holds the trees, and the weight of each (which dropout changes)."""
    booster = document["learner"]["gradient_booster"]
    if booster["name"] == "gblinear":
        raise UnsupportedError(
            "booster='gblinear' grows no trees; fit XGBoost with booster='gbtree' or 'dart'."
        )
    grown = booster["gbtree"]["model"] if "gbtree" in booster else booster["model"]
    if any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in grown["trees"]):
        raise UnsupportedError(
            "Trees with a vector in each leaf (multi_strategy) cannot be read; fit one a target."
        )
    return grown, np.asarray(booster.get("weight_drop", np.ones(len(grown["trees"]))), dtype=np.float64)


def _unit(document: dict[str, Any]) -> float:
    """The curvature of one row before the first tree, where the loss has another than 1."""
    objective = document["learner"]["objective"]["name"]
    parameters = document["learner"]["learner_model_param"]
    if objective in ("binary:logistic", "reg:logistic", "binary:logitraw"):
        share = float(np.clip(np.mean(_vector(parameters["base_score"])), 1e-6, 1 - 1e-6))
        return share * (1 - share)
    if objective.startswith("multi:"):
        share = 1 / int(parameters["num_class"])
        return 2 * share * (1 - share)  # XGBoost doubles it
    return 1.0


def _vector(text: str) -> np.ndarray:
    return np.array(text.strip("[]").split(","), dtype=np.float64)


def _base(booster: Any, trees: tuple[TreeNodes, ...]) -> np.ndarray:
    """What the margin of a row without any value is beyond its leaves: each loss writes its start differently."""
    xgboost = need("xgboost", "trees")
    nothing = np.full((1, booster.num_features()), np.nan)
    data = xgboost.DMatrix(nothing, feature_types=booster.feature_types, enable_categorical=True)
    base = np.array(
        booster.predict(data, output_margin=True, validate_features=False), dtype=np.float64
    ).ravel()
    for tree in trees:
        base[tree.output] -= tree.value[tree.apply(nothing)[0], 0]
    return base


def _tree(tree: dict[str, Any], output: int, unit: float, weight: float) -> TreeNodes:
    left = np.array(tree["left_children"], dtype=np.intp)
    inner = left >= 0
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    # XGBoost goes left below the threshold, in single precision: at most the number before it
    below = np.nextafter(condition, np.float32(-np.inf))
    return TreeNodes(
        left,
        tree["right_children"],
        np.where(inner, tree["split_indices"], -1),
        np.where(inner, below, 0.0),
        np.array(tree["default_left"], bool) & inner,
        np.where(inner, 0.0, condition)[:, None] * weight,
        np.array(tree["sum_hessian"], dtype=np.float64) / unit,
        _categories(tree),
        int(output),
        single=True,
    )


def _categories(tree: dict[str, Any]) -> dict[int, Categories]:
    """The categories written down go right; all others, and those never seen, go left."""
    flat = tree["categories"]
    found: dict[int, Categories] = {}
    for node, start, size in zip(
        tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
    ):
        found[int(node)] = Categories((), tuple(flat[start : start + size]), others_left=True)
    return found
