"""Ridge with its strength chosen: leave-one-out in closed form, or by cross-validation."""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.model_selection import GridSearchCV
from sklearn.utils import check_scalar
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..linear.conventions import from_ridge
from ..lockstep import closed_form_scores
from ..penalties import L2
from ._routing import refuse, routing_enabled, score_params
from ._solve import plain_problem, with_target
from .ridge import Ridge, RidgeClassifier, fit_ridge_columns

__all__ = ["RidgeCV", "RidgeClassifierCV"]


class RidgeCV(linear_model.RidgeCV):
    r"""Ridge regression with its strength chosen, with scikit-learn's arguments and results.

    The objective is that of :class:`Ridge`. With ``cv=None`` every alpha is judged by leave-one-out in closed form:
    no fold is fitted.

    Parameters
    ----------
    alphas : positive numbers.
    fit_intercept, scoring, cv, store_cv_results, alpha_per_target : as in scikit-learn.
    gcv_mode : checked, without effect.

    Attributes
    ----------
    alpha_, best_score_, cv_results_, coef_, intercept_, n_features_in_, feature_names_in_ : as in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(20.0).reshape(10, 2) % 7
    >>> RidgeCV(alphas=[0.1, 1.0]).fit(X, X[:, 0]).alpha_
    0.1

    References
    ----------
    Allen, D. (1974). The relationship between variable selection and data augmentation. Technometrics 16.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha and fit all rows with it.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,) or (n, k)
        sample_weight : a number or (n,)
        **params : for the splitter and the scorer, with metadata routing.
        """
        self._validate_params()
        choose_ridge(self, X, y, sample_weight, params)
        return self

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags, less arrays of other libraries."""
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        return tags


class RidgeClassifierCV(linear_model.RidgeClassifierCV):
    """The ridge classifier with its strength chosen, with scikit-learn's arguments and results.

    Parameters and attributes are those of :class:`RidgeCV`, with ``class_weight`` and ``classes_`` as in scikit-learn.

    Examples
    --------
    >>> RidgeClassifierCV().fit([[0.0], [1.0], [2.0], [3.0]], ["a", "a", "b", "b"]).predict([[3.0]])
    array(['b'], dtype='<U1')
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha and fit all rows with it; as :meth:`RidgeCV.fit`."""
        self._validate_params()
        X, y, sample_weight, Y = self._prepare_data(X, y, sample_weight, "eigen")
        choose_ridge(self, X, Y if self.cv is None else y, sample_weight, params)
        return self

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags, less arrays of other libraries."""
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        return tags


def choose_ridge(model: Any, X: Any, y: Any, sample_weight: Any, params: dict[str, Any]) -> None:
    """Choose by leave-one-out where ``cv`` is None, else by folds."""
    refuse(model, params)
    alphas = np.atleast_1d(np.asarray(model.alphas, dtype=np.float64))
    bounds = "neither" if model.cv is None else "left"
    for index, alpha in enumerate(np.atleast_1d(model.alphas)):
        name = f"alphas[{index}]" if alphas.size > 1 else "alphas"
        check_scalar(alpha, name, Real, min_val=0.0, include_boundaries=bounds)
    if model.cv is None:
        _by_leave_one_out(model, X, y, sample_weight, params, alphas)
    else:
        _by_folds(model, X, y, sample_weight, params, alphas)


def _by_folds(
    model: Any, X: Any, y: Any, sample_weight: Any, params: dict[str, Any], alphas: np.ndarray
) -> None:
    if model.store_cv_results:
        raise ValueError("cv!=None and store_cv_results=True are incompatible")
    if model.alpha_per_target:
        raise ValueError("cv!=None and alpha_per_target=True are incompatible")
    one = (RidgeClassifier if is_classifier(model) else Ridge)(fit_intercept=model.fit_intercept)
    if routing_enabled():
        one.set_fit_request(sample_weight=True)
    if sample_weight is not None:
        params = {**params, "sample_weight": sample_weight}
    search = GridSearchCV(one, {"alpha": alphas}, cv=model.cv, scoring=model._get_scorer())
    best = search.fit(X, y, **params).best_estimator_
    model.alpha_, model.best_score_ = best.alpha, search.best_score_
    for name in ("coef_", "intercept_", "n_features_in_", "feature_names_in_"):
        if hasattr(best, name):
            setattr(model, name, getattr(best, name))


