"""From raw predictions to what a model predicts: numbers, or probabilities of the classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from ...errors import UnsupportedError
from ..structure.read import engine_of

__all__ = ["responder"]

Respond = Callable[[np.ndarray], np.ndarray]  # (n, k) -> (n, k): numbers, or (n, K): probabilities


def responder(model: Any) -> Respond:
    """Return what turns a fitted model's raw predictions, (n, k), into numbers or probabilities.

    Raises
    ------
    UnsupportedError
        For an objective whose predictions are none of them, such as a ranking.
    """
    engine = engine_of(model)
    if engine == "trees":
        return lambda raw: raw
    if engine in ("gradient_boosting", "hist"):
        return _of_loss(model)
    words = _objective_of_lightgbm(model) if engine == "lightgbm" else [_objective_of_xgboost(model)]
    name = words[0]
    if name in _EXPONENTIAL:
        return np.exp
    if name in _TWO_CLASSES:
        steep = next((float(word[8:]) for word in words if word.startswith("sigmoid:")), 1.0)
        return lambda raw: _both(expit(steep * raw))
    if name in _CLASSES:
        return lambda raw: softmax(raw, axis=1)
    if name in _NUMBERS and "sqrt" not in words:
        return lambda raw: raw
    raise UnsupportedError(
        f"Held-out rows cannot be scored for the objective {' '.join(words)!r}, so the strength cannot be chosen. Give "
        "strength=... as a number, or fit with an objective for numbers or classes."
    )


def _of_loss(model: Any) -> Respond:
    loss = model._loss
    if hasattr(model, "classes_"):
        return lambda raw: loss.predict_proba(raw[:, 0] if raw.shape[1] == 1 else raw)
    return loss.link.inverse


def _both(second: np.ndarray) -> np.ndarray:
    return np.concatenate([1 - second, second], axis=1)


def _objective_of_lightgbm(model: Any) -> list[str]:
    from ..structure.read_lightgbm import booster_of

    head = booster_of(model).model_to_string(num_iteration=1).partition("\nfeature_names")[0]
    found = [line[10:].split() for line in head.split("\n") if line.startswith("objective=")]
    return found[0] if found else ["custom"]


def _objective_of_xgboost(model: Any) -> str:
    from ..structure.read_xgboost import booster_of

    return json.loads(booster_of(model).save_config())["learner"]["objective"]["name"]


_EXPONENTIAL = {"poisson", "gamma", "tweedie", "count:poisson", "reg:gamma", "reg:tweedie"}
_TWO_CLASSES = {"binary", "binary:logistic", "binary:logitraw"}
_CLASSES = {"multiclass", "multi:softprob", "multi:softmax"}
_NUMBERS = {
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "quantile",
    "mape",
    "reg:squarederror",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "reg:quantileerror",
}
