"""Reading the trees of a fitted model of any engine."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ...errors import InputError, UnsupportedError
from .ensemble import Ensemble

__all__ = ["engine_of", "is_fitted", "leaf_nodes", "read_trees"]

# the family of a model -> the module that reads it
_READERS = {
    "trees": "read_sklearn",
    "gradient_boosting": "read_sklearn",
    "hist": "read_hist",
    "lightgbm": "read_lightgbm",
    "xgboost": "read_xgboost",
}


def engine_of(model: Any) -> str:
    """Return "trees" (one, or a forest), "gradient_boosting", "hist", "lightgbm" or "xgboost".

    Raises
    ------
    UnsupportedError
        For anything else.
    """
    for cls in type(model).__mro__:
        home = cls.__module__.partition(".")[0]
        if home in ("lightgbm", "xgboost") and cls.__name__ in _BOOSTERS[home]:
            return home
        if home == "sklearn" and cls.__name__ in _SKLEARN:
            return _SKLEARN[cls.__name__]
    name = type(model).__name__
    raise UnsupportedError(
        f"{name} is no model of trees that can be read. Give a scikit-learn decision tree, forest, extra trees, "
        f"GradientBoosting or HistGradientBoosting, a LightGBM or an XGBoost model{_instead(name)}."
    )


def read_trees(model: Any) -> Ensemble:
    """Return the trees of a fitted model, as a sequence of :class:`~regularfit.trees.structure.TreeNodes`.

    The values of all leaves that a row falls into, added up (or averaged, for forests) on top of ``base``, are the
    engine's raw prediction: numbers, shares of classes for classifying trees and forests, margins for boosting.

    Parameters
    ----------
    model : a fitted decision tree, forest, extra trees, GradientBoosting or HistGradientBoosting of scikit-learn, a
        LightGBM ``LGBMModel`` or ``Booster``, or an XGBoost ``XGBModel`` or ``Booster``. Of a model that stopped early,
        the trees up to its best round.

    Raises
    ------
    UnsupportedError
        For another model, and for trees that hold more than a number in a leaf (linear leaves, vector leaves).
    InputError
        Where the model is not fitted.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> X, y = np.arange(6.0)[:, None], np.array([0.0, 0, 0, 1, 1, 1])
    >>> (tree,) = read_trees(DecisionTreeRegressor().fit(X, y))
    >>> tree.value.ravel().tolist(), tree.rows.tolist()
    ([0.5, 0.0, 1.0], [6.0, 3.0, 3.0])
    """
    return _reader(model).read(model)


def leaf_nodes(model: Any, X: Any, trees: Ensemble | None = None) -> np.ndarray:
    """Return the leaf of every row in every tree, (n, trees), as found by the engine itself.

    Parameters
    ----------
    model : as for :func:`read_trees`, whose numbers of nodes these are.
    X : rows in any form that the model predicts.
    trees : what :func:`read_trees` says of the model, where it is known already.
    """
    return _reader(model).leaf_nodes(model, X, trees)


def is_fitted(model: Any) -> bool:
    """Whether a model of trees has been fitted."""
    engine = engine_of(model)
    if engine in ("lightgbm", "xgboost"):
        return not hasattr(model, "fit") or model.__sklearn_is_fitted__()
    return hasattr(
        model, {"gradient_boosting": "estimators_", "hist": "_predictors"}.get(engine, "n_outputs_")
    )


def _reader(model: Any) -> Any:
    reader = import_module(f".{_READERS[engine_of(model)]}", __package__)
    if not is_fitted(model):
        raise InputError(
            f"This {type(model).__name__} is not fitted yet, so it has no trees. Call fit first."
        )
    return reader


def _instead(name: str) -> str:
    if name in ("Pipeline", "GridSearchCV", "RandomizedSearchCV"):
        return f", which is inside this {name} (its last step, or best_estimator_)"
    if name.startswith(("Bagging", "AdaBoost")):
        return "; a forest with max_features=None is bagging of trees"
    return ""


_BOOSTERS = {"lightgbm": ("Booster", "LGBMModel"), "xgboost": ("Booster", "XGBModel")}
_SKLEARN = {
    "DecisionTreeRegressor": "trees",
    "DecisionTreeClassifier": "trees",
    "RandomForestRegressor": "trees",
    "RandomForestClassifier": "trees",
    "ExtraTreesRegressor": "trees",
    "ExtraTreesClassifier": "trees",
    "GradientBoostingRegressor": "gradient_boosting",
    "GradientBoostingClassifier": "gradient_boosting",
    "HistGradientBoostingRegressor": "hist",
    "HistGradientBoostingClassifier": "hist",
}
