"""A forest for classes, of which only some trees are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from ..._checks import check_choice
from ..._typing import Vector
from ...inputs.targets import check_classes_weighted, read_classes
from ...penalties import L1, Penalty
from ._base import SparseForest
from .thinning import EVENS

__all__ = ["SparseForestClassifier"]

SCORES = {"brier": "Brier score", "log-loss": "mean log-loss", "misclassification": "misclassification rate"}
_SMALLEST = np.finfo(np.float64).eps  # probabilities are kept this far from 0, as in scikit-learn's log_loss


class SparseForestClassifier(ClassifierMixin, SparseForest):
    r"""A random forest of which a lasso keeps the few trees that together predict classes as well as all of them.

    .. math:: p_k(x) = \frac{\sum_t w_t\, T_{tk}(x)}{\sum_t w_t}, \qquad \min_{w \ge 0}\; \frac{1}{2nK} \sum_{i,k}
              \Bigl([y_i = k] - \sum_t w_t\, \tilde T_{tk}(x_i)\Bigr)^2 + \text{strength} \cdot P(w)

    where :math:`\tilde T_{tk}(x_i)` is the probability that tree t gives class k for a row outside its bag, and for
    rows in its bag the mean of the trees that have not seen them, as for :class:`SparseForestRegressor`. The squared
    error of probabilities (the Brier score) is a proper score, and it leaves a tree one weight for all classes, so that
    a tree is kept or not, and kept trees vote as they do in a forest; a logistic or multinomial combination would need
    a weight for every class, and bend the probabilities of the trees. Everything else is as for
    :class:`SparseForestRegressor`.

    Prefer it to a forest where the model has to be small: to be stored, sent or evaluated often. For the best
    prediction alone, :class:`~regularfit.trees.BoostingClassifier` is better most of the time.

    Parameters
    ----------
    forest : None, trees.Regularisation, or an unfitted RandomForestClassifier or ExtraTreesClassifier
        None is a random forest of 100 trees.
    scoring : {"brier", "log-loss", "misclassification"}
        How held-out rows are scored: squared error of the probabilities, log-loss (probabilities below 2e-16 count as
        that), or the share of wrong labels. For the log-loss give a forest with leaves of some rows
        (``min_samples_leaf=5``): with pure leaves, few trees often give a class no vote at all, which costs 36 where it
        is the right one, and keeping no tree can then score best (``benchmarks/results/sparse_forest.md``).
    penalty, select, most, strengths, min_ratio, cv, relax, evens, tol, n_jobs, random_state
        As for :class:`SparseForestRegressor`. Folds hold all classes evenly.

    Attributes
    ----------
    classes_ : (K,) the labels, sorted.
    weights_, trees_kept_, trees_, path_, cv_, strength_, even_, forest_scores_, loss_to_forest_
        As for :class:`SparseForestRegressor`; there is no intercept.

    Examples
    --------
    >>> from regularfit.trees import SparseForestClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> y = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")
    >>> model = SparseForestClassifier(select="1se", cv=3, n_jobs=1).fit(X, y)
    >>> model.trees_kept_ < 50, model.predict(X[:3]).tolist()
    (True, ['no', 'no', 'yes'])

    References
    ----------
    Friedman, J. H. and Popescu, B. E. (2003). Importance sampled learning ensembles. Stanford University.
    """

    classes_: np.ndarray

    def __init__(
        self,
        forest: Any = None,
        *,
        penalty: Penalty = L1(),  # noqa: B008 - a frozen value
        select: str = "min",
        most: float | None = None,
        strengths: Any = 100,
        min_ratio: float | None = None,
        cv: Any = None,
        scoring: str = "brier",
        relax: bool = True,
        evens: Any = EVENS,
        tol: float = 1e-7,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.forest = forest
        self.penalty = penalty
        self.select = select
        self.most = most
        self.strengths = strengths
        self.min_ratio = min_ratio
        self.cv = cv
        self.scoring = scoring
        self.relax = relax
        self.evens = evens
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of every row, (n,)."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the weighted mean of the kept trees' probabilities, (n, K)."""
        return self._answers(self._outputs(X))

    def _target(self, y: Any, n: int, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        check_choice(self.scoring, tuple(SCORES), "scoring")
        classes, codes = read_classes(y, n)
        check_classes_weighted(codes, weights, classes)
        return codes, classes

    def _score_name(self) -> str:
        return SCORES[self.scoring]

    def _answers(self, total: np.ndarray) -> np.ndarray:
        """Divide by the sum of the weights; without any tree all classes are alike."""
        whole = total.sum(axis=1, keepdims=True)
        return np.divide(total, whole, out=np.full_like(total, 1 / total.shape[1]), where=whole > 0)

    def _loss(self, answers: np.ndarray, target: np.ndarray, weights: Vector) -> float:
        codes = target.astype(np.intp)
        right = answers[np.arange(len(codes)), codes]
        if self.scoring == "misclassification":
            return float(np.average(answers.argmax(axis=1) != codes, weights=weights))
        if self.scoring == "log-loss":
            return float(np.average(-np.log(np.maximum(right, _SMALLEST)), weights=weights))
        scale = 0.5 if answers.shape[1] == 2 else 1.0  # of two classes, the square of one probability's error
        return float(np.average(scale * ((answers**2).sum(axis=1) - 2 * right + 1), weights=weights))
