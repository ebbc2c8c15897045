"""Models of any family compete on the same folds; the one with the lowest held-out error is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from regularfit.designs import Imputed
from regularfit.errors import InputError
from regularfit.selection import make_folds

__all__ = ["Competition", "chosen_at"]


def _has_probabilities(competition: Competition) -> bool:
    return all(hasattr(model, "predict_proba") for _, model in competition.entrants)


def chosen_at(model: Any) -> int:
    """Return where on its held-out curve ``cv_`` a tuned model's own choice lies."""
    cv, strength = model.cv_, getattr(model, "strength_", None)
    if strength is not None:
        return int(np.argmin(np.abs(cv.strengths - strength)))
    return int(cv.index_1se if model.select == "1se" else cv.index_min)


@dataclass(frozen=True, eq=False)
class _Rival:
    """A fitted entrant that takes rows as the competition does."""

    competition: Competition
    model: Any

    @property
    def classes_(self) -> np.ndarray:
        return self.model.classes_

    def predict(self, X: Any) -> np.ndarray:
        return self.model.predict(self.competition._rows(X, self.model))

    @available_if(lambda self: hasattr(self.model, "predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        return self.model.predict_proba(self.competition._rows(X, self.model))


class Competition(BaseEstimator):
    """Tune several models of regularfit on the same folds and keep the one with the lowest held-out error.

    Each entrant is tuned by its own rule, and they are compared at their lowest mean held-out error; of equals the
    first one wins. Prefer it to comparing by hand where the score of the whole choice is asked for: the choice is then
    part of what ``honest_score(Competition(...), X, y)`` repeats, and its ``candidates`` are the honest scores of the
    entrants, each tuned alone, from the same fits. It costs as much as tuning all entrants one by one.

    Parameters
    ----------
    entrants : list of (name, estimator)
        Estimators that are tuned by folds: with a parameter ``cv`` and, once fitted, ``cv_``, whose errors are of one
        kind. One that takes no missing values gets each fold's own means in their place.
    cv : int, splitter, iterable of (train, test) or None
        How rows are held out, for all of them.
    random_state : int, RandomState or None
        Which random folds; None is 0.
    tell : callable or None
        Called with the name of every entrant before it is fitted.

    Attributes
    ----------
    winner_ : str
        The name of the model that is kept.
    model_ : the fitted model.
    models_ : dict from name to every fitted model.
    errors_ : dict from name to the lowest mean held-out error.
    classes_ : (K,) of classifiers.

    Examples
    --------
    >>> import regularfit as rf
    >>> from regularfit import trees
    >>> X = np.random.default_rng(0).normal(size=(90, 2))
    >>> entrants = [("lasso", rf.PenalizedRegressor(rf.L1())), ("tree", trees.PrunedTreeRegressor())]
    >>> Competition(entrants, cv=3).fit(X, np.where(X[:, 0] > 0, 3.0, 0.0)).winner_
    'tree'
    """

    def __init__(
        self,
        entrants: Sequence[tuple[str, Any]],
        *,
        cv: Any = 5,
        random_state: Any = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.entrants = entrants
        self.cv = cv
        self.random_state = random_state
        self.tell = tell

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> Competition:
        """Tune all entrants on the same folds.

        Parameters
        ----------
        X : (n, p) table or array of numbers; NaN is missing.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) labels of rows that folds keep together, or None.

        Raises
        ------
        InputError
            Where there are no entrants, or their errors are of several kinds.
        """
        folds = self._folds(X, np.asarray(y), sample_weight, groups)
        self._means = _means(X, sample_weight)
        fitted: dict[str, Any] = {}
        for name, model in self.entrants:
            if self.tell is not None:
                self.tell(name)
            rows = X if self._means is None or _takes_gaps(model) else _open(X)
            fresh: Any = clone(model)
            fitted[name] = fresh.set_params(cv=folds).fit(rows, y, sample_weight=sample_weight)
        kinds = {model.cv_.score_name for model in fitted.values()}
        if len(kinds) > 1:
            raise InputError(
                f"The entrants are tuned by different scores ({', '.join(sorted(kinds))}), so their errors cannot be "
                "compared. Give them the same loss and scoring."
            )
        self.errors_ = {name: float(m.cv_.mean[m.cv_.index_min]) for name, m in fitted.items()}
        self.winner_ = min(self.errors_, key=lambda name: self.errors_[name])
        self.models_, self.model_ = fitted, fitted[self.winner_]
        if hasattr(self.model_, "classes_"):
            self.classes_ = self.model_.classes_
        return self

    def _folds(self, X: Any, y: np.ndarray, sample_weight: Any, groups: Any) -> list[Any]:
        if not self.entrants:
            raise InputError("There is nobody to compete; give entrants as pairs of a name and an estimator.")
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        return make_folds(
            self.cv,
            len(y),
            y,
            groups=groups,
            classifier=is_classifier(self.entrants[0][1]),
            random_state=self.random_state,
            sample_weight=weights,
        )

    def predict(self, X: Any) -> np.ndarray:
        """Return the winner's numbers or labels, (n,)."""
        check_is_fitted(self, "model_")
        return self.model_.predict(self._rows(X, self.model_))

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the winner's probabilities, (n, K)."""
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(self._rows(X, self.model_))

    _has_rivals = True  # so that honest_score asks for them

    @property
    def _rivals(self) -> list[Any]:
        """Every fitted entrant, for the honest score."""
        return [_Rival(self, model) for model in self.models_.values()]

    @property
    def _tuned_errors(self) -> list[float]:
        """The held-out error of the winner at its choice, then those of all entrants."""
        found = {name: float(m.cv_.mean[chosen_at(m)]) for name, m in self.models_.items()}
        return [found[self.winner_], *found.values()]

    def _rows(self, X: Any, model: Any) -> Any:
        if self._means is None or _takes_gaps(model):
            return X
        matrix = np.asarray(X, dtype=np.float64)
        return _named(np.where(np.isnan(matrix), self._means, matrix), X)

    def __sklearn_tags__(self) -> Any:
        """Say whether it classifies: as its entrants do."""
        tags = super().__sklearn_tags__()
        if self.entrants:
            inner = get_tags(self.entrants[0][1])
            for name in ("estimator_type", "classifier_tags", "regressor_tags", "target_tags"):
                setattr(tags, name, getattr(inner, name))
        tags.input_tags.allow_nan = True
        return tags


def _takes_gaps(model: Any) -> bool:
    return bool(get_tags(model).input_tags.allow_nan)


def _means(X: Any, sample_weight: Any) -> np.ndarray | None:
    """The means that stand in for missing numbers of new rows; None where nothing is missing."""
    matrix = np.asarray(X, dtype=np.float64)
    if not np.isnan(matrix).any():
        return None
    weights = np.ones(len(matrix)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    return _open(X).means(weights)


def _open(X: Any) -> Imputed:
    names = getattr(X, "columns", None)
    return Imputed(np.asarray(X, dtype=np.float64), None if names is None else tuple(map(str, names)))


def _named(matrix: np.ndarray, X: Any) -> Any:
    columns = getattr(X, "columns", None)
    if columns is None:
        return matrix
    import pandas as pd

    return pd.DataFrame(matrix, columns=columns)
