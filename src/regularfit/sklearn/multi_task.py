"""Lasso and elastic net of several targets that share their columns, at one strength and cross-validated."""

from __future__ import annotations

import numbers
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..penalties import Penalty
from ._solve import JOINT, Solutions, fit_strengths, mixed_penalty, plain_problem, sharp
from .elastic_net_cv import _CV
from .paths import enet_path, lasso_path, row_grid

__all__ = ["MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV"]

FOR_X: dict[str, Any] = {
    "accept_sparse": ("csr", "csc"),
    "dtype": [np.float64, np.float32],
    "accept_large_sparse": False,
}
FOR_Y: dict[str, Any] = {"copy": False, "dtype": [np.float64, np.float32], "ensure_2d": False}


class MultiTaskElasticNet(linear_model.MultiTaskElasticNet):
    r"""Elastic net of several targets at once, with scikit-learn's arguments and results.

    .. math:: \min_{b_0, B} \frac1{2n} \sum_i w_i \|y_i - b_0 - x_i B\|^2 + \alpha\rho \sum_j \|B_j\|_2
              + \frac{\alpha (1 - \rho)}2 \|B\|_F^2, \qquad \sum_i w_i = n

    where :math:`B_j` holds the coefficients of column j for all targets: a column is in for all of them or for none.

    Parameters
    ----------
    alpha, l1_ratio, fit_intercept : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-11, whichever is sharper.
    max_iter, copy_X, warm_start, random_state, selection : checked, without effect.

    Attributes
    ----------
    coef_ (K, p), intercept_, dual_gap_, n_features_in_, feature_names_in_ : as in scikit-learn.
    eps_ : the tolerance, times the mean square of the targets, as there.
    n_iter_ : always 1.

    Examples
    --------
    >>> Y = [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    >>> MultiTaskElasticNet(alpha=0.5, l1_ratio=1.0).fit([[0.0], [1.0], [2.0]], Y).coef_.round(4).ravel()
    array([0.6646, 1.3292])

    References
    ----------
    Obozinski, G., Taskar, B. & Jordan, M. (2010). Joint covariate selection and joint subspace selection for multiple
    classification problems. Statistics and Computing 20.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit all targets.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n, K)
        sample_weight : (n,) weights, or None
        """
        self._validate_params()
        X, y = validate_data(self, X, y, validate_separately=(FOR_X, FOR_Y))  # type: ignore[arg-type]
        check_consistent_length(X, y)
        if y.ndim == 1:
            raise ValueError(f"For mono-task outputs, use {type(self).__name__.removeprefix('MultiTask')}")
        weights = read_weights(X, sample_weight)
        problem = plain_problem(X, targets(y), "squared", weights, self.fit_intercept)
        ratio = float(self.l1_ratio)
        found = fit_strengths(
            problem, across(ratio, y.shape[1]), [self.alpha or 1e-10], sharp(self.tol, JOINT)
        )
        self.coef_ = np.asfortranarray(found.coefs[0].reshape(-1, problem.p).astype(X.dtype))
        self.intercept_ = np.ravel(found.intercepts[0]).astype(X.dtype) if self.fit_intercept else 0.0
        centred = y - np.average(y, axis=0, weights=weights) if self.fit_intercept else y
        size = float(np.average((centred**2).sum(axis=1), weights=weights))
        self.dual_gap_ = float(found.gaps[0])
        self.eps_ = float(self.tol * size * len(y))
        self.n_iter_ = 1
        return self


class MultiTaskLasso(MultiTaskElasticNet, linear_model.MultiTaskLasso):
    r"""Lasso of several targets at once: :class:`MultiTaskElasticNet` at ``l1_ratio=1``.

    Parameters and attributes are those of :class:`MultiTaskElasticNet` without ``l1_ratio``.

    Examples
    --------
    >>> MultiTaskLasso(alpha=0.5).fit([[0.0], [1.0], [2.0]], [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]).coef_.shape
    (2, 1)
    """

    _parameter_constraints = linear_model.MultiTaskLasso._parameter_constraints
    __init__ = linear_model.MultiTaskLasso.__init__


