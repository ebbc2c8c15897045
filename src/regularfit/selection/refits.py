"""Nested cross-validation of any estimator: clone it, fit it on every training set, score held-out rows."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np

from .._checks import check_offset, check_weights
from .._typing import ArrayLike, Indices, Vector
from ..errors import InputError, UnsupportedError
from .nested_statistics import FoldErrors, fold_level_variance, variance_of_mean
from .splitters import Fold, fold_weights

__all__ = ["Refits", "score_by_refitting"]

SMALLEST = np.finfo(np.float64).eps  # probabilities are kept this far from 0, as in scikit-learn's log_loss


@dataclass(frozen=True, eq=False)
class Refits:
    """An estimator, its data, and how its held-out rows are scored.

    Parameters
    ----------
    estimator : unfitted; cloned for every fit.
    X, y : the data, sliced by rows.
    scorer : a scorer of scikit-learn, or None for row-wise losses.
    classifier : whether the estimator classifies.
    sample_weight : (n,) ones when none were given.
    fit_params : arrays of n entries that go to ``fit``.
    offset : (n,) or None; also goes to ``predict``.
    groups : (n,) or None.
    score_name, greater_is_better : what is scored.
    """

    estimator: Any
    X: Any
    y: Vector
    scorer: Any
    classifier: bool
    sample_weight: Vector
    fit_params: dict[str, Vector]
    offset: Vector | None
    groups: Vector | None
    score_name: str
    greater_is_better: bool

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    @classmethod
    def of(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        scoring: Any,
        sample_weight: ArrayLike | None,
        offset: ArrayLike | None,
        groups: ArrayLike | None,
    ) -> Refits:
        """Check the arguments and settle what is scored."""
        target = _target_of(estimator, y)
        n = len(target)
        classifier = bool(_sklearn("base").is_classifier(estimator))
        given = {"sample_weight": sample_weight, "offset": offset}
        params = {name: np.asarray(value) for name, value in given.items() if value is not None}
        if groups is not None and _takes(estimator.fit, "groups"):
            params["groups"] = np.asarray(groups)
        for name in params:
            if not _takes(estimator.fit, name):
                raise UnsupportedError(
                    f"{type(estimator).__name__}.fit takes no {name}; leave it out, or use an estimator "
                    "that does."
                )
        scorer = None if scoring is None else _sklearn("metrics").check_scoring(estimator, scoring=scoring)
        name, greater = _score_of(estimator, classifier, scoring)
        return cls(
            estimator,
            X,
            target,
            scorer,
            classifier,
            check_weights(sample_weight, n),
            params,
            None if offset is None else check_offset(offset, n),
            None if groups is None else np.asarray(groups),
            name,
            greater,
        )

    def fitted(self, train: Indices) -> Any:
        """Return a clone fitted on some rows."""
        params = {name: values[train] for name, values in self.fit_params.items()}
        return (
            _sklearn("base")
            .clone(self.estimator)
            .fit(_sklearn("utils")._safe_indexing(self.X, train), self.y[train], **params)
        )

    def tuned_means(self, n_jobs: int | None) -> list[float]:
        """Return the score that the estimator's own tuning reports on all rows, then its rivals'; nan where none is."""
        rivals = self.with_rivals
        if not rivals and not any(
            hasattr(self.estimator, name) for name in ("select", "param_grid", "param_distributions")
        ):
            return [float("nan")]
        model = self.fitted(np.arange(self.n))
        if rivals:
            return [float(error) for error in model._tuned_errors]
        best = getattr(model, "best_score_", None)
        return [float("nan") if best is None or self.scorer is None else float(best)]

    @property
    def with_rivals(self) -> bool:
        """Whether the estimator fits rivals of which it keeps one, so that each can be scored from the same fits."""
        return self.scorer is None and bool(getattr(self.estimator, "_has_rivals", False))


def score_by_refitting(refits: Refits, folds: Sequence[Fold], n_jobs: int | None = None) -> list[FoldErrors]:
    """Return the fold errors of the estimator over one partition, from K + K(K-1)/2 fits; then those of its rivals.

    Parameters
    ----------
    folds : K >= 3 folds that partition the rows.
    n_jobs : processes, as in joblib.
    """
    joblib = import_module("joblib")
    K = len(folds)
    if K < 3:
        raise InputError(f"An honest score needs at least 3 folds; {K} were given.")
    tests = [test for _, test in folds]
    sets = [excluded for size in (1, 2) for excluded in combinations(range(K), size)]
    found: list[list[Any]] = list(
        joblib.Parallel(n_jobs=n_jobs)(
            joblib.delayed(_fit_and_score)(refits, [tests[k] for k in out]) for out in sets
        )
    )
    return [
        _fold_errors(refits, tests, sets, [[on[i] for on in answer] for answer in found], folds)
        for i in range(len(found[0][0]))
    ]


def _fold_errors(
    refits: Refits,
    tests: Sequence[Indices],
    sets: Sequence[tuple[int, ...]],
    found: Sequence[Sequence[Any]],
    folds: Sequence[Fold],
) -> FoldErrors:
    """Of one model: for every set of folds left out, its errors on each of them."""
    K = len(folds)
    weights = fold_weights(list(folds), refits.sample_weight)
    rows = [answer[0] for answer in found[:K]]
    outer = np.array([_mean(refits, errors, test) for errors, test in zip(rows, tests, strict=True)])
    inner = np.full((K, K), np.nan)
    for (a, b), (on_a, on_b) in zip(sets[K:], found[K:], strict=True):
        inner[b, a], inner[a, b] = _mean(refits, on_a, tests[a]), _mean(refits, on_b, tests[b])
    return FoldErrors(outer, inner, *_variances(refits, rows, tests, outer, weights), weights)


def _fit_and_score(refits: Refits, tests: Sequence[Indices]) -> list[list[Any]]:
    """Of every test: the errors of the model, and of each of its rivals."""
    seen = np.ones(refits.n, dtype=bool)
    seen[np.concatenate(tests)] = False
    model = refits.fitted(np.flatnonzero(seen))
    models = [model, *(model._rivals if refits.with_rivals else ())]
    return [[_errors(refits, one, rows) for one in models] for rows in tests]


def _errors(refits: Refits, model: Any, rows: Indices) -> Any:
    """The loss of every held-out row, or minus the scorer's one number."""
    X, y, w = _sklearn("utils")._safe_indexing(refits.X, rows), refits.y[rows], refits.sample_weight[rows]
    if refits.scorer is not None:
        weighted = {"sample_weight": w} if "sample_weight" in refits.fit_params else {}
        return -float(refits.scorer(model, X, y, **weighted))
    offset = {} if refits.offset is None else {"offset": refits.offset[rows]}
    if not refits.classifier:
        squares = np.square(y - model.predict(X, **offset))
        return squares if squares.ndim == 1 else squares.mean(axis=1)  # of several targets, as in lockstep
    if not hasattr(model, "predict_proba"):
        return (model.predict(X, **offset) != y).astype(np.float64)
    chances = np.asarray(model.predict_proba(X, **offset), dtype=np.float64)
    # A class that the training rows lack has probability zero.
    mine = np.where(model.classes_[None, :] == y[:, None], chances, 0.0).sum(axis=1)
    return -np.log(np.clip(mine, SMALLEST, 1.0))


