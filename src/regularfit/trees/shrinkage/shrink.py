"""A shrunk copy of a fitted model, predicting through its own engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from ..._checks import check_positive
from ..structure import Ensemble, read_trees
from ..structure.read import engine_of
from .values import shrunk_values

__all__ = ["check_strength", "copied", "shrink", "write_shrunk"]


def shrink(model: Any, strength: float) -> Any:
    """Return a copy of a fitted model whose trees are shrunk; the model itself stays as it is.

    Parameters
    ----------
    model : a fitted model of trees, as for :func:`~regularfit.trees.read_trees`.
    strength : rows >= 0; 0 returns a plain copy. See :class:`~regularfit.trees.Shrunk`, which also chooses it.

    Raises
    ------
    UnsupportedError
        For a model without trees that can be read.
    InputError
        Where the model is not fitted, or the strength is negative.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> X, y = np.arange(6.0)[:, None], np.array([0.0, 0, 0, 1, 1, 1])
    >>> tree = DecisionTreeRegressor().fit(X, y)
    >>> shrink(tree, 6.0).predict(X).tolist(), tree.predict(X).tolist()
    ([0.25, 0.25, 0.25, 0.75, 0.75, 0.75], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    """
    strength = check_strength(strength)
    trees = read_trees(model)
    copy = copied(model)
    write_shrunk(copy, trees, strength)
    return copy


def check_strength(strength: Any) -> float:
    """Return a strength as a float >= 0."""
    if isinstance(strength, (int, float)) and not isinstance(strength, bool) and strength == 0:
        return 0.0
    return check_positive(strength, "strength", "0 shrinks nothing.")


def copied(model: Any) -> Any:
    """Return a deep copy that predicts the same; LightGBM's own forgets which round was the best."""
    copy = deepcopy(model)
    if engine_of(model) == "lightgbm":
        from ..structure.read_lightgbm import booster_of

        booster_of(copy).best_iteration = booster_of(model).best_iteration
    return copy


def write_shrunk(model: Any, trees: Ensemble, strength: float) -> None:
    """Write shrunk values into a fitted model; at strength 0 it stays as it is, bit for bit.

    Parameters
    ----------
    model : fitted; it is changed.
    trees : its trees, not shrunk.
    strength : >= 0.
    """
    if strength == 0:
        return
    values = [shrunk_values(tree, np.array([strength]))[:, :, 0] for tree in trees]
    _WRITERS[engine_of(model)](model, trees, values)


def _write_trees(model: Any, _: Ensemble, values: list[np.ndarray]) -> None:
    """Inner nodes as well, since what explains a tree looks at them."""
    for fitted, value in zip(getattr(model, "estimators_", [model]), values, strict=True):
        if hasattr(fitted, "classes_"):
            fitted.tree_.value[:, 0, :] = np.maximum(
                value, 0.0
            )  # rounding may have left less than a share of 0
        else:
            fitted.tree_.value[:, :, 0] = value


def _write_gradient_boosting(model: Any, trees: Ensemble, values: list[np.ndarray]) -> None:
    for fitted, tree, value in zip(model.estimators_.ravel(), trees, values, strict=True):
        fitted.tree_.value[tree.leaves, 0, 0] = value[tree.leaves, 0] / model.learning_rate


def _write_hist(model: Any, trees: Ensemble, values: list[np.ndarray]) -> None:
    predictors = [predictor for stage in model._predictors for predictor in stage]
    for predictor, tree, value in zip(predictors, trees, values, strict=True):
        predictor.nodes["value"][tree.leaves] = value[tree.leaves, 0]


def _write_lightgbm(model: Any, trees: Ensemble, values: list[np.ndarray]) -> None:
    from ..structure.read_lightgbm import booster_of

    booster = booster_of(model)
    for number, (tree, value) in enumerate(zip(trees, values, strict=True)):
        for leaf, output in enumerate(
            value[tree.leaves, 0].tolist()
        ):  # leaves stand behind the splits, in order
            booster.set_leaf_output(number, leaf, output)


def _write_xgboost(model: Any, trees: Ensemble, values: list[np.ndarray]) -> None:
    """The whole model goes through its JSON: XGBoost has no way to set a single leaf."""
    from ..structure.read_xgboost import model_of

    booster = model.get_booster() if hasattr(model, "fit") else model
    settings = json.loads(booster.save_config())["learner"]["generic_param"]
    document = json.loads(booster.save_raw("json"))
    grown, weights = model_of(document)
    # a model that stopped early has more trees than those up to its best round
    for tree, value, written, weight in zip(trees, values, grown["trees"], weights, strict=False):
        for name in ("split_conditions", "base_weights"):
            array = np.array(written[name])
            array[tree.leaves] = value[tree.leaves, 0] / weight
            written[name] = array.tolist()
    booster.load_model(bytearray(json.dumps(document).encode()))
    booster.set_param({name: settings[name] for name in ("nthread", "device") if name in settings})


_WRITERS: dict[str, Callable[[Any, Ensemble, list[np.ndarray]], None]] = {
    "trees": _write_trees,
    "gradient_boosting": _write_gradient_boosting,
    "hist": _write_hist,
    "lightgbm": _write_lightgbm,
    "xgboost": _write_xgboost,
}
