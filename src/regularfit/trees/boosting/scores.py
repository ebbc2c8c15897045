"""How held-out rows are scored: by the loss that is fitted, or by any scorer of scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import xlogy
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from ..._checks import did_you_mean
from ...errors import InputError
from ..engines import Task
from ..engines.losses import LEAST

__all__ = ["Score", "make_score"]

Of = Callable[[np.ndarray, np.ndarray, np.ndarray | None], float]


@dataclass(frozen=True, slots=True)
class Score:
    """A held-out score.

    Parameters
    ----------
    name : for tables and pictures.
    greater_is_better : its direction.
    of : (targets or codes, what :func:`~regularfit.trees.engines.mean_of` gives, weights) -> the score.
    """

    name: str
    greater_is_better: bool
    of: Of


def make_score(scoring: Any, task: Task, classes: np.ndarray | None, weighted: bool) -> Score:
    """Return what the parameter ``scoring`` means.

    Parameters
    ----------
    scoring : None (the score of the loss, smaller is better), the name of a scikit-learn scorer, or a callable
        ``scoring(estimator, X, y)``; ``estimator`` then predicts the held-out rows, whatever X.
    classes : labels of a classifier, or None.
    weighted : whether weights were given, and so go to the scorer.

    Raises
    ------
    InputError
        For an unknown name or something that is not callable.
    """
    if scoring is None:
        name, of = _OF_LOSS[task.loss]
        return Score(name, False, _Pinball(task.level) if task.loss == "quantile" else of)
    scorer = _scorer(scoring)
    name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", None) or str(scoring)
    return Score(name, True, _Adapter(scorer, name, classes, weighted and _takes_weights(scorer)))


def _mean(each: np.ndarray, weights: np.ndarray | None) -> float:
    return float(each.mean() if weights is None else np.average(each, weights=weights))


def _squared(y: np.ndarray, mean: np.ndarray, w: np.ndarray | None) -> float:
    r = y - mean
    return float(r @ r) / len(r) if w is None else _mean(r * r, w)


def _absolute(y: np.ndarray, mean: np.ndarray, w: np.ndarray | None) -> float:
    return _mean(np.abs(y - mean), w)


def _poisson(y: np.ndarray, mean: np.ndarray, w: np.ndarray | None) -> float:
    return _mean(2 * (xlogy(y, y / mean) - y + mean), w)


def _gamma(y: np.ndarray, mean: np.ndarray, w: np.ndarray | None) -> float:
    return _mean(2 * (np.log(mean / y) + y / mean - 1), w)


def _log_loss(codes: np.ndarray, p: np.ndarray, w: np.ndarray | None) -> float:
    # |1 - y - p| is the probability of a row's own class of two
    mine = np.abs(1 - codes - p) if p.ndim == 1 else p[np.arange(len(codes)), codes.astype(np.intp)]
    return _mean(-np.log(np.maximum(mine, LEAST)), w)


@dataclass(frozen=True, slots=True)
class _Pinball:
    level: float

    def __call__(self, y: np.ndarray, mean: np.ndarray, w: np.ndarray | None) -> float:
        r = y - mean
        return _mean(np.maximum(self.level * r, (self.level - 1) * r), w)


_OF_LOSS: dict[str, tuple[str, Of]] = {
    "squared": ("mean squared error", _squared),
    "absolute": ("mean absolute error", _absolute),
    "poisson": ("mean Poisson deviance", _poisson),
    "gamma": ("mean gamma deviance", _gamma),
    "quantile": ("mean pinball loss", _absolute),
    "two_classes": ("mean log-loss", _log_loss),
    "classes": ("mean log-loss", _log_loss),
}


def _scorer(scoring: Any) -> Any:
    if isinstance(scoring, str):
        from sklearn.metrics import get_scorer, get_scorer_names

        if scoring not in get_scorer_names():
            raise InputError(
                f"scoring={scoring!r} is not a scikit-learn scorer. {did_you_mean(scoring, get_scorer_names())}"
            )
        return get_scorer(scoring)
    if not callable(scoring):
        raise InputError(
            f"scoring={scoring!r} is neither None, the name of a scikit-learn scorer nor a callable "
            "scoring(estimator, X, y); see sklearn.metrics.make_scorer."
        )
    return scoring


def _takes_weights(scorer: Any) -> bool:
    function = getattr(
        scorer, "_score_func", scorer
    )  # a scorer object hands keyword arguments on to its metric
    return "sample_weight" in inspect.signature(function).parameters


@dataclass(frozen=True, slots=True)
class _Adapter:
    """A scorer of scikit-learn, asked about predictions that are there already."""

    scorer: Any
    name: str
    classes: np.ndarray | None
    weighted: bool

    def __call__(self, y: np.ndarray, mean: np.ndarray, w: np.ndarray | None) -> float:
        extra = {"sample_weight": w} if self.weighted and w is not None else {}
        said = _Numbers() if self.classes is None else _Classes(self.classes)
        shown = np.column_stack([1 - mean, mean]) if self.classes is not None and mean.ndim == 1 else mean
        labels = y if self.classes is None else self.classes[y.astype(np.intp)]
        try:
            return float(self.scorer(said, shown.reshape(len(y), -1), labels, **extra))
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"scoring={self.name!r} failed on held-out predictions: {error}. It is called as scoring(estimator, X, "
                "y) and must suit the kind of model (a regressor predicts numbers, a classifier labels and "
                "probabilities)."
            ) from error


class _Numbers(RegressorMixin, BaseEstimator):
    """A stand-in whose X is what it predicts."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        return X[:, 0]


class _Classes(ClassifierMixin, BaseEstimator):
    """A stand-in whose X are its probabilities."""

    def __init__(self, classes: np.ndarray) -> None:
        self.classes = classes
        self.classes_ = classes

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.classes_[X.argmax(axis=1)]
