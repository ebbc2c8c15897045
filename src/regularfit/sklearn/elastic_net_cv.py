"""Lasso and elastic net with cross-validated strength: all folds, strengths and l1_ratios in lockstep."""

from __future__ import annotations

import numbers
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.model_selection import check_cv
from sklearn.utils import check_consistent_length, check_scalar, column_or_1d
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..lockstep import Lane, fit_lanes
from ..penalties import Penalty
from ._routing import splitter_params
from ._solve import (
    SHARP,
    Solutions,
    decreasing,
    mixed_penalty,
    plain_problem,
    sharp,
    solutions,
    warn_unconverged,
)
from .paths import alpha_grid, enet_path, lasso_path

__all__ = ["ElasticNetCV", "LassoCV"]


class _CV:
    """What both have in common: ``fit``, and what it keeps."""

    _loosest = SHARP

    def fit(self: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Any:
        """Choose alpha (and l1_ratio) by cross-validation and fit all rows with it.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,)
        sample_weight : (n,) weights for fits and for the scores within a fold; folds count equally.
        **params : for the splitter, with metadata routing.
        """
        self._validate_params()
        routed = splitter_params(self, sample_weight, params)
        X, y, weights = self._read(X, y, sample_weight)
        ratios = np.atleast_1d(getattr(self, "l1_ratio", 1.0))
        grids = self._grids(X, y, ratios, weights)
        splitter: Any = check_cv(self.cv)
        folds = list(splitter.split(X, y, **routed))
        penalties = [self._penalty(ratio, y) for ratio in ratios]
        problem = plain_problem(X, self._target(y), "squared", weights, self.fit_intercept)
        every = Lane(np.arange(problem.n), keep=True)
        lanes = [every, *(Lane(np.asarray(train), (np.asarray(test),)) for train, test in folds)]
        tidy = [decreasing(grid) for grid in grids]
        found = fit_lanes(
            problem,
            penalties,
            [grid for grid, _ in tidy],
            lanes,
            tol=sharp(self.tol, self._loosest),
            threads=self.n_jobs,
        )
        # (l1_ratios, alphas, folds)
        errors = np.array(
            [
                np.column_stack([lane.scores[back, 0] for lane in results[1:]])
                for results, (_, back) in zip(found, tidy, strict=True)
            ]
        )
        best = np.unravel_index(int(np.argmin(errors.mean(axis=2))), errors.shape[:2])
        path, back = found[best[0]][0].path, tidy[best[0]][1]
        warn_unconverged(path)
        self._keep(solutions(problem, penalties[best[0]], path, back), X.dtype, ratios, grids, errors, best)
        return self

    def _read(self: Any, X: Any, y: Any, sample_weight: Any) -> tuple[Any, np.ndarray, Any]:
        for_X: dict[str, Any] = {
            "accept_sparse": ("csr", "csc"),
            "dtype": [np.float64, np.float32],
            "accept_large_sparse": False,
        }
        for_y: dict[str, Any] = {"copy": False, "dtype": [np.float64, np.float32], "ensure_2d": False}
        X, y = validate_data(self, X, y, validate_separately=(for_X, for_y))  # type: ignore[arg-type]
        check_consistent_length(X, y)
        if y.ndim > 1 and y.shape[1] > 1:
            raise ValueError(
                f"{type(self).__name__} takes one target; for several, use MultiTask{type(self).__name__}, or one fit "
                "a column."
            )
        y = column_or_1d(y, warn=True)
        if sample_weight is None or isinstance(sample_weight, numbers.Number):
            return X, y, None
        return X, y, _check_sample_weight(sample_weight, X, dtype=np.float64)

    def _grids(self: Any, X: Any, y: np.ndarray, ratios: np.ndarray, weights: Any) -> list[np.ndarray]:
        alphas: Any
        alphas, count = self.alphas, getattr(self, "n_alphas", None)  # n_alphas: before scikit-learn 1.9
        if alphas is None or isinstance(alphas, str):
            alphas = count if isinstance(count, Integral) else 100
        if isinstance(alphas, Integral):
            return [self._grid(X, y, r, int(alphas), weights) for r in ratios]
        for index, alpha in enumerate(alphas):
            check_scalar(alpha, f"alphas[{index}]", Real, min_val=0.0, include_boundaries="left")
        return [np.sort(np.asarray(alphas, dtype=np.float64))[::-1]] * len(ratios)

    def _keep(self: Any, found, dtype, ratios, grids, errors, best) -> None:  # type: ignore[no-untyped-def]
        counted = isinstance(self.alphas, Integral) or self.alphas is None or isinstance(self.alphas, str)
        self.mse_path_ = np.squeeze(errors)
        self.alphas_ = np.asarray(grids) if counted and len(ratios) > 1 else grids[0]
        self.alpha_ = grids[best[0]][best[1]]
        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = ratios[best[0]]
        self._keep_best(found, best[1], dtype)
        self.n_iter_ = 1

    def _keep_best(self: Any, found: Solutions, at: int, dtype: Any) -> None:
        self.coef_ = found.coefs[at].astype(dtype)
        self.intercept_ = dtype.type(found.intercepts[at]) if self.fit_intercept else 0.0
        self.dual_gap_ = dtype.type(found.gaps[at])

    def _grid(self: Any, X: Any, y: np.ndarray, ratio: float, count: int, weights: Any) -> np.ndarray:
        return alpha_grid(X, y, ratio, self.fit_intercept, self.eps, count, weights, self.positive)

    def _penalty(self: Any, ratio: float, y: np.ndarray) -> Penalty:
        return mixed_penalty(ratio, self.positive)

    def _target(self, y: np.ndarray) -> np.ndarray:
        return y


class LassoCV(_CV, linear_model.LassoCV):
    r"""Lasso with its strength chosen by cross-validation, with scikit-learn's arguments and results.

    The objective is that of :class:`Lasso`. All folds and the fit of all rows are lanes that share every pass over X.

    Parameters
    ----------
    eps, alphas, fit_intercept, cv, positive : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-9, whichever is sharper.
    n_jobs : threads; None for all cores.
    precompute, max_iter, copy_X, verbose, random_state, selection : checked, without effect.

    Attributes
    ----------
    alpha_, alphas_, mse_path_, coef_, intercept_, dual_gap_, n_features_in_, feature_names_in_ : as in scikit-learn.
    n_iter_ : always 1.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> LassoCV(cv=3, alphas=[0.1, 1.0]).fit(X, X[:, 0]).alpha_
    np.float64(0.1)

    References
    ----------
    Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. JRSS B 58.
    """

    path = staticmethod(lasso_path)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha by cross-validation and fit all rows with it; see :meth:`ElasticNetCV.fit`."""
        return _CV.fit(self, X, y, sample_weight, **params)


class ElasticNetCV(_CV, linear_model.ElasticNetCV):
    r"""Elastic net with alpha and l1_ratio chosen by cross-validation, with scikit-learn's arguments and results.

    The objective is that of :class:`ElasticNet`. All folds and all l1_ratios share every pass over X.

    Parameters
    ----------
    l1_ratio : a number in [0, 1] or several.
    eps, alphas, fit_intercept, cv, positive : as in scikit-learn.
    tol : solved to this relative duality gap or to 1e-9, whichever is sharper.
    n_jobs : threads; None for all cores.
    precompute, max_iter, copy_X, verbose, random_state, selection : checked, without effect.

    Attributes
    ----------
    alpha_, l1_ratio_, alphas_, mse_path_, coef_, intercept_, dual_gap_, n_features_in_, feature_names_in_ : as in
        scikit-learn.
    n_iter_ : always 1.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> ElasticNetCV(cv=3, l1_ratio=[0.5, 1.0], alphas=[0.1, 1.0]).fit(X, X[:, 0]).l1_ratio_
    np.float64(0.5)

    References
    ----------
    Zou, H. & Hastie, T. (2005). Regularization and variable selection via the elastic net. JRSS B 67.
    """

    path = staticmethod(enet_path)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha and l1_ratio by cross-validation and fit all rows with them.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,)
        sample_weight : (n,) weights for fits and for the scores within a fold; folds count equally.
        **params : for the splitter, with metadata routing.
        """
        return _CV.fit(self, X, y, sample_weight, **params)
