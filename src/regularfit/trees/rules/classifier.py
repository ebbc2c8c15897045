"""Rules and columns for classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, log_softmax, softmax
from sklearn.base import ClassifierMixin

from ..._typing import Vector
from ...inputs.targets import check_classes_weighted, read_classes
from ...penalties import L1, Penalty
from ..combination import GAMMAS
from ._base import RuleFit

__all__ = ["RuleFitClassifier"]


class RuleFitClassifier(ClassifierMixin, RuleFit):
    r"""Predict classes from a few rules and columns that can be read aloud.

    .. math:: \log \frac{p(x)}{1 - p(x)} = b + \sum_k a_k\, r_k(x) + \sum_j c_j\, l_j(x)

    with rules and linear terms as for :class:`RuleFitRegressor`, and p the probability of the second label of
    ``classes_``. More than two classes have coefficients each, on the same terms (multinomial loss); with
    ``L1().across_outputs()`` a term is kept for all of them or for none. Rules come from boosting of the log-loss, with
    a tree for every class.

    Prefer it where a model has to be explained; for prediction alone, boosting is better most of the time.

    Parameters
    ----------
    generator, penalty, rules, leaves, linear, winsorise, strength, select, strengths, min_ratio, cv, relax, gammas,
    tol, n_jobs, random_state
        As for :class:`RuleFitRegressor`; held-out rows are scored by the log-loss, and folds hold all classes evenly.

    Attributes
    ----------
    classes_ : (K,) the labels, sorted.
    coef_, intercept_ : (terms,) and float; with more than two classes (K, terms) and (K,).
    rules_, support_, feature_importances_, path_, cv_, strength_, gamma_, columns_
        As for :class:`RuleFitRegressor`.

    Examples
    --------
    >>> from regularfit.trees import RuleFitClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> y = np.where((X[:, 0] > 0) & (X[:, 1] > 0), "yes", "no")
    >>> model = RuleFitClassifier(rules=50, cv=3, select="1se", n_jobs=1).fit(X, y)
    >>> model.predict(X[:3]).tolist(), y[:3].tolist()
    (['no', 'no', 'yes'], ['no', 'no', 'yes'])

    References
    ----------
    Friedman, J. H. and Popescu, B. E. (2008). Predictive learning via rule ensembles. Annals of Applied Statistics 2.
    """

    def __init__(
        self,
        generator: Any = "boosting",
        *,
        penalty: Penalty = L1(),  # noqa: B008 - a frozen value
        rules: int = 500,
        leaves: int = 4,
        linear: bool = True,
        winsorise: float = 0.025,
        strength: float | None = None,
        select: str = "min",
        strengths: Any = 100,
        min_ratio: float | None = 1e-3,
        cv: Any = None,
        relax: bool = False,
        gammas: Any = GAMMAS,
        tol: float = 1e-5,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.penalty = penalty
        self.rules = rules
        self.leaves = leaves
        self.linear = linear
        self.winsorise = winsorise
        self.strength = strength
        self.select = select
        self.strengths = strengths
        self.min_ratio = min_ratio
        self.cv = cv
        self.relax = relax
        self.gammas = gammas
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of every row, (n,)."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, (n, K)."""
        eta = self._eta(X)
        if eta.shape[1] > 1:
            return softmax(eta, axis=1)
        p = expit(eta)
        return np.hstack([1 - p, p])

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the margin of the second class, (n,), or one of every class, (n, K)."""
        eta = self._eta(X)
        return eta if eta.shape[1] > 1 else eta[:, 0]

    def _target(self, y: Any, n: int, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        classes, codes = read_classes(y, n)
        check_classes_weighted(codes, weights, classes)
        return codes, classes

    def _loss_name(self, classes: np.ndarray | None) -> str:
        return "logistic" if classes is not None and len(classes) == 2 else "multinomial"

    def _held_out(self, eta: np.ndarray, target: np.ndarray, weights: Vector) -> float:
        codes = target.astype(np.intp)
        if eta.shape[1] == 1:
            losses = np.logaddexp(0.0, np.where(codes == 1, -1.0, 1.0) * eta[:, 0])
        else:
            losses = -log_softmax(eta, axis=1)[np.arange(len(codes)), codes]
        return float(np.average(losses, weights=weights))
