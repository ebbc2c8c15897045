"""Penalised logistic regression for any number of classes, its strength chosen by default."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from .. import losses
from .._typing import Vector
from ..errors import InputError, UnsupportedError
from ..inputs.table import Table
from ..inputs.targets import check_classes_weighted, read_classes
from ..losses import Logistic, Loss, Multinomial, SquaredHinge
from ..penalties import L1, Penalty
from ._base import PenalizedLinear
from ._relaxed import GAMMAS

__all__ = ["PenalizedClassifier"]


class PenalizedClassifier(ClassifierMixin, PenalizedLinear):
    r"""Predict the class of a row and its probability, by penalised logistic regression.

    .. math:: \min_{b_0, b}\; \frac1n \sum_i w_i \left[ \log(1 + e^{\eta_i}) - y_i \eta_i \right]
              + \text{strength} \cdot P(b), \qquad \eta_i = o_i + b_0 + x_i^\top b, \quad \sum_i w_i = n

    where y is 1 for the second label of ``classes_``. More than two classes have a linear predictor each
    (:class:`~regularfit.Multinomial`), with coefficients for every class and none as the reference:

    .. math:: \min_{b_0, B}\; \frac1n \sum_i w_i \left[ \log \sum_k e^{\eta_{ik}} - \eta_{i y_i} \right]
              + \text{strength} \cdot P(B), \qquad \eta_{ik} = o_{ik} + b_{0k} + x_i^\top b_k

    where P is the sum over the classes, or takes a column's coefficients together (``L1().across_outputs()``: a
    column is in for all classes or for none). All strengths of all folds are fitted in lockstep. Prefer it when
    probabilities are wanted, columns are many or correlated, or few of them should be kept. It stays finite for
    classes that a line separates perfectly.

    Parameters
    ----------
    penalty : Penalty or list of them, default L1()
        A list holds candidates; the best of them is kept.
    loss : "logistic", "multinomial" or "squared_hinge"
        What is fitted: probabilities, or a margin between two classes (``predict`` and ``decision_function``, no
        ``predict_proba``). "logistic" with more than two classes is "multinomial"; that name gives two classes
        coefficients each as well, as glmnet's family of that name does.
    strength : float > 0 or None
        The multiplier of the penalty: glmnet's lambda; scikit-learn's ``C`` is 1 / (n * strength). None:
        chosen by ``select``.
    select : {"min", "1se", "aic", "bic", "ebic", "gcv"}
        The rule that chooses, as in :class:`PenalizedRegressor`.
    strengths, min_ratio, standardize, fit_intercept, tol, n_jobs, random_state, verbose, relax, gammas
        As in :class:`PenalizedRegressor`.
    cv : int, splitter, iterable of (train, test) or None
        A number means that many random folds, each with its share of every class; it is an error where a
        class has fewer rows. None is 10, or as many as the rarest class has rows, with a warning.
    scoring : str, callable or None
        How held-out rows are scored: None is the mean log-loss (or squared hinge); a scikit-learn scorer, or its
        name, counts with greater is better.

    Attributes
    ----------
    classes_ : (K,) array
        The labels, sorted; with two of them probabilities and coefficients speak of the second.
    coef_ : (1, p) array, or (K, p) for K > 2 classes
        Coefficients on the scale of X, shaped as in scikit-learn's LogisticRegression.
    intercept_ : (1,) or (K,) array
        The mean over the classes is 0, since adding one number to all of them changes nothing.
    strength_, penalty_, candidates_, path_, paths_, cv_, cvs_, criterion_, criteria_, certificate_, gamma_, relaxed_cv_
        As in :class:`PenalizedRegressor`.
    n_features_in_, feature_names_in_ : int, (p,) array of str
        The columns that fit saw; names only where X had them.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(200, 10))
    >>> y = np.where(X[:, 0] + 0.5 * X[:, 1] > 0, "yes", "no")
    >>> model = rf.PenalizedClassifier(rf.L1(), strength=0.1).fit(X, y)
    >>> model.classes_.tolist(), np.flatnonzero(model.coef_).tolist()
    (['no', 'yes'], [0, 1])

    References
    ----------
    Cox (1958), The regression analysis of binary sequences; Friedman, Hastie & Tibshirani (2010),
    Regularization paths for generalized linear models via coordinate descent.
    """

    def __init__(
        self,
        penalty: Penalty | list[Penalty] = L1(),  # noqa: B008 - a frozen value
        *,
        loss: str | Loss = "logistic",
        strength: float | None = None,
        select: str = "min",
        strengths: Any = 100,
        min_ratio: float | None = None,
        cv: Any = None,
        standardize: bool = True,
        fit_intercept: bool = True,
        scoring: Any = None,
        tol: float = 1e-7,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: bool | None = False,
        relax: bool = False,
        gammas: Any = GAMMAS,
    ) -> None:
        self.penalty = penalty
        self.loss = loss
        self.strength = strength
        self.select = select
        self.strengths = strengths
        self.min_ratio = min_ratio
        self.cv = cv
        self.standardize = standardize
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.relax = relax
        self.gammas = gammas

    def decision_function(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """Return the log-odds of the second class, (n,); with the squared hinge what is compared with the margin.

        For more classes the linear predictor of each, (n, K).
        """
        return self._eta(X, offset)

    def predict_proba(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """Return the probability of every class, (n, K), in the order of ``classes_``."""
        loss = self._loss_for(getattr(self, "classes_", None))
        if isinstance(loss, Multinomial):
            return loss.mean(self._eta(X, offset))
        if not isinstance(loss, Logistic):
            raise UnsupportedError(
                f"loss={loss.name!r} finds labels, not probabilities. Use predict or decision_function, or "
                'PenalizedClassifier(loss="logistic") for probabilities.'
            )
        eta = self._eta(X, offset)
        return np.column_stack([loss.mean(-eta), loss.mean(eta)])

    def predict(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """Return the more probable label of every row, (n,)."""
        eta = self._eta(X, offset)
        return self.classes_[(eta > 0).astype(int) if eta.ndim == 1 else eta.argmax(axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> float:
        """Return the share of rows whose label is predicted correctly."""
        return float(accuracy_score(y, self.predict(X, offset=offset), sample_weight=sample_weight))

    def _loss(self) -> Loss:
        loss = Logistic() if self._joint else losses.get(self.loss)
        if not isinstance(loss, (Logistic, SquaredHinge)):
            raise InputError(
                f"PenalizedClassifier fits loss='logistic', 'multinomial' or 'squared_hinge'; {self.loss!r} was given. "
                "For a numeric target use PenalizedRegressor."
            )
        return loss

    @property
    def _joint(self) -> bool:
        """Whether every class has a predictor, also of two."""
        return isinstance(self.loss, Multinomial) or self.loss == Multinomial.name

    def _loss_for(self, classes: np.ndarray | None) -> Any:
        loss, count = self._loss(), 0 if classes is None else len(classes)
        several = count > 2
        if several and not isinstance(loss, Logistic):
            raise UnsupportedError(
                f"loss={loss.name!r} tells two classes apart, and y has {count}. Use "
                'PenalizedClassifier(loss="logistic"), or sklearn.multiclass.OneVsRestClassifier around this one.'
            )
        return Multinomial() if several or self._joint else loss

    def _target(self, y: Any, table: Table, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        classes, y01 = read_classes(y, table.n)
        check_classes_weighted(y01, weights, classes)
        return y01, classes

    def _keep_solution(self, coef: np.ndarray, intercept: Any) -> None:
        self.coef_, self.intercept_ = np.atleast_2d(coef), np.atleast_1d(intercept)

    def __sklearn_tags__(self) -> Any:
        """Say whether more than two classes are supported."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self._joint or self.loss in ("logistic", Logistic())
        return tags
