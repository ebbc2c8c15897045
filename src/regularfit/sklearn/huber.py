"""Huber regression with its scale estimated."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import _check_sample_weight, validate_data

from ._concomitant import fit_with_scale

__all__ = ["HuberRegressor"]


class HuberRegressor(linear_model.HuberRegressor):
    r"""Huber regression with scikit-learn's arguments and results: the scale of the errors is estimated as well.

    .. math:: \min_{b_0, b, \sigma > 0} \sum_i w_i \Big( \sigma + \sigma H\big(\tfrac{y_i - b_0 - x_i b}\sigma\big)
              \Big) + \alpha \|b\|_2^2, \qquad H(z) = z^2 \text{ for } |z| \le \epsilon,\;
              2 \epsilon |z| - \epsilon^2 \text{ beyond}

    The function is convex in all its unknowns and is minimised exactly, by Newton's method on all of them.
    Prefer it where code is written for scikit-learn; ``regularfit.PenalizedRegressor(loss=rf.Huber(delta))`` has a
    given scale, takes any penalty and chooses its strength. At ``epsilon=1`` the scale vanishes and the fit is that of
    least absolute deviations, found to about 1e-6 of its value.

    Parameters
    ----------
    epsilon : >= 1, where errors begin to count by their size, in units of the scale.
    alpha : >= 0, the multiplier of the squared coefficients (of a sum over the rows, not a mean).
    fit_intercept : as in scikit-learn.
    max_iter, tol, warm_start : checked, without effect: the fit always runs to its end.

    Attributes
    ----------
    coef_, intercept_, scale_, outliers_, n_features_in_, feature_names_in_ : as in scikit-learn.
    n_iter_ : Newton's steps.

    Examples
    --------
    >>> y = [0.0, 1.1, 1.9, 3.0, 40.0]
    >>> HuberRegressor().fit([[0.0], [1.0], [2.0], [3.0], [4.0]], y).coef_.round(2)
    array([0.99])

    References
    ----------
    Huber, P. J. (1981). Robust Statistics. Owen, A. B. (2007). A robust hybrid of lasso and ridge regression.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,)
        sample_weight : (n,) weights, or None
        """
        self._validate_params()
        X, y = validate_data(
            self, X, y, copy=False, accept_sparse=["csr"], y_numeric=True, dtype=[np.float64, np.float32]
        )
        weights = np.asarray(_check_sample_weight(sample_weight, X), dtype=np.float64)
        found = fit_with_scale(
            X.astype(np.float64, copy=False),
            np.asarray(y, dtype=np.float64),
            weights,
            float(self.epsilon),
            float(self.alpha),
            bool(self.fit_intercept),
        )
        if not found.converged:
            warnings.warn(
                f"Huber regression did not settle in {found.steps} steps of Newton.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.n_iter_, self.scale_ = found.steps, np.float64(found.scale)
        self.coef_ = found.coef
        self.intercept_ = np.float64(found.intercept) if self.fit_intercept else 0.0
        residual = np.abs(y - safe_sparse_dot(X, self.coef_) - self.intercept_)
        self.outliers_ = residual > self.scale_ * self.epsilon
        return self
