"""Logistic regression at one strength."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..errors import InputError
from ..linear.conventions import from_logistic_regression
from ._solve import centred, fit_strengths, mixed_penalty, newton_tol, plain_problem

__all__ = ["LogisticRegression", "check_solver", "read_classes", "row_weights"]

FREE = 1e15  # stands for scikit-learn's C = inf


class LogisticRegression(linear_model.LogisticRegression):
    r"""Logistic regression with scikit-learn's arguments and results.

    .. math:: \min_{b_0, b} C \sum_i w_i \log(1 + e^{-s_i (b_0 + x_i b)}) + \rho \|b\|_1
              + \frac{1 - \rho}2 \|b\|_2^2, \qquad s_i = \pm 1

    for two classes; for more, minus the log of the class's share of :math:`e^{\eta_{ik}}`, with coefficients for each
    class,

    with :math:`\rho` = ``l1_ratio`` and the class weights within :math:`w`. The intercept is never penalised (as in all
    of scikit-learn's solvers but liblinear). Any ``solver`` goes with any penalty that scikit-learn allows for it.

    Parameters
    ----------
    C : > 0, the inverse of the strength; inf leaves nothing penalised.
    l1_ratio : in [0, 1].
    penalty : deprecated by scikit-learn in 1.8; still read.
    fit_intercept, class_weight : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-7 (1e-11 for three or more classes), whichever is sharper.
    dual, intercept_scaling, random_state, solver, max_iter, verbose, warm_start, n_jobs : checked, without effect.

    Attributes
    ----------
    classes_, coef_ (1, p) or (K, p), intercept_ (1,) or (K,), n_features_in_, feature_names_in_ : as in scikit-learn.
    n_iter_ : ``[1]``.

    Raises
    ------
    InputError
        For one class alone.

    Examples
    --------
    >>> LogisticRegression(C=2.0).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]).coef_.round(3)
    array([[1.361]])

    References
    ----------
    Cox, D. R. (1958). The regression analysis of binary sequences. JRSS B 20.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,) labels
        sample_weight : (n,) weights, or None
        """
        self._validate_params()
        ratio, cost = self._asked()
        if getattr(self, "n_jobs", None) is not None:
            warnings.warn("'n_jobs' has no effect since scikit-learn 1.8.", FutureWarning, stacklevel=2)
        X, y = validate_data(self, X, y, accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32])
        self.classes_, target, loss = read_classes(y, self.solver)
        weights = row_weights(X, y, sample_weight, self.class_weight, self.classes_)
        total = len(y) if weights is None else float(weights.sum())
        problem = plain_problem(X, target, loss, weights, self.fit_intercept)
        strength = from_logistic_regression(min(cost, FREE), ratio, total).strength
        found = fit_strengths(problem, mixed_penalty(ratio), [strength], newton_tol(loss, self.tol))
        self.coef_ = found.coefs.reshape(-1, problem.p).astype(X.dtype)
        levels = (
            np.ravel(centred(found.intercepts, len(self.coef_) > 1))
            if self.fit_intercept
            else np.zeros(len(self.coef_))
        )
        self.intercept_ = levels.astype(X.dtype)
        self.n_iter_ = np.ones(1, dtype=np.int32)
        return self

    def _asked(self) -> tuple[float, float]:
        """Return (l1_ratio, C) as the two ways of saying it have them."""
        ratio = getattr(self, "l1_ratio", None)
        if isinstance(self.penalty, str) and self.penalty == "deprecated":
            if ratio is None:
                warnings.warn(
                    "'l1_ratio=None' was deprecated in scikit-learn 1.8; give a number in [0, 1].",
                    FutureWarning,
                    stacklevel=3,
                )
            penalty = named(ratio)
            check_solver(self.solver, None if np.isinf(self.C) else penalty, self.dual)
            return float(ratio or 0.0), float(self.C)
        warn_penalty("l1_ratio", "C", stacklevel=4)
        check_solver(self.solver, self.penalty, self.dual)
        if self.penalty == "elasticnet" and ratio is None:
            raise ValueError("l1_ratio must be specified when penalty is elasticnet.")
        if self.penalty != "elasticnet" and ratio is not None and 0 < ratio < 1:
            warnings.warn(
                f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={self.penalty})",
                stacklevel=3,
            )
        if (self.penalty == "l2" and ratio != 0) or (self.penalty == "l1" and ratio != 1):
            warnings.warn(f"penalty={self.penalty!r} contradicts l1_ratio={ratio}.", stacklevel=3)
        if self.penalty is None:
            if self.C != 1.0:
                warnings.warn("penalty=None ignores the C and l1_ratio parameters", stacklevel=3)
            return 0.0, np.inf
        return {"l1": 1.0, "l2": 0.0}.get(self.penalty, float(ratio or 0.0)), float(self.C)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags, less arrays of other libraries."""
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        return tags


def named(l1_ratio: float | None) -> str:
    """Return scikit-learn's name of a penalty."""
    return "l2" if not l1_ratio else "l1" if l1_ratio == 1 else "elasticnet"


def warn_penalty(ratio: str, cost: str, stacklevel: int) -> None:
    """Warn of the argument that scikit-learn is about to lose."""
    warnings.warn(
        f"'penalty' was deprecated in scikit-learn 1.8 and goes in 1.10; leave it out and use {ratio!r} "
        f"(0 for 'l2', 1 for 'l1', between for 'elasticnet') and {cost!r} (inf for None).",
        FutureWarning,
        stacklevel=stacklevel,
    )


def check_solver(solver: str, penalty: str | None, dual: bool) -> None:
    """Refuse what scikit-learn's solvers refuse, so that a change of import back still works."""
    if solver not in ("liblinear", "saga") and penalty not in ("l2", None):
        raise ValueError(
            f"Solver {solver} supports only 'l2' or None penalties, got {penalty} penalty; say solver='saga'."
        )
    if solver != "liblinear" and dual:
        raise ValueError(f"Solver {solver} supports only dual=False, got dual={dual}")
    if penalty == "elasticnet" and solver != "saga":
        raise ValueError(f"Only 'saga' solver supports elasticnet penalty, got solver={solver}.")
    if solver == "liblinear" and penalty is None:
        raise ValueError("solver='liblinear' needs a penalty; say solver='lbfgs'.")


def read_classes(y: np.ndarray, solver: str) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the labels, the number of every row's label, and the loss; refuse one label alone."""
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"Logistic regression needs samples of at least 2 classes in the data, but the data contains only one "
            f"class: {classes[0]!r}."
        )
    if len(classes) > 2 and solver == "liblinear":
        raise ValueError(
            "The 'liblinear' solver does not support multiclass classification (n_classes >= 3). Leave solver='lbfgs', "
            "which fits the multinomial loss, or wrap the estimator in a OneVsRestClassifier."
        )
    return classes, codes.astype(np.float64), "logistic" if len(classes) == 2 else "multinomial"


def row_weights(X: Any, y: np.ndarray, sample_weight: Any, class_weight: Any, classes: np.ndarray) -> Any:
    """Return the product of sample and class weights, (n,), or None where there are neither."""
    if sample_weight is None and class_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if class_weight is None:
        return weights
    by_class = compute_class_weight(class_weight, classes=classes, y=y, sample_weight=weights)
    return weights * by_class[np.searchsorted(classes, y)]
