"""From a fitted estimator, its honest score and the facts about its table to the facts of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regularfit.designs import as_design
from regularfit.errors import InputError, UnsupportedError
from regularfit.inputs.table import read_table
from regularfit.report.collect_classes import by_class, check_outputs, spread_path
from regularfit.report.compete import candidate_facts, honest_facts, penalty_name, selected, simplest
from regularfit.report.data import (
    MOST_COLUMNS,
    Choice,
    Coefficient,
    ColumnPath,
    PathFacts,
    ReportData,
    RunFacts,
    TableFacts,
    TargetFacts,
)
from regularfit.report.target import null_errors

__all__ = ["collect"]

_REASONS = {
    "min": "lowest held-out error",
    "1se": "strongest penalty within one standard error of the lowest error",
    "loo": "lowest leave-one-out error",
}


def collect(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    table: TableFacts,
    target: TargetFacts,
    run: RunFacts,
    honest: Any = None,
    names: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    sample_weight: Any = None,
    offset: Any = None,
    level: float = 0.9,
) -> ReportData:
    """Return the facts of a report.

    Parameters
    ----------
    estimator : a fitted :class:`~regularfit.PenalizedRegressor` or :class:`~regularfit.PenalizedClassifier`.
    X : the (n, p) table it was fitted on.
    y : (n,) its target as numbers; for a classifier the number of each row's class, from 0.
    table, target, run : facts that the estimator cannot know; see :func:`~regularfit.report.target.target_facts`.
    honest : the :class:`~regularfit.selection.HonestScore` of this estimator, or None.
    names : what to call the candidates, instead of names made from the penalties.
    columns : names of the columns, instead of the estimator's own.
    sample_weight, offset : (n,) as in ``fit``; with more than two classes the offset is (n, K).
    level : of the honest intervals, 0 < level < 1.

    Raises
    ------
    UnsupportedError
        Where the estimator was tuned by a score of its own instead of the error of its loss, or has several
        targets.
    InputError
        For names that do not fit.
    """
    _check_error(estimator)
    check_outputs(estimator.path_, target)
    y = np.asarray(y, dtype=np.float64)
    weights = np.ones_like(y) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    weights = weights / weights.sum()
    called = _candidate_names(estimator, names)
    null = float(weights @ null_errors(estimator.path_.loss, y, weights, offset, estimator.fit_intercept))
    candidates = candidate_facts(estimator, called, null, honest, level)
    chosen = _chosen(estimator, candidates)
    deviation = as_design(read_table(X).values).moments(weights[None, :])[1][0]
    labels = _column_names(estimator, columns)
    path = estimator.path_
    at = int(np.argmin(abs(path.strengths - estimator.strength_)))
    several = path.outputs is not None
    return ReportData(
        table=table,
        target=target,
        candidates=tuple(candidates),
        chosen=chosen,
        simplest=simplest(estimator, chosen),
        honest=None if honest is None else honest_facts(honest, level, _procedure(estimator)),
        path=(spread_path if several else _path)(path, at, deviation, labels),
        coefficients=() if several else _coefficients(np.ravel(estimator.coef_), deviation, labels),
        intercept=float("nan") if several else float(np.ravel(estimator.intercept_)[0]),
        run=run,
        by_class=by_class(estimator, deviation, labels) if several else None,
    )


def _check_error(estimator: Any) -> None:
    loss, cv = estimator.path_.loss, estimator.cv_
    if cv is not None and (cv.greater_is_better or cv.score_name != loss.score_name):
        raise UnsupportedError(
            f"A report compares training and held-out errors, but this estimator was tuned by {cv.score_name!r}. "
            f"Fit it with scoring=None, so that it is tuned by its {loss.score_name}."
        )


def _candidate_names(estimator: Any, names: Sequence[str] | None) -> list[str]:
    found = (
        [penalty_name(p) for p in estimator.candidates_]
        if names is None
        else [n[:1].upper() + n[1:] for n in names]
    )
    if len(found) != len(estimator.candidates_):
        raise InputError(
            f"names has {len(found)} entries, but there are {len(estimator.candidates_)} candidates; give one each."
        )
    return found


def _column_names(estimator: Any, columns: Sequence[str] | None) -> Sequence[str]:
    found = columns if columns is not None else getattr(estimator, "feature_names_in_", None)
    p = estimator.n_features_in_
    if found is None:
        return [f"x{j}" for j in range(p)]
    if len(found) != p:
        raise InputError(
            f"columns has {len(found)} names, but the estimator was fitted on {p} columns; give one each."
        )
    return [str(name) for name in found]


def _chosen(estimator: Any, candidates: Sequence[Any]) -> Choice:
    k = next(i for i, path in enumerate(estimator.paths_) if path is estimator.path_)
    reason = (
        "as given"
        if estimator.strength is not None
        else _REASONS.get(estimator.select, f"lowest {estimator.select.upper()}")
    )
    at = selected(estimator)[k]
    taken = candidates[k]
    return Choice(k, float(estimator.path_.strengths[at]), taken.error, taken.kept, reason)


def _procedure(estimator: Any) -> str:
    several, lengths = len(estimator.paths_), max(len(path) for path in estimator.paths_)
    return (
        f"choice among {several} candidate{'s' * (several > 1)} and {lengths} strength{'s' * (lengths > 1)}"
    )


def _path(path: Any, at: int, deviation: np.ndarray, labels: Sequence[str]) -> PathFacts:
    """The largest columns: first by size at the chosen strength, then by size anywhere on the path."""
    sparse = path.sparse_coefs.tocsc()
    ever = abs(sparse).max(axis=0).toarray().ravel() * deviation
    now = abs(sparse[[at]].toarray()[0]) * deviation
    order = [int(j) for j in np.lexsort((-ever, -now))[:MOST_COLUMNS] if ever[j] > 0]
    drawn = sparse[:, order].toarray() * deviation[order]
    return PathFacts(
        strengths=tuple(path.strengths.tolist()),
        columns=tuple(ColumnPath(labels[j], tuple(drawn[:, i].tolist())) for i, j in enumerate(order)),
        nonzeros=tuple(path.nonzeros.tolist()),
        total=len(labels),
    )


def _coefficients(coef: np.ndarray, deviation: np.ndarray, labels: Sequence[str]) -> tuple[Coefficient, ...]:
    size = abs(coef) * deviation
    order = [int(j) for j in np.argsort(-size, kind="stable")[:MOST_COLUMNS] if coef[j]]
    return tuple(Coefficient(labels[j], float(coef[j]), float(coef[j] * deviation[j])) for j in order)
