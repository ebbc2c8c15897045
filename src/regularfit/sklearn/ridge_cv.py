"""Ridge with its strength chosen: leave-one-out in closed form, or by cross-validation."""

from __future__ import annotations

import inspect
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.model_selection import GridSearchCV, check_cv
from sklearn.utils import check_scalar
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..linear.conventions import from_ridge
from ..lockstep import closed_form_scores
from ..penalties import L2
from ._routing import refuse, routing_enabled, score_params
from ._solve import decreasing, fit_folds, plain_problem, with_target
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
    if routing_enabled() or (alphas == 0).any():
        _by_search(model, X, y, sample_weight, params, alphas)
    else:
        _in_lockstep(model, X, y, sample_weight, alphas)


def _by_search(
    model: Any, X: Any, y: Any, sample_weight: Any, params: dict[str, Any], alphas: np.ndarray
) -> None:
    """One fit after another, for what lanes cannot know: routed metadata, least squares."""
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


def _in_lockstep(model: Any, X: Any, y: Any, sample_weight: Any, alphas: np.ndarray) -> None:
    """All folds and alphas together; scores are those of scikit-learn's scorers on every fold."""
    classifies = is_classifier(model)
    accept: Any = {"accept_sparse": ("csr", "csc"), "multi_output": True, "y_numeric": not classifies}
    X, y = validate_data(model, X, y, dtype=[np.float64, np.float32], **accept)
    one: Any = (RidgeClassifier if classifies else Ridge)(fit_intercept=model.fit_intercept)
    target = y
    if classifies:
        one.classes_, one._label_binarizer = model.classes_, model._label_binarizer
        target = model._label_binarizer.transform(y)
    weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)
    splitter: Any = check_cv(model.cv, y, classifier=classifies)  # type: ignore[arg-type]
    folds = [(np.asarray(train), np.asarray(test)) for train, test in splitter.split(X, y)]
    coefs, levels = _fold_models(
        X, target, weights, alphas, model.fit_intercept, [train for train, _ in folds]
    )
    scorer = model._get_scorer()
    scores = np.empty((len(folds), len(alphas)))
    for k, (_, test) in enumerate(folds):
        inside, outside = X[test], y[test]
        extra = {} if weights is None or not _takes_weights(scorer) else {"sample_weight": weights[test]}
        for a in range(len(alphas)):
            _set(one, coefs[k, a], levels[k, a], target.ndim, np.float64)
            scores[k, a] = scorer(one, inside, outside, **extra)
    best = int(np.argmax(scores.mean(axis=0)))
    columns = coefs.shape[2]
    final = fit_ridge_columns(
        X, target, np.full(columns, alphas[best]), weights, model.fit_intercept, tol=1e-12
    )
    model.alpha_, model.best_score_ = alphas[best], scores.mean(axis=0)[best]
    _set(model, *final, target.ndim, X.dtype)


def _takes_weights(scorer: Any) -> bool:
    asked = getattr(scorer, "_accept_sample_weight", None)
    return bool(asked()) if asked else "sample_weight" in inspect.signature(scorer).parameters


def _fold_models(
    X: Any, y: np.ndarray, weights: Any, alphas: np.ndarray, fit_intercept: bool, trains: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (folds, alphas, k, p) and intercepts (folds, alphas, k)."""
    columns = y.reshape(len(y), -1)
    problem = plain_problem(X, columns[:, 0], "squared", weights, fit_intercept)
    costs = alphas * (1.0 if weights is None else problem.n / weights.sum())
    _, back = decreasing(costs)
    found = [
        [paths[0] for paths in fit_folds(with_target(problem, columns[:, k]), [L2()], trains, costs, 1e-12)]
        for k in range(columns.shape[1])
    ]
    coefs = np.array([[path.coefs[back] for path in one] for one in found])
    levels = np.array([[path.intercepts[back] for path in one] for one in found])
    return np.moveaxis(coefs, 0, 2), np.moveaxis(levels, 0, 2)


def _set(model: Any, coefs: np.ndarray, levels: np.ndarray, ndim: int, dtype: Any) -> None:
    """Store coefficients (k, p) and intercepts (k,) in scikit-learn's shapes."""
    model.coef_ = (coefs[0] if len(coefs) == 1 else coefs).astype(dtype)
    flat = levels[0] if ndim == 1 else levels
    model.intercept_ = np.asarray(flat, dtype=dtype)[()] if model.fit_intercept else 0.0


def _by_leave_one_out(
    model: Any, X: Any, y: Any, sample_weight: Any, params: dict[str, Any], alphas: np.ndarray
) -> None:
    to_score = score_params(model, sample_weight, params)
    dtype = X.dtype if getattr(getattr(X, "dtype", None), "kind", None) == "f" else np.dtype(np.float64)
    X, y = validate_data(
        model, X, y, accept_sparse=("csr", "csc"), dtype=np.float64, multi_output=True, y_numeric=True
    )
    weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)
    scored = _closed_forms(X, y, weights, alphas, model.fit_intercept)
    # (n, k, alphas); 0 on rows of weight 0
    left_out = np.nan_to_num(np.stack([one.residuals for one in scored], axis=1), nan=0.0)
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
    picked = np.broadcast_to(best, columns)
    coefs = np.array([one.coefs[at] for one, at in zip(scored, picked, strict=True)])
    levels = np.array([one.intercepts[at] for one, at in zip(scored, picked, strict=True)])
    several = model.alpha_per_target and columns > 1
    model.alpha_ = chosen if several else float(chosen[0])
    one = scores[0, best[0]] if model.scoring is None else float(scores[0, best[0]])
    model.best_score_ = scores[np.arange(len(best)), best] if several else one
    _set(model, coefs, levels, y.ndim, dtype)
    if model.store_cv_results:
        model.cv_results_ = (kept[:, 0] if y.ndim == 1 else kept).astype(dtype)


def _closed_forms(X: Any, y: np.ndarray, weights: Any, alphas: np.ndarray, fit_intercept: bool) -> list[Any]:
    """Leave-one-out at every alpha, one a column of ``y``."""
    columns = y.reshape(len(y), -1)
    total = len(y) if weights is None else float(weights.sum())
    strengths = np.array([from_ridge(alpha, total).strength for alpha in alphas])
    problem = plain_problem(X, columns[:, 0], "squared", weights, fit_intercept)
    return [
        closed_form_scores(with_target(problem, columns[:, k]), L2(), strengths)
        for k in range(columns.shape[1])
    ]


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