def _by_leave_one_out(
    model: Any, X: Any, y: Any, sample_weight: Any, params: dict[str, Any], alphas: np.ndarray
) -> None:
    to_score = score_params(model, sample_weight, params)
    dtype = X.dtype if getattr(getattr(X, "dtype", None), "kind", None) == "f" else np.dtype(np.float64)
    X, y = validate_data(
        model, X, y, accept_sparse=("csr", "csc"), dtype=np.float64, multi_output=True, y_numeric=True
    )
    weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)
    left_out = _left_out(X, y, weights, alphas, model.fit_intercept)  # (n, k, alphas)
    w = 1.0 if weights is None else weights[:, None, None]
    errors = w * left_out**2
    if model.scoring is None:
        scores = -errors.mean(axis=0)
        scores = scores if model.alpha_per_target else scores.mean(axis=0)[None]
        kept = errors
    else:
        kept = y.reshape(len(y), -1, 1) - left_out
        scores = _scored(model, kept, y, to_score)
    best = np.argmax(scores, axis=1)
    chosen = alphas[best]
    columns = left_out.shape[1]
    coefs, levels = fit_ridge_columns(
        X, y, np.broadcast_to(chosen, columns), weights, model.fit_intercept, tol=1e-12
    )
    several = model.alpha_per_target and columns > 1
    model.alpha_ = chosen if several else float(chosen[0])
    one = scores[0, best[0]] if model.scoring is None else float(scores[0, best[0]])
    model.best_score_ = scores[np.arange(len(best)), best] if several else one
    model.coef_ = (coefs[0] if columns == 1 else coefs).astype(dtype)
    model.intercept_ = (
        np.asarray(levels if y.ndim > 1 else levels[0], dtype=dtype)[()] if model.fit_intercept else 0.0
    )
    if model.store_cv_results:
        model.cv_results_ = (kept[:, 0] if y.ndim == 1 else kept).astype(dtype)


def _left_out(X: Any, y: np.ndarray, weights: Any, alphas: np.ndarray, fit_intercept: bool) -> np.ndarray:
    """Leave-one-out residuals (n, k, alphas); 0 on rows of weight 0."""
    columns = y.reshape(len(y), -1)
    total = len(y) if weights is None else float(weights.sum())
    strengths = np.array([from_ridge(alpha, total).strength for alpha in alphas])
    problem = plain_problem(X, columns[:, 0], "squared", weights, fit_intercept)
    found = [
        closed_form_scores(with_target(problem, columns[:, k]), L2(), strengths).residuals
        for k in range(columns.shape[1])
    ]
    return np.nan_to_num(np.stack(found, axis=1), nan=0.0)


class _Shown(RegressorMixin, BaseEstimator):
    """Predicts what it is shown: scorers ask a model."""

    def decision_function(self, X: Any) -> Any:
        return X

    def predict(self, X: Any) -> Any:
        return X


class _ShownClasses(LinearClassifierMixin, ClassifierMixin, BaseEstimator):
    """Classifies by the decision values it is shown."""

    def __init__(self, classes: Any) -> None:
        self.classes_ = classes

    def decision_function(self, X: Any) -> Any:
        return X


def _scored(model: Any, predicted: np.ndarray, y: np.ndarray, params: dict[str, Any]) -> np.ndarray:
    """Scores (targets or 1, alphas) of leave-one-out predictions (n, k, alphas)."""
    scorer, several = model._get_scorer(), y.ndim == 2
    count = predicted.shape[2]
    if is_classifier(model):
        shown = _ShownClasses(np.arange(y.shape[1] if several else 1))
        labels = np.argmax(y, axis=1) if several else y
        return np.array([[scorer(shown, predicted[:, :, a], labels, **params) for a in range(count)]])
    if model.alpha_per_target and several:
        return np.array(
            [
                [scorer(_Shown(), predicted[:, j, a], y[:, j], **params) for a in range(count)]
                for j in range(y.shape[1])
            ]
        )
    flat = predicted if several else predicted[:, 0]
    return np.array([[scorer(_Shown(), flat[..., a], y, **params) for a in range(count)]])
