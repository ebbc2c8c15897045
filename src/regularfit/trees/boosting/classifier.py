"""Boosted trees for classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from ...inputs.targets import check_classes_weighted, read_classes
from ..class_weights import with_class_weight
from ..engines import Task, chances_of, mean_of
from ..regularisation import Regularisation
from ._base import Boosting
from .path import chosen_labels

__all__ = ["BoostingClassifier"]


class BoostingClassifier(ClassifierMixin, Boosting):
    r"""Predict classes and their probabilities with many small trees; how many, held-out folds say.

    .. math:: P(y = k \mid x) = \frac{e^{f_k(x)}}{\sum_j e^{f_j(x)}}, \qquad f_k(x) = b_k + \sum_{r=1}^{R} \nu\,
              t_{rk}(x)

    with one sum of trees for two classes (log-odds of the second) and one a class for more. The number of rounds R is
    chosen as in :class:`BoostingRegressor`, by the mean held-out log-loss of folds that grow side by side.

    Prefer it to :class:`~regularfit.PenalizedClassifier` where effects bend or interact and there are some hundred
    rows at least; prefer that one where rows are few or coefficients must be read.

    Parameters
    ----------
    regularisation, engine, select, cv, rounds, patience, tune, monotone, interactions, n_jobs, random_state, verbose :
        As for :class:`BoostingRegressor`; folds spread the classes evenly, ``monotone`` is for two classes.
    class_weight : None, "balanced" or a dict from label to weight > 0
        Multiplies ``sample_weight``, in training and in the held-out score.
    scoring : str, callable or None
        How held-out rows are scored: None is the mean log-loss; a scikit-learn scorer, or its name, counts with
        greater is better.

    Attributes
    ----------
    classes_ : (K,) array
        The labels, sorted.
    rounds_, cv_, path_, regularisation_, tune_, booster_, columns_, feature_importances_, partial_cv_ :
        As for :class:`BoostingRegressor`.
    n_features_in_, feature_names_in_ : int, (p,) array of str
        The columns that fit saw; names only where X had them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = BoostingClassifier(engine="sklearn", rounds=50, patience=20, n_jobs=1).fit(X, y)
    >>> model.predict_proba(X[:1]).shape, bool(model.score(X, y) > 0.9)
    ((1, 3), True)

    References
    ----------
    Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29.
    """

    def __init__(
        self,
        regularisation: Regularisation | None = None,
        *,
        engine: str = "lightgbm",
        class_weight: Any = None,
        select: str | None = "min",
        cv: Any = None,
        rounds: int = 2000,
        patience: int | None = 100,
        tune: int | None = None,
        monotone: Any = None,
        interactions: Any = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.regularisation = regularisation
        self.engine = engine
        self.class_weight = class_weight
        self.select = select
        self.cv = cv
        self.rounds = rounds
        self.patience = patience
        self.tune = tune
        self.monotone = monotone
        self.interactions = interactions
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the sums of trees: (n,) log-odds of the second class, or (n, K)."""
        return self._margins(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of every class, (n, K), in the order of ``classes_``."""
        return chances_of(mean_of(self._margins(X), self._task), self._task)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of every row, (n,)."""
        return chosen_labels(self._margins(X), self._task, self.classes_)

    def _what(self, classes: np.ndarray | None) -> Task:
        K = 2 if classes is None else len(classes)
        return Task("two_classes" if K == 2 else "classes", classes=K)

    def _target(
        self, y: Any, n: int, weights: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        classes, codes = read_classes(y, n)
        check_classes_weighted(codes, weights, classes)
        return codes, with_class_weight(self.class_weight, classes, codes, weights), classes
