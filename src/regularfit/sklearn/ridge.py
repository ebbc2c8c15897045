"""Ridge regression and the ridge classifier at one strength."""

from __future__ import annotations

import numbers
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn import linear_model
from sklearn.utils.validation import _check_sample_weight, validate_data

from .._typing import Vector
from ..linear.conventions import from_ridge
from ._solve import fit_strengths, mixed_penalty, plain_problem, sharp, with_target

__all__ = ["Ridge", "RidgeClassifier", "fit_ridge_columns"]


class Ridge(linear_model.Ridge):
    r"""Ridge regression with scikit-learn's arguments and results.

    .. math:: \min_{b_0, b} \sum_i w_i (y_i - b_0 - x_i b)^2 + \alpha \|b\|_2^2

    (a sum, not a mean: ``alpha`` is ``strength`` times the sum of the weights.) Prefer it where code is written for
    scikit-learn; :class:`regularfit.PenalizedRegressor` chooses the strength and standardises.

    Parameters
    ----------
    alpha : >= 0, or one for every column of ``y``; 0 is least squares, and left to scikit-learn.
    fit_intercept, positive : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-9, whichever is sharper.
    copy_X, max_iter, solver, random_state : checked, without effect.

    Attributes
    ----------
    coef_, intercept_, n_features_in_, feature_names_in_ : as in scikit-learn.
    n_iter_ : ones, (k,).
    solver_ : ``"lockstep"``.

    Examples
    --------
    >>> Ridge(alpha=2.0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).coef_.round(4)
    array([0.5])

    References
    ----------
    Hoerl, A. & Kennard, R. (1970). Ridge regression. Technometrics 12.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit one model a column of ``y``, (n,) or (n, k); ``sample_weight`` is a number or (n,)."""
        self._validate_params()
        if np.any(np.asarray(self.alpha) == 0):
            return super().fit(X, y, sample_weight)
        check_solver(self, X)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=("csr", "csc"),
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
        )
        keep_ridge(self, X, y, sample_weight)
        return self

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags, less arrays of other libraries."""
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        return tags


class RidgeClassifier(linear_model.RidgeClassifier):
    r"""Classify by ridge regression on labels -1 and 1, with scikit-learn's arguments and results.

    Several classes are several regressions, one against the rest. Parameters and attributes are those of
    :class:`Ridge`, with ``class_weight`` and ``classes_`` as in scikit-learn.

    Examples
    --------
    >>> RidgeClassifier().fit([[0.0], [1.0], [2.0]], ["a", "a", "b"]).predict([[2.0]])
    array(['b'], dtype='<U1')
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit one regression a class; ``sample_weight`` is a number or (n,)."""
        self._validate_params()
        if np.any(np.asarray(self.alpha) == 0):
            return super().fit(X, y, sample_weight)
        check_solver(self, X)
        X, y, sample_weight, Y = self._prepare_data(X, y, sample_weight, "auto")
        keep_ridge(self, X, Y, sample_weight)
        return self


def check_solver(model: Any, X: Any) -> None:
    """Refuse the combinations of ``solver`` that scikit-learn refuses; it has no other meaning here."""
    if model.solver == "lbfgs" and not model.positive:
        raise ValueError("solver='lbfgs' goes with positive=True only; leave solver='auto'.")
    if model.positive and model.solver not in ("auto", "lbfgs"):
        raise ValueError(f"solver='{model.solver}' does not support positive fitting; leave solver='auto'.")
    known = ("auto", "lbfgs", "lsqr", "sag", "sparse_cg")
    if sparse.issparse(X) and model.fit_intercept and not model.positive and model.solver not in known:
        raise ValueError(
            f"solver='{model.solver}' does not support an intercept on sparse X; leave solver='auto'."
        )


def keep_ridge(model: Any, X: Any, y: np.ndarray, sample_weight: Any) -> None:
    """Fit and store in scikit-learn's shapes."""
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
    k = 1 if y.ndim == 1 else y.shape[1]
    alphas = np.ravel(np.asarray(model.alpha, dtype=np.float64))
    if alphas.size not in (1, k):
        raise ValueError(f"Number of targets and number of penalties do not correspond: {alphas.size} != {k}")
    coefs, levels = fit_ridge_columns(
        X, y, np.broadcast_to(alphas, k), sample_weight, model.fit_intercept, model.positive, sharp(model.tol)
    )
    dtype = X.dtype if X.dtype.kind == "f" else np.float64
    model.coef_ = (coefs[0] if k == 1 else coefs).astype(dtype)
    flat = levels[0] if y.ndim == 1 else levels
    model.intercept_ = np.asarray(flat, dtype=dtype)[()] if model.fit_intercept else 0.0
    model.n_iter_, model.solver_ = np.ones(k, dtype=np.int32), "lockstep"


def fit_ridge_columns(
    X: Any,
    y: np.ndarray,
    alphas: Vector,
    weights: Any,
    fit_intercept: bool,
    positive: bool = False,
    tol: float = 1e-9,
) -> tuple[np.ndarray, Vector]:
    """Return coefficients (k, p) and intercepts (k,) of ridge at one alpha a column of ``y``."""
    columns = y.reshape(len(y), -1)
    problem = plain_problem(X, columns[:, 0], "squared", weights, fit_intercept)
    total = problem.n if weights is None or isinstance(weights, numbers.Number) else float(np.sum(weights))
    penalty = mixed_penalty(0.0, positive)
    found = [
        fit_strengths(with_target(problem, columns[:, k]), penalty, [from_ridge(alpha, total).strength], tol)
        for k, alpha in enumerate(alphas)
    ]
    return np.array([one.coefs[0] for one in found]), np.array([one.intercepts[0] for one in found])