class _MultiCV(_CV):
    """What differs from one target: what is read, the grid, and the penalty on rows."""

    _loosest = JOINT

    def _read(self: Any, X: Any, y: Any, sample_weight: Any) -> tuple[Any, np.ndarray, Any]:
        X, y = validate_data(self, X, y, validate_separately=(FOR_X, FOR_Y))  # type: ignore[arg-type]
        check_consistent_length(X, y)
        if y.ndim == 1:
            raise ValueError(f"For mono-task outputs, use {type(self).__name__.removeprefix('MultiTask')}")
        return X, y, read_weights(X, sample_weight)

    def _grid(self: Any, X: Any, y: np.ndarray, ratio: float, count: int, weights: Any) -> np.ndarray:
        return row_grid(X, y, ratio, self.fit_intercept, self.eps, count, weights)

    def _penalty(self, ratio: float, y: np.ndarray) -> Penalty:
        return across(ratio, y.shape[1])

    def _target(self, y: np.ndarray) -> np.ndarray:
        return targets(y)

    def _keep_best(self: Any, found: Solutions, at: int, dtype: Any) -> None:
        p = found.coefs.shape[-1]
        self.coef_ = np.asfortranarray(found.coefs[at].reshape(-1, p).astype(dtype))
        self.intercept_ = np.ravel(found.intercepts[at]).astype(dtype) if self.fit_intercept else 0.0
        self.dual_gap_ = float(found.gaps[at])


class MultiTaskLassoCV(_MultiCV, linear_model.MultiTaskLassoCV):
    r"""Lasso of several targets, its strength chosen by cross-validation, with scikit-learn's arguments and results.

    The objective is that of :class:`MultiTaskLasso`; folds advance in lockstep. Parameters and attributes are those of
    :class:`MultiTaskElasticNetCV` without ``l1_ratio``.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> MultiTaskLassoCV(cv=3, alphas=[0.1, 1.0]).fit(X, X @ [[1.0, 2.0], [0.0, 0.0]]).alpha_
    np.float64(0.1)
    """

    path = staticmethod(lasso_path)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha by cross-validation and fit all rows with it; see :meth:`MultiTaskElasticNetCV.fit`."""
        return _CV.fit(self, X, y, sample_weight, **params)


class MultiTaskElasticNetCV(_MultiCV, linear_model.MultiTaskElasticNetCV):
    r"""Elastic net of several targets, alpha and l1_ratio chosen by cross-validation, as in scikit-learn.

    The objective is that of :class:`MultiTaskElasticNet`; folds and l1_ratios advance in lockstep.

    Parameters
    ----------
    l1_ratio, eps, alphas, fit_intercept, cv : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-11, whichever is sharper.
    n_jobs : threads; None for all cores.
    max_iter, copy_X, verbose, random_state, selection : checked, without effect.

    Attributes
    ----------
    alpha_, l1_ratio_, alphas_, mse_path_, coef_ (K, p), intercept_, dual_gap_, n_features_in_, feature_names_in_ : as
        in scikit-learn.
    n_iter_ : always 1.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> MultiTaskElasticNetCV(cv=3, alphas=[0.1, 1.0]).fit(X, X @ [[1.0, 2.0], [0.0, 0.0]]).coef_.shape
    (2, 2)
    """

    path = staticmethod(enet_path)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha and l1_ratio by cross-validation and fit all rows with them.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n, K)
        sample_weight : (n,) weights for fits and for the scores within a fold; folds count equally.
        **params : for the splitter, with metadata routing.
        """
        return _CV.fit(self, X, y, sample_weight, **params)


def read_weights(X: Any, sample_weight: Any) -> Any:
    """Return the weights (n,), or None for none and for a number, which says nothing."""
    if sample_weight is None or isinstance(sample_weight, numbers.Number):
        return None
    return _check_sample_weight(sample_weight, X, dtype=np.float64)


def targets(y: np.ndarray) -> np.ndarray:
    """Return (n, K), but one target alone as a vector."""
    return y[:, 0] if y.shape[1] == 1 else y


def across(ratio: float, outputs: int) -> Penalty:
    """Return the penalty on rows of coefficients; with one target a row is a number."""
    penalty: Any = mixed_penalty(ratio)
    return penalty if outputs == 1 else penalty.across_outputs()
