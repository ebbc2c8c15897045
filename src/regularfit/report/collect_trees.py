"""Models of trees join the facts: their own, and every difference against the best of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regularfit.report.compete import honest_facts, selected, simplest
from regularfit.report.data import ReportData
from regularfit.report.tree_facts import TreeCandidateFacts, TreeCurve, TreesFacts
from regularfit.selection import CVResult, fold_mean, fold_se

__all__ = ["TreeResult", "add_trees"]

_MOST_POINTS = 160  # of a curve that is kept; a picture shows no more
_MOST_FOLDS = 30


@dataclass(frozen=True, eq=False)
class TreeResult:
    """A fitted model of trees, as far as a report wants to know.

    Parameters
    ----------
    name, size : in words ("Shrunk tree", "strength 24").
    cv : its held-out errors on the same folds and in the same unit as those of the linear candidates.
    knob, values : what varies along ``cv`` and (L,) of it.
    at : the position in ``cv`` that was selected.
    train_error : on the training rows.
    kept : columns that any split uses.
    reason : why this size.
    honest : its :class:`~regularfit.selection.HonestScore` alone, or None.
    one_se : the position within one standard error, where the model's own rule knows better than ``cv``.
    whole : held-out error of the whole forest that trees are left out of, or None.
    """

    name: str
    size: str
    cv: CVResult
    knob: str
    values: np.ndarray
    at: int
    train_error: float
    kept: int
    reason: str
    honest: Any = None
    one_se: int | None = None
    whole: float | None = None


def add_trees(
    data: ReportData, estimator: Any, results: Sequence[TreeResult], honest: Any = None, level: float = 0.9
) -> ReportData:
    """Return the facts with models of trees among the candidates.

    The candidate with the lowest error at its own best point wins, as among penalties; of equals a linear one.

    Parameters
    ----------
    data : the facts of the linear candidates, from :func:`~regularfit.report.collect.collect`.
    estimator : the linear estimator, tuned on the same folds.
    results : of the trees.
    honest : the score of the choice among all candidates, or None.
    level : of the honest intervals.
    """
    at = selected(estimator)
    linear = [cv.folds[i] for cv, i in zip(estimator.cvs_, at, strict=True)]
    trees = [result.cv.folds[result.at] for result in results]
    weights = estimator.cvs_[0].weights
    base = min([*linear, *trees], key=lambda folds: float(fold_mean(folds, weights)))
    k = int(np.argmin([lowest(result.cv) for result in results]))
    won = lowest(results[k].cv) < min(lowest(cv) for cv in estimator.cvs_)
    candidates = tuple(
        replace(c, difference=d, difference_se=se)
        for c, (d, se) in zip(
            data.candidates, (_apart(folds, base, weights) for folds in linear), strict=True
        )
    )
    facts = tuple(
        _facts(result, _apart(f, base, weights), level) for result, f in zip(results, trees, strict=True)
    )
    return replace(
        data,
        candidates=candidates,
        trees=TreesFacts(facts, k if won else None),
        simplest=simplest(estimator, data.chosen, base) if won else data.simplest,
        honest=None
        if honest is None
        else honest_facts(honest, level, "choice among linear candidates and trees"),
    )


def lowest(cv: CVResult) -> float:
    """Return the lowest mean error along the curve."""
    return float(cv.mean[cv.index_min])


def _apart(folds: np.ndarray, base: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    return float(fold_mean(folds - base, weights)), float(fold_se(folds - base, weights))


def _facts(result: TreeResult, apart: tuple[float, float], level: float) -> TreeCandidateFacts:
    error, train = float(result.cv.mean[result.at]), result.train_error
    return TreeCandidateFacts(
        name=result.name,
        size=result.size,
        error=error,
        se=float(result.cv.se[result.at]),
        difference=apart[0],
        difference_se=apart[1],
        train_error=train,
        gap=(error - train) / train if train > 0 else float("nan"),
        kept=result.kept,
        honest=None if result.honest is None else honest_facts(result.honest, level),
        curve=_curve(result),
        reason=result.reason,
    )


def _curve(result: TreeResult) -> TreeCurve:
    """The curve, thinned where it is long; both choices stay."""
    cv = result.cv
    best, one_se = cv.index_min, cv.index_1se if result.one_se is None else result.one_se
    shown = _by_number if result.knob == "trees" else _thinned
    kept, best_at, one_se_at = shown(result, best, one_se)
    return TreeCurve(
        knob=result.knob,
        values=tuple(result.values[kept].tolist()),
        mean=tuple(cv.mean[kept].tolist()),
        se=tuple(cv.se[kept].tolist()),
        folds=tuple(tuple(fold.tolist()) for fold in cv.folds[kept].T[:_MOST_FOLDS]),
        best=best_at,
        one_se=one_se_at,
        n_folds=int(cv.folds.shape[1]),
        whole=result.whole,
    )


def _thinned(result: TreeResult, best: int, one_se: int) -> tuple[np.ndarray, int, int]:
    """Evenly on the log scale; the ends stay."""
    kept = np.arange(len(result.values))
    if len(kept) > _MOST_POINTS:
        some = np.geomspace(1, len(kept), _MOST_POINTS).round().astype(np.intp) - 1
        kept = np.unique([*some, best, one_se])
    return kept, int(np.searchsorted(kept, best)), int(np.searchsorted(kept, one_se))


def _by_number(result: TreeResult, best: int, one_se: int) -> tuple[np.ndarray, int, int]:
    """One point for each number of trees: many strengths keep as many, and the best of them stands for it.

    No tree at all is not on the logarithmic axis; it stays only where it was chosen.
    """
    at = {int(count): 0 for count in np.unique(result.values)}
    for count in at:
        those = np.flatnonzero(result.values == count)
        at[count] = int(those[np.argmin(result.cv.mean[those])])
    places = {int(result.values[i]): i for i in (one_se, best)}  # the best, where both keep as many
    at |= places
    counts = [count for count in at if count or count in places]
    return (
        np.array([at[count] for count in counts]),
        counts.index(int(result.values[best])),
        counts.index(int(result.values[one_se])),
    )
