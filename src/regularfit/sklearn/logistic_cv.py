"""Logistic regression with cross-validated strength: folds, strengths and l1_ratios in lockstep."""

from __future__ import annotations

import inspect
import warnings
from numbers import Integral, Number
from typing import Any, Self

import numpy as np
from sklearn import linear_model
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import check_cv
from sklearn.utils import compute_class_weight
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import _check_method_params, _check_sample_weight, validate_data

from ._rare_classes import fit_folds_of_classes
from ._routing import refuse, routing_enabled
from ._solve import centred, fit_folds, mixed_penalty, newton_tol, plain_problem
from .logistic import FREE, LogisticRegression, check_solver, read_classes, row_weights, warn_penalty

__all__ = ["LogisticRegressionCV"]


class LogisticRegressionCV(linear_model.LogisticRegressionCV):
    r"""Logistic regression with C and l1_ratio chosen by cross-validation, as in scikit-learn.

    The objective is that of :class:`LogisticRegression`. Folds whose rows have the same total weight, all values of C
    and all l1_ratios advance in lockstep.

    Parameters
    ----------
    Cs : how many, from 1e-4 to 1e4, or the values.
    l1_ratios : several numbers in [0, 1].
    fit_intercept, cv, scoring, class_weight, refit, use_legacy_attributes : as in scikit-learn.
    penalty : deprecated by scikit-learn in 1.8; still read.
    tol : solved to this relative duality gap or to 1e-7, whichever is sharper.
    n_jobs : threads; None for all cores.
    dual, solver, max_iter, verbose, intercept_scaling, random_state : checked, without effect.

    Attributes
    ----------
    classes_, C_, l1_ratio_, Cs_, l1_ratios_, coefs_paths_, scores_, coef_, intercept_ : as in scikit-learn.
    n_iter_ : ones.

    Raises
    ------
    InputError
        For one class alone. A fold without a row of some class to learn from (of three or more) gives it no chance.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(24.0).reshape(12, 2) % 7
    >>> model = LogisticRegressionCV(
    ...     Cs=[0.1, 1.0], l1_ratios=(0,), cv=3, scoring="neg_log_loss", use_legacy_attributes=False
    ... )
    >>> model.fit(X, X[:, 0] > 2).C_
    1.0
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose C and l1_ratio by cross-validation and fit all rows with them.

        Parameters
        ----------
        X : (n, p) array or sparse matrix
        y : (n,) labels
        sample_weight : (n,) weights, or None
        **params : for the splitter and the scorer, with metadata routing.
        """
        self._validate_params()
        refuse(self, params)
        ratios, given = self._ratios()
        scoring = self._scoring()
        legacy = self._legacy()
        X, y = validate_data(self, X, y, accept_sparse=("csr", "csc"), dtype=np.float64)
        self.classes_, target, loss = read_classes(y, self.solver)
        to_split, to_score = self._routed(sample_weight, params)
        splitter: Any = check_cv(self.cv, y, classifier=True)  # type: ignore[arg-type]
        folds = list(splitter.split(X, y, **to_split))
        given_weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        weights = row_weights(X, y, given_weights, self._class_weight(y, sample_weight), self.classes_)
        problem = plain_problem(X, target, loss, weights, self.fit_intercept)
        self.Cs_ = np.logspace(-4, 4, self.Cs) if isinstance(self.Cs, Integral) else np.asarray(self.Cs)
        penalties = [mixed_penalty(ratio or 0.0) for ratio in ratios]
        costs = 1.0 / np.minimum(np.asarray(self.Cs_, dtype=np.float64), FREE)
        # The engine's weights sum to n; what scikit-learn sums is the weights as they are.
        costs = costs * (1.0 if weights is None else problem.n / weights.sum())
        trains = [np.asarray(train) for train, _ in folds]
        paths = fit_folds_of_classes(
            problem, penalties, trains, costs, newton_tol(problem.loss.name, self.tol), self.n_jobs
        )
        coefs = with_intercepts(paths, self.fit_intercept)  # (folds, Cs, ratios, classes or 1, p + 1)
        scores = self._score_folds(X, y, folds, coefs, scoring, given_weights, to_score)
        self._choose(problem, penalties, ratios, costs, coefs, scores)
        self._keep(ratios, given, coefs, scores, legacy)
        return self

    # --- what is asked -----------------------------------------------------------------------------

    def _ratios(self) -> tuple[list[Any], bool]:
        """Return the l1_ratios to try, and whether they were given."""
        asked: Any = self.l1_ratios
        if isinstance(asked, str):
            warnings.warn(
                "The default of l1_ratios changes from None to (0.0,) in scikit-learn 1.10; give l1_ratios=(0,).",
                FutureWarning,
                stacklevel=3,
            )
            asked = None
        if isinstance(self.penalty, str) and self.penalty == "deprecated":
            if self.l1_ratios is None:
                warnings.warn(
                    "'l1_ratios=None' was deprecated in scikit-learn 1.8; give numbers in [0, 1].",
                    FutureWarning,
                    stacklevel=3,
                )
            plain = asked is None or np.all(np.asarray(asked) == 0)
            penalty = "l2" if plain else "l1" if np.all(np.asarray(asked) == 1) else "elasticnet"
        else:
            penalty = self.penalty
            warn_penalty("l1_ratios", "Cs", stacklevel=4)
        check_solver(self.solver, penalty, self.dual)
        if penalty == "elasticnet":
            wrong = asked is None or len(asked) == 0
            if wrong or any(not isinstance(r, Number) or r < 0 or r > 1 for r in asked):  # type: ignore[operator]
                raise ValueError(f"l1_ratios must be numbers between 0 and 1; got (l1_ratios={asked!r})")
            return list(asked), True  # type: ignore[arg-type]
        if asked is not None and self.penalty != "deprecated":
            warnings.warn(
                f"l1_ratios parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})",
                stacklevel=3,
            )
            return [1.0 if penalty == "l1" else 0.0] * len(asked), True
        if asked is None:
            return [1.0 if penalty == "l1" else None], False
        return list(asked), True

    def _scoring(self) -> Any:
        if isinstance(self.scoring, str) and self.scoring == "warn":
            warnings.warn(
                "The default of scoring changes from accuracy to 'neg_log_loss' in scikit-learn 1.11; give one.",
                FutureWarning,
                stacklevel=3,
            )
            return None
        return self.scoring

    def _legacy(self) -> bool:
        asked = getattr(self, "use_legacy_attributes", True)
        if asked == "warn":
            warnings.warn(
                "Fitted attributes become simpler in scikit-learn 1.10; use_legacy_attributes=False has them now, "
                "True keeps the old ones.",
                FutureWarning,
                stacklevel=3,
            )
            return True
        return bool(asked)

    def _routed(self, sample_weight: Any, params: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        if routing_enabled():
            routed = process_routing(self, "fit", sample_weight=sample_weight, **params)
            return dict(routed.splitter.split), dict(routed.scorer.score)
        return {}, {} if sample_weight is None else {"sample_weight": sample_weight}

    def _class_weight(self, y: np.ndarray, sample_weight: Any) -> Any:
        if isinstance(self.class_weight, dict) and not set(self.class_weight) <= set(self.classes_):
            raise ValueError(
                f"class_weight has keys {list(self.class_weight)}, but the classes are {list(self.classes_)}."
            )
        if self.class_weight != "balanced":
            return self.class_weight
        by_class = compute_class_weight("balanced", classes=self.classes_, y=y, sample_weight=sample_weight)
        return dict(zip(self.classes_, by_class, strict=True))

    # --- scores and the choice ---------------------------------------------------------------------

    def _score_folds(self, X, y, folds, coefs, scoring, weights, params) -> np.ndarray:  # type: ignore[no-untyped-def]
        """Scores (folds, Cs, ratios) of every fold's held-out rows."""
        model = LogisticRegression()
        model.classes_ = self.classes_
        scorer = None if scoring is None else _with_labels(get_scorer(scoring), self.classes_)
        scores = np.empty(coefs.shape[:3])
        for k, (_, test) in enumerate(folds):
            inside, outside = X[test], y[test]
            own = {} if scorer is None else _check_method_params(X=X, params=params, indices=test)
            w = None if weights is None else weights[test]
            for at in np.ndindex(coefs.shape[1:3]):
                model.coef_ = coefs[(k, *at)][:, : X.shape[1]]
                model.intercept_ = coefs[(k, *at)][:, -1] if self.fit_intercept else np.zeros(coefs.shape[3])
                if scorer is None:
                    scores[(k, *at)] = model.score(inside, outside, sample_weight=w)
                else:
                    scores[(k, *at)] = scorer(model, inside, outside, **own)
        return scores

    def _choose(self, problem, penalties, ratios, costs, coefs, scores) -> None:  # type: ignore[no-untyped-def]
        p = problem.p
        if self.refit:
            total = scores.sum(axis=0)
            at = np.unravel_index(int(np.argmax(total)), total.shape)
            every = np.arange(problem.n)
            path = fit_folds(
                problem,
                [penalties[at[1]]],
                [every],
                [costs[at[0]]],
                newton_tol(problem.loss.name, self.tol),
                self.n_jobs,
            )
            w = with_intercepts(path, self.fit_intercept)[0, 0, 0]
            cost, ratio = self.Cs_[at[0]], ratios[at[1]]
        else:
            flat = np.argmax(scores.reshape(len(scores), -1), axis=1)
            rows, cols = np.unravel_index(flat, scores.shape[1:])
            w = np.mean([coefs[k, i, j] for k, (i, j) in enumerate(zip(rows, cols, strict=True))], axis=0)
            cost = np.mean(self.Cs_[rows])
            mixed = len(set(ratios)) > 1 or (ratios[0] is not None and 0 < ratios[0] < 1)
            ratio = np.mean(np.asarray(ratios)[cols]) if mixed else 0.0
        self.C_, self.l1_ratio_ = np.asarray([cost] * len(w)), np.asarray([ratio] * len(w))
        self.coef_ = w[:, :p].copy()
        self.intercept_ = w[:, -1].copy() if self.fit_intercept else np.zeros(len(w))

    def _keep(self, ratios, given, coefs, scores, legacy) -> None:  # type: ignore[no-untyped-def]
        """Store paths and scores in scikit-learn's old or new shapes."""
        model: Any = self  # whose attributes scikit-learn gives one type, though they have two
        ones = np.ones(scores.shape, dtype=np.int32)
        self.l1_ratios_ = np.asarray(ratios if given else [None])
        if legacy:
            labels = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
            cut = (slice(None),) * 2 + ((slice(None),) if given else (0,))
            self.coefs_paths_ = {label: coefs[..., k, :][cut] for k, label in enumerate(labels)}
            self.scores_ = {label: scores[cut].copy() for label in labels}
            self.n_iter_ = ones[cut][None]
            return
        self.C_ = float(model.C_[0])
        self.l1_ratio_ = float(model.l1_ratio_[0] or 0.0)
        # (folds, ratios, Cs, classes, p + 1)
        self.coefs_paths_ = np.swapaxes(coefs, 1, 2)
        self.scores_ = np.swapaxes(scores, 1, 2)
        self.n_iter_ = np.swapaxes(ones, 1, 2)


def with_intercepts(paths: list[Any], fit_intercept: bool) -> np.ndarray:
    """Return (folds, Cs, ratios, K, p + 1) coefficients, the intercept last where there is one; K is 1 of 2 classes."""
    rows = []
    for fold in paths:
        columns = []
        for path in fold:
            coefs, levels = path if isinstance(path, tuple) else (path.coefs, path.intercepts)
            coefs = coefs.reshape(len(coefs), -1, coefs.shape[-1])
            levels = centred(np.reshape(levels, (len(coefs), -1)), coefs.shape[1] > 1)[:, :, None]
            columns.append(np.concatenate([coefs, levels], axis=2) if fit_intercept else coefs)
        rows.append(np.stack(columns, axis=1))
    return np.stack(rows)


def _with_labels(scorer: Any, classes: np.ndarray) -> Any:
    """Tell a scorer the classes, which a fold may lack."""
    if not hasattr(scorer, "_score_func"):
        return scorer
    takes = inspect.signature(scorer._score_func).parameters
    if "labels" not in takes:
        return scorer
    positive = {"pos_label": classes[-1]} if "pos_label" in takes else {}
    return make_scorer(
        scorer._score_func,
        greater_is_better=scorer._sign == 1,
        response_method=scorer._response_method,
        labels=classes,
        **positive,
        **getattr(scorer, "_kwargs", {}),
    )
