"""Quantile regression at one strength."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn import linear_model
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..losses import Quantile
from ..penalties import L1
from ._solve import fit_strengths, plain_problem

__all__ = ["QuantileRegressor"]

TOL = 1e-9


class QuantileRegressor(linear_model.QuantileRegressor):
    r"""Quantile regression with scikit-learn's arguments and results.

    .. math:: \min_{b_0, b} \frac1{\sum_i w_i} \sum_i w_i \max(q r_i, (q - 1) r_i) + \alpha \|b\|_1, \qquad
              r_i = y_i - b_0 - x_i b

    Several coefficients may be equally good; then those of the two libraries differ, and the objective does not.

    Parameters
    ----------
    quantile : q, in (0, 1).
    alpha : >= 0; 0 is left to scikit-learn's linear program.
    fit_intercept : as in scikit-learn.
    solver, solver_options : checked, without effect.

    Attributes
    ----------
    coef_, intercept_, n_features_in_, feature_names_in_ : as in scikit-learn.
    n_iter_ : always 1.

    Examples
    --------
    >>> QuantileRegressor(quantile=0.5, alpha=0.01).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 9.0]).predict([[0.0]])
    array([0.])

    References
    ----------
    Koenker, R. & Bassett, G. (1978). Regression quantiles. Econometrica 46.
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
        if self.alpha == 0 or self.solver == "interior-point":
            return super().fit(X, y, sample_weight)
        X, y = validate_data(
            self, X, y, accept_sparse=["csc", "csr", "coo"], y_numeric=True, multi_output=False
        )
        if sparse.issparse(X) and not self.solver.startswith("highs"):
            raise ValueError(
                f"Solver {self.solver} does not support sparse X. Use solver 'highs' for example."
            )
        weights = np.asarray(_check_sample_weight(sample_weight, X), dtype=np.float64)
        problem = plain_problem(X, y, Quantile(float(self.quantile)), weights, self.fit_intercept)
        found = fit_strengths(problem, L1(), [self.alpha], TOL)
        self.coef_ = found.coefs[0].copy()
        self.intercept_ = np.float64(found.intercepts[0]) if self.fit_intercept else 0.0
        self.n_iter_ = 1
        return self