def _mean(refits: Refits, errors: Any, rows: Indices) -> float:
    return (
        errors if refits.scorer is not None else float(np.average(errors, weights=refits.sample_weight[rows]))
    )


def _variances(
    refits: Refits, rows: Sequence[Vector], tests: Sequence[Indices], outer: Vector, weights: Vector
) -> tuple[Vector, float]:
    if refits.scorer is not None:
        return fold_level_variance(outer, weights)
    errors = np.zeros(refits.n)
    within = np.zeros(len(tests))
    for k, (found, test) in enumerate(zip(rows, tests, strict=True)):
        errors[test] = found
        members = None if refits.groups is None else refits.groups[test]
        within[k] = variance_of_mean(found, refits.sample_weight[test], members)
    return within, variance_of_mean(errors, refits.sample_weight, refits.groups)


def _score_of(estimator: Any, classifier: bool, scoring: Any) -> tuple[str, bool]:
    if scoring is not None:
        return (scoring if isinstance(scoring, str) else "score"), True
    if not classifier:
        return "mean squared error", False
    return ("mean log-loss" if hasattr(estimator, "predict_proba") else "error rate"), False


def _target_of(estimator: Any, y: Any) -> np.ndarray:
    """The target as an array sliced by rows; an estimator may know better than NumPy what its columns are."""
    read = getattr(estimator, "_nested_target", np.asarray)
    return np.asarray(read(y))


def _takes(method: Any, name: str) -> bool:
    parameters = inspect.signature(method).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _sklearn(module: str) -> Any:
    """A module of scikit-learn, loaded only when it is needed: it is slow to load and carries no types."""
    return import_module(f"sklearn.{module}")
