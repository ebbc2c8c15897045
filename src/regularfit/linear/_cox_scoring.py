"""How held-out rows of a Cox model are scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .._typing import Vector
from ..errors import InputError
from ..losses import Cox, concordance, survival
from ..losses._survival_target import EVENT, START, STOP, STRATUM
from ._scoring import Scoring

__all__ = ["Concordance", "cox_scoring"]


def cox_scoring(scoring: Any, loss: Cox, weighted: bool) -> Scoring:
    """Return what the parameter ``scoring`` of PenalizedCox means."""
    if scoring is None:
        return Scoring(loss.score_name, False, None)
    if isinstance(scoring, str) and scoring == "concordance":
        return Scoring("concordance", True, concordance)
    if isinstance(scoring, str) and scoring == "ungrouped":
        return Scoring(f"ungrouped {loss.score_name}", False, _Ungrouped(loss))
    if not callable(scoring):
        raise InputError(
            f"scoring={scoring!r} is neither None, 'concordance', 'ungrouped' nor a callable scoring(estimator, X, y). "
            "Scorers of scikit-learn for numbers or classes do not know censored times."
        )
    name = getattr(scoring, "__name__", None) or str(scoring)
    return Scoring(name, True, _Called(scoring))


class Concordance:
    """A scorer in the manner of scikit-learn: the concordance of a fitted model on given rows."""

    score_name = "concordance"

    def __call__(self, model: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float(model.score(X, y, sample_weight))


class _Ungrouped:
    """The deviance of held-out rows among themselves, per event."""

    def __init__(self, loss: Cox) -> None:
        self.loss = loss

    def __call__(self, y: Vector, eta: Vector, weights: Vector) -> float:
        events = float(weights @ y[:, EVENT])
        return float(self.loss.deviance_of(y, eta[:, None], weights)[0]) * float(weights.sum()) / events


class _Called:
    """The user's own, which sees predictions only: X holds the linear predictor."""

    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer

    def __call__(self, y: Vector, eta: Vector, weights: Vector) -> float:
        strata = y[:, STRATUM].astype(int) if y[:, STRATUM].any() else None
        target = survival(y[:, START], y[:, STOP], y[:, EVENT] > 0, strata=strata)
        return float(self.scorer(_Risks(), eta[:, None], target))


class _Risks(BaseEstimator):
    """A stand-in whose X is the linear predictor."""

    def predict(self, X: np.ndarray) -> Vector:
        return np.exp(np.clip(X[:, 0], -700, 700))

    def predict_eta(self, X: np.ndarray) -> Vector:
        return X[:, 0]

    def score(self, X: np.ndarray, y: Any) -> float:
        return concordance(y, X[:, 0])
