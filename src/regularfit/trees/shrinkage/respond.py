"""From raw predictions to what a model predicts: numbers, or probabilities of the classes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from ...errors import UnsupportedError
from ..structure.read import engine_of

__all__ = ["Response", "responder"]


@dataclass(frozen=True, slots=True)
class Response:
    """What turns raw predictions, (n, k), into numbers, (n, k), or probabilities, (n, K).

    Parameters
    ----------
    kind : "raw" (as they are), "exp", "sigmoid" (two classes from one margin) or "softmax".
    steepness : of the sigmoid.

    Examples
    --------
    >>> Response("sigmoid")(np.array([[0.0]]))
    array([[0.5, 0.5]])
    """

    kind: str
    steepness: float = 1.0

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """Return numbers or probabilities."""
        if self.kind == "raw":
            return raw
        if self.kind == "exp":
            return np.exp(raw)
        if self.kind == "softmax":
            return softmax(raw, axis=1)
        second = expit(self.steepness * raw)
        return np.concatenate([1 - second, second], axis=1)


def responder(model: Any) -> Response:
    """Return what a fitted model does with its raw predictions.

    Raises
    ------
    UnsupportedError
        For an objective whose predictions are neither numbers nor classes, such as a ranking.
    """
    engine = engine_of(model)
    if engine == "trees":
        return Response("raw")
    if engine in ("gradient_boosting", "hist"):
        return _of_scikit_learn(model)
    words = _objective_of_lightgbm(model) if engine == "lightgbm" else [_objective_of_xgboost(model)]
    name = words[0]
    if name in _EXPONENTIAL:
        return Response("exp")
    if name in _TWO_CLASSES:
        return Response(
            "sigmoid", next((float(word[8:]) for word in words if word.startswith("sigmoid:")), 1.0)
        )
    if name in _CLASSES:
        return Response("softmax")
    if name in _NUMBERS and "sqrt" not in words:
        return Response("raw")
    raise UnsupportedError(
        f"Held-out rows cannot be scored for the objective {' '.join(words)!r}, so the strength cannot be chosen. Give "
        "strength=... as a number, or fit with an objective for numbers or classes."
    )


def _of_scikit_learn(model: Any) -> Response:
    if not hasattr(model, "classes_"):
        return Response("exp" if model.loss in ("poisson", "gamma") else "raw")
    if len(model.classes_) > 2:
        return Response("softmax")
    return Response("sigmoid", 2.0 if model.loss == "exponential" else 1.0)


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
