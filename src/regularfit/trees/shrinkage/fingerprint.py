"""Whether a fitted model is still the one that it was."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

from ..structure.read import engine_of

__all__ = ["fingerprint"]


def fingerprint(model: Any) -> str:
    """Return a short text that changes with the trees of a fitted model.

    It is quick, so that it can be taken at every prediction: values and thresholds of scikit-learn's trees, the bytes
    of an XGBoost model, and of LightGBM, whose bytes are slow, the number of trees, the range of their values and the
    gains.
    """
    digest = blake2b(digest_size=16)
    for part in _PARTS[engine_of(model)](model):
        digest.update(part)
    return digest.hexdigest()


def _of_trees(model: Any) -> Any:
    for fitted in np.ravel(getattr(model, "estimators_", model)):
        yield np.ascontiguousarray(fitted.tree_.value)
        yield np.ascontiguousarray(fitted.tree_.threshold)


def _of_hist(model: Any) -> Any:
    yield np.ascontiguousarray(model._baseline_prediction)
    for stage in model._predictors:
        for predictor in stage:
            yield np.ascontiguousarray(predictor.nodes["value"])
            yield np.ascontiguousarray(predictor.nodes["num_threshold"])


def _of_lightgbm(model: Any) -> Any:
    from ..structure.read_lightgbm import booster_of

    booster = booster_of(model)
    facts = (booster.num_trees(), booster.best_iteration, booster.lower_bound(), booster.upper_bound())
    yield repr(facts).encode()
    yield booster.feature_importance("gain", iteration=-1)


def _of_xgboost(model: Any) -> Any:
    from ..structure.read_xgboost import booster_of

    yield booster_of(model).save_raw("ubj")


_PARTS = {
    "trees": _of_trees,
    "gradient_boosting": _of_trees,
    "hist": _of_hist,
    "lightgbm": _of_lightgbm,
    "xgboost": _of_xgboost,
}
