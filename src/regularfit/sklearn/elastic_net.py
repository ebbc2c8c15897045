"""Lasso and elastic net at one strength."""

from __future__ import annotations

import numbers
import warnings
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.utils import check_array
from sklearn.utils.validation import _check_sample_weight, validate_data

from ._solve import Solutions, fit_strengths, mixed_penalty, plain_problem, sharp, with_target
from .paths import enet_path

__all__ = ["ElasticNet", "Lasso"]


class ElasticNet(linear_model.ElasticNet):
    r"""Elastic net regression with scikit-learn's arguments and results.

    .. math:: \min_{b_0, b} \frac1{2n} \sum_i w_i (y_i - b_0 - x_i b)^2
              + \alpha\rho \|b\|_1 + \frac{\alpha (1 - \rho)}2 \|b\|_2^2, \qquad \sum_i w_i = n

    Prefer it where code is written for scikit-learn; :class:`regularfit.PenalizedRegressor` chooses the strength,
    standardises and reports its certificate.

    Parameters
    ----------
    alpha : >= 0, the strength.
    l1_ratio : in [0, 1], the share of L1.
    fit_intercept, positive : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-9, whichever is sharper.
    precompute, max_iter, copy_X, warm_start, random_state, selection : checked, without effect.

    Attributes
    ----------
    coef_, intercept_, sparse_coef_, dual_gap_, n_features_in_, feature_names_in_ : as in scikit-learn.
    n_iter_ : always 1: the solver is not iterative in scikit-learn's sense.

    Examples
    --------
    >>> ElasticNet(alpha=0.5).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).coef_.round(4)
    array([0.4545])

    References
    ----------
    Zou, H. & Hastie, T. (2005). Regularization and variable selection via the elastic net. JRSS B 67.
    """

    path = staticmethod(enet_path)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True) -> Self:
        """Fit one model a column of ``y``.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,) or (n, k)
        sample_weight : (n,) weights, or None
        check_input : False where X and y are known to be float arrays.
        """
        self._validate_params()
        if self.alpha == 0:
            warnings.warn(
                "With alpha=0 nothing is penalised; LinearRegression is the estimator for that.", stacklevel=2
            )
        if check_input:
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse=("csr", "csc"),
                dtype=[np.float64, np.float32],
                accept_large_sparse=False,
                multi_output=True,
                y_numeric=True,
            )
            y = check_array(y, dtype=X.dtype.type, ensure_2d=False)
        if isinstance(sample_weight, numbers.Number):
            sample_weight = None
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        penalty = mixed_penalty(self.l1_ratio, self.positive)
        columns = y.reshape(len(y), -1)
        problem = plain_problem(X, columns[:, 0], "squared", sample_weight, self.fit_intercept)
        strength = float(self.alpha)
        if strength == 0:  # least squares where rows suffice, else next to it
            if problem.n > problem.p + 1:
                penalty, strength = penalty.weighted(np.zeros(problem.p)), 1.0
            else:
                strength = _least(problem)
        found = [
            fit_strengths(with_target(problem, columns[:, k]), penalty, [strength], sharp(self.tol))
            for k in range(columns.shape[1])
        ]
        self._keep(found, X.dtype, y.ndim)
        return self

    def _keep(self, found: list[Solutions], dtype: Any, ndim: int) -> None:
        coefs = np.array([one.coefs[0] for one in found], dtype=dtype)
        gaps = np.array([one.gaps[0] for one in found], dtype=dtype)
        levels = np.array([one.intercepts[0] for one in found], dtype=dtype)
        single = len(found) == 1
        self.n_iter_ = 1 if single else [1] * len(found)
        self.coef_ = coefs[0] if single else coefs
        self.dual_gap_ = gaps[0] if single else gaps
        self.intercept_ = 0.0 if not self.fit_intercept else levels[0] if ndim == 1 else levels


class Lasso(ElasticNet, linear_model.Lasso):
    r"""Lasso regression with scikit-learn's arguments and results: :class:`ElasticNet` at ``l1_ratio=1``.

    .. math:: \min_{b_0, b} \frac1{2n} \sum_i w_i (y_i - b_0 - x_i b)^2 + \alpha \|b\|_1

    Parameters and attributes are those of :class:`ElasticNet` without ``l1_ratio``.

    Examples
    --------
    >>> Lasso(alpha=0.5).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).coef_.round(4)
    array([0.25])

    References
    ----------
    Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. JRSS B 58.
    """

    _parameter_constraints = linear_model.Lasso._parameter_constraints
    __init__ = linear_model.Lasso.__init__


def _least(problem: Any) -> float:
    """A strength that stands for none: far below any that matters, far above rounding."""
    w = problem.sample_weight / problem.n
    spread = float(np.sqrt(w @ (problem.y - w @ problem.y) ** 2)) or 1.0
    return 1e-10 * spread
