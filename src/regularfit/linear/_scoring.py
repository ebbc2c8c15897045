"""How held-out rows are scored: the loss's own score, or any scikit-learn scorer, on linear predictors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone

from .._checks import did_you_mean
from .._typing import Vector
from ..errors import InputError
from ..losses import Logistic, Loss, Multinomial

__all__ = ["Scoring", "make_scoring"]


@dataclass(frozen=True, slots=True)
class Scoring:
    """A held-out score: name, direction and ``score(y, eta, weights)`` (None: the loss's own)."""

    name: str
    greater_is_better: bool
    score: Callable[[Vector, Vector, Vector], float] | None


def make_scoring(scoring: Any, loss: Loss, *, classes: np.ndarray | None, weighted: bool) -> Scoring:
    """Return what the parameter ``scoring`` means.

    Parameters
    ----------
    scoring : None (the loss's own score, smaller is better), the name of a scikit-learn scorer, or a callable
        ``scoring(estimator, X, y)`` such as ``make_scorer`` returns (greater is better, as scikit-learn has
        it). Scorers see predictions only: ``estimator`` predicts the held-out rows, X holds their linear
        predictor.
    classes : the two labels of a classifier, or None for a regressor.
    weighted : whether sample weights were given, and so go to the scorer.

    Raises
    ------
    InputError
        For an unknown name or something that is not callable.
    """
    if scoring is None:
        return Scoring(loss.score_name, False, None)
    scorer = _scorer(scoring)
    name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", None) or str(scoring)
    predictions = _Regression(loss) if classes is None else _Classification(loss, classes)
    return Scoring(name, True, _Adapter(scorer, name, predictions, weighted and _takes_weights(scorer)))


def _scorer(scoring: Any) -> Any:
    if isinstance(scoring, str):
        from sklearn.metrics import get_scorer, get_scorer_names

        if scoring not in get_scorer_names():
            raise InputError(
                f"scoring={scoring!r} is not a scikit-learn scorer. "
                f"{did_you_mean(scoring, get_scorer_names())}"
            )
        return get_scorer(scoring)
    if not callable(scoring):
        raise InputError(
            f"scoring={scoring!r} is neither None, the name of a scikit-learn scorer nor a callable "
            "scoring(estimator, X, y); see sklearn.metrics.make_scorer."
        )
    return scoring


def _takes_weights(scorer: Any) -> bool:
    if hasattr(scorer, "_score_func"):  # a scorer object hands keyword arguments on to its metric
        return "sample_weight" in inspect.signature(scorer._score_func).parameters
    return "sample_weight" in inspect.signature(scorer).parameters


@dataclass(frozen=True, slots=True)
class _Adapter:
    """The engine's score, by way of a scikit-learn scorer."""

    scorer: Any
    name: str
    predictions: Any
    weighted: bool

    def __call__(self, y: Vector, eta: Vector, weights: Vector) -> float:
        extra = {"sample_weight": weights} if self.weighted else {}
        scorer = self.scorer
        if extra and get_config()["enable_metadata_routing"] and hasattr(scorer, "set_score_request"):
            copy: Any = clone(scorer, safe=False)
            scorer = copy.set_score_request(sample_weight=True)
        try:
            shown = eta[:, None] if eta.ndim == 1 else eta
            return float(scorer(self.predictions, shown, self.predictions.labels(y), **extra))
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"scoring={self.name!r} failed on held-out predictions: {error}. It is called as "
                "scoring(estimator, X, y) and must suit the kind of model (a regressor predicts numbers, a "
                "classifier labels and probabilities)."
            ) from error


class _Regression(RegressorMixin, BaseEstimator):
    """A stand-in whose X is the linear predictor, so that a scorer can ask it for predictions."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def labels(self, y: Vector) -> Vector:
        return y

    def predict(self, eta: np.ndarray) -> Vector:
        return self.loss.mean(eta[:, 0] if isinstance(self.loss, Loss) else eta)


class _Classification(ClassifierMixin, BaseEstimator):
    """The same for classes: one predictor for two, or one each."""

    def __init__(self, loss: Loss, classes: np.ndarray) -> None:
        self.loss, self.classes = loss, classes
        self.classes_ = classes

    def labels(self, y: Vector) -> np.ndarray:
        return self.classes[y.astype(int) if y.ndim == 1 else y.argmax(axis=1)]

    def decision_function(self, eta: np.ndarray) -> Vector:
        return eta[:, 0] if eta.shape[1] == 1 else eta

    def predict_proba(self, eta: np.ndarray) -> np.ndarray:
        if isinstance(self.loss, Multinomial):
            return self.loss.mean(eta)
        if not isinstance(self.loss, Logistic):
            raise InputError(
                f"This scoring needs probabilities, which loss={self.loss.name!r} does not give. Score by labels or by "
                'ranks ("accuracy", "roc_auc"), or fit loss="logistic".'
            )
        return np.column_stack([self.loss.mean(-eta[:, 0]), self.loss.mean(eta[:, 0])])

    def predict(self, eta: np.ndarray) -> np.ndarray:
        return self.classes[(eta[:, 0] > 0).astype(int) if eta.shape[1] == 1 else eta.argmax(axis=1)]
