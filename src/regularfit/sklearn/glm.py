"""Poisson, gamma and Tweedie regression at one strength."""

from __future__ import annotations

from typing import Any, Self, cast

import numpy as np
from sklearn import linear_model
from sklearn.utils import check_array
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..losses import Gamma, Loss, Poisson, Squared, Tweedie
from ..penalties import L2
from ._solve import NEWTON, fit_strengths, plain_problem, sharp

__all__ = ["GammaRegressor", "PoissonRegressor", "TweedieRegressor"]


class _GLM:
    """What the three have in common."""

    def _own_loss(self) -> Loss | None:
        """Our loss, or None for what is left to scikit-learn's solver."""
        raise NotImplementedError

    def fit(self: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,) amounts in the range of the distribution
        sample_weight : (n,) weights, or None
        """
        self._validate_params()
        loss = self._own_loss()
        few = self.alpha == 0 and np.shape(X)[0] <= np.shape(X)[1] + 1  # nothing then holds the coefficients
        if loss is None or few:
            return cast("Any", super()).fit(X, y, sample_weight)
        X, y = validate_data(
            self, X, y, accept_sparse=["csc", "csr"], dtype=[np.float64, np.float32], y_numeric=True
        )
        y = check_array(y, dtype=X.dtype, order="C", ensure_2d=False)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype)
        self._base_loss = self._get_loss()
        if not self._base_loss.in_y_true_range(y):
            raise ValueError(
                f"Some value(s) of y are out of the valid range of the loss {type(self._base_loss).__name__!r}."
            )
        problem = plain_problem(X, y, loss, sample_weight, self.fit_intercept)
        free = self.alpha == 0
        penalty = L2().weighted(np.zeros(problem.p)) if free else L2()
        found = fit_strengths(problem, penalty, [1.0 if free else self.alpha], sharp(self.tol, NEWTON))
        self.coef_ = found.coefs[0].astype(X.dtype)
        self.intercept_ = X.dtype.type(found.intercepts[0]) if self.fit_intercept else 0.0
        self.n_iter_ = 1
        return self

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags, less arrays of other libraries."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.array_api_support = False
        return tags


class PoissonRegressor(_GLM, linear_model.PoissonRegressor):
    r"""Poisson regression with scikit-learn's arguments and results.

    .. math:: \min_{b_0, b} \frac1{\sum_i w_i} \sum_i w_i (e^{\eta_i} - y_i \eta_i) + \frac\alpha2 \|b\|_2^2,
              \qquad \eta_i = b_0 + x_i b

    Prefer it where code is written for scikit-learn; ``regularfit.PenalizedRegressor(loss="poisson")`` chooses the
    strength, takes any penalty and an offset.

    Parameters
    ----------
    alpha : >= 0, the strength.
    fit_intercept : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-7, whichever is sharper.
    solver, max_iter, warm_start, verbose : checked, without effect.

    Attributes
    ----------
    coef_, intercept_, n_features_in_, feature_names_in_ : as in scikit-learn.
    n_iter_ : always 1.

    Examples
    --------
    >>> PoissonRegressor(alpha=0.1).fit([[0.0], [1.0], [2.0]], [1.0, 2.0, 4.0]).coef_.round(3)
    array([0.642])

    References
    ----------
    Nelder, J. A. & Wedderburn, R. W. M. (1972). Generalized linear models. JRSS A 135.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model to counts or rates ``y`` >= 0; see :class:`TweedieRegressor`."""
        return _GLM.fit(self, X, y, sample_weight)

    def _own_loss(self) -> Loss:
        return Poisson()


class GammaRegressor(_GLM, linear_model.GammaRegressor):
    r"""Gamma regression with a log link, with scikit-learn's arguments and results.

    .. math:: \min_{b_0, b} \frac1{\sum_i w_i} \sum_i w_i (y_i e^{-\eta_i} + \eta_i) + \frac\alpha2 \|b\|_2^2

    Parameters and attributes are those of :class:`PoissonRegressor`; ``y`` is above 0.

    Examples
    --------
    >>> GammaRegressor(alpha=0.1).fit([[0.0], [1.0], [2.0]], [1.0, 2.0, 4.0]).coef_.round(3)
    array([0.603])

    References
    ----------
    Nelder, J. A. & Wedderburn, R. W. M. (1972). Generalized linear models. JRSS A 135.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model to amounts ``y`` > 0; see :class:`TweedieRegressor`."""
        return _GLM.fit(self, X, y, sample_weight)

    def _own_loss(self) -> Loss:
        return Gamma()


class TweedieRegressor(_GLM, linear_model.TweedieRegressor):
    r"""Regression whose variance grows as a power of the mean, with scikit-learn's arguments and results.

    .. math:: \min_{b_0, b} \frac1{2 \sum_i w_i} \sum_i w_i d_p(y_i, \mu_i) + \frac\alpha2 \|b\|_2^2

    Parameters
    ----------
    power : the power p. From 1 to 2 with the log link, and 0 with the identity link, the fit is ours. Any other pair
        has no convex loss, hence no proof of optimality, and is left to scikit-learn's solver, with all its arguments.
    link : "auto" (identity for ``power <= 0``, else log), "identity" or "log".
    alpha, fit_intercept, tol, solver, max_iter, warm_start, verbose : as in :class:`PoissonRegressor`.

    Attributes
    ----------
    coef_, intercept_, n_iter_, n_features_in_, feature_names_in_ : as in :class:`PoissonRegressor`.

    Examples
    --------
    >>> TweedieRegressor(power=1.5, alpha=0.1).fit([[0.0], [1.0], [2.0]], [0.0, 2.0, 4.0]).coef_.round(3)
    array([1.303])

    References
    ----------
    Jorgensen, B. (1987). Exponential dispersion models. JRSS B 49.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,) amounts in the range of the distribution
        sample_weight : (n,) weights, or None
        """
        return _GLM.fit(self, X, y, sample_weight)

    def _own_loss(self) -> Loss | None:
        log = self.link == "log" or (self.link == "auto" and self.power > 0)
        if log:
            return Tweedie(float(self.power)) if 1 <= self.power <= 2 else None
        return Squared() if self.power == 0 else None
