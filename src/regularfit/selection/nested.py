"""Nested cross-validation in lockstep: the tuned procedure is scored, and every fit it needs is a lane.

A lane is named by the folds it does not see. With K folds there are K singles, K(K-1)/2 pairs and
K(K-1)(K-2)/6 triples, and every fit of nested cross-validation is one of them: the model of outer fold k is
the single {k} at the strength that the pairs {k, j} choose; the model of the inner fold j within k is the
pair {k, j} at the strength that the triples {k, j, l} choose. Nothing is fitted twice, and all candidates
share the lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .._typing import Indices, Mask, Vector
from ..errors import FitError, InputError
from ..lockstep import Lane, LaneResult, Problem, fit_lanes
from ..lockstep.result import Score
from ..penalties import Penalty
from .nested_statistics import FoldErrors, fold_level_variance, variance_of_mean
from .one_se import fold_mean, index_one_se
from .row_errors import row_errors
from .splitters import Fold, fold_weights

__all__ = ["NestedCurves", "NestedPlan", "Procedure", "fit_nested", "run_procedure"]


@dataclass(frozen=True, eq=False)
class NestedPlan:
    """What an estimator would tune, so that it can be tuned within every set of folds.

    Parameters
    ----------
    problem : the checked data.
    penalties : the candidates.
    grids : one decreasing grid (L,) a candidate; the same in every fold, as in glmnet.
    select : ``"min"`` or ``"1se"``.
    tol, threads, score : as for :func:`~regularfit.lockstep.fit_lanes`.
    score_name : what the score is; None for the loss's own.
    greater_is_better : whether larger values of ``score`` are better.
    groups : (n,) labels of rows that belong together, or None.
    """

    problem: Problem
    penalties: Sequence[Penalty]
    grids: Sequence[Vector]
    select: str = "min"
    tol: float = 1e-7
    threads: int | None = None
    score: Score | None = None
    score_name: str | None = None
    greater_is_better: bool = False
    groups: Vector | None = None

    def __post_init__(self) -> None:
        """Refuse rules that do not choose by folds."""
        if self.select not in ("min", "1se"):
            raise InputError(
                f'select={self.select!r} does not choose by folds; a NestedPlan takes "min" or "1se".'
            )
        if not len(self.penalties) or len(self.penalties) != len(self.grids):
            raise InputError(
                f"{len(self.penalties)} penalties but {len(self.grids)} grids; give one grid each."
            )


@dataclass(frozen=True, eq=False)
class NestedCurves:
    """Losses of one candidate on every lane of one partition; smaller is better.

    Parameters
    ----------
    singles : (L, K) on fold k, fitted without k.
    pairs : (L, K, K) entry (k, j): on fold j, fitted without k and j; nan on the diagonal.
    triples : (L, P, K - 2) for every pair {a, b} of folds: on each third fold c, fitted without a, b and c.
    outer : per fold the lane fitted without it, with its path.
    """

    singles: Vector
    pairs: Vector
    triples: Vector
    outer: Sequence[LaneResult]


@dataclass(frozen=True, eq=False)
class Procedure:
    """The tuned procedure run on one partition.

    Parameters
    ----------
    errors : its fold errors.
    candidates, indices : (K,) what it chose without each fold: the candidate, and the index in that one's
        grid.
    candidate, index : what it chooses on all rows.
    tuned : the cross-validated loss of that choice: the number that tuning itself reports.
    """

    errors: FoldErrors
    candidates: Indices
    indices: Indices
    candidate: int
    index: int
    tuned: float


def fit_nested(plan: NestedPlan, folds: Sequence[Fold]) -> list[NestedCurves]:
    """Return the curves of every candidate over one partition, all lanes fitted in one call.

    Parameters
    ----------
    folds : K >= 4 folds that partition the rows.

    Raises
    ------
    InputError
        For fewer than 4 folds: a triple would leave nothing to train on.
    FitError
        When a lane gives no finite score.
    """
    K = len(folds)
    if K < 4:
        raise InputError(f"An honest score of a tuned model needs at least 4 folds; {K} were given.")
    tests = [test for _, test in folds]
    sets = [excluded for size in (1, 2, 3) for excluded in combinations(range(K), size)]
    lanes = [_lane(tests, excluded, plan.problem.n) for excluded in sets]
    found = fit_lanes(
        plan.problem, plan.penalties, plan.grids, lanes, tol=plan.tol, threads=plan.threads, score=plan.score
    )
    return [_curves(results, sets, K, plan.greater_is_better) for results in found]


def run_procedure(
    plan: NestedPlan, curves: Sequence[NestedCurves], folds: Sequence[Fold], only: int | None = None
) -> Procedure:
    """Return the tuned procedure run on one partition, among all candidates or with one alone.

    Parameters
    ----------
    curves : from :func:`fit_nested`.
    only : index of the one candidate to tune; None lets all compete.
    """
    K, weights = len(folds), fold_weights(list(folds), plan.problem.sample_weight)
    chosen = range(len(curves)) if only is None else [only]
    rivals = [curves[c] for c in chosen]
    others, rest, pair_of = _index_sets(K)
    fold = np.arange(K)

    at_k = _tune([_contexts(c.pairs, others) for c in rivals], weights[others], plan.select)
    at_pair = _tune([c.triples.transpose(1, 0, 2) for c in rivals], weights[rest], plan.select)
    at_all = _tune([c.singles[None] for c in rivals], weights[None], plan.select)

    outer = _pick([c.singles for c in rivals], *at_k, fold)
    inner_choice = tuple(part[pair_of] for part in at_pair)
    inner = _pick([c.pairs for c in rivals], *inner_choice, fold[:, None], fold)
    candidate, index = int(at_all[0][0]), int(at_all[1][0])
    tuned = float(fold_mean(rivals[candidate].singles[index], weights))
    variances = _variances(plan, rivals, folds, at_k, outer, weights)
    names = np.array(list(chosen), dtype=np.intp)
    errors = FoldErrors(outer, inner, *variances, weights)
    return Procedure(errors, names[at_k[0]], at_k[1], int(names[candidate]), index, tuned)


# ---------------------------------------------------------------- lanes


def _lane(tests: Sequence[Indices], excluded: tuple[int, ...], n: int) -> Lane:
    seen = np.ones(n, dtype=bool)
    for k in excluded:
        seen[tests[k]] = False
    # Only the outer models' errors are needed row by row, so only their coefficients are kept.
    return Lane(np.flatnonzero(seen), tuple(tests[k] for k in excluded), keep=len(excluded) == 1)


def _curves(
    results: Sequence[LaneResult], sets: Sequence[tuple[int, ...]], K: int, greater_is_better: bool
) -> NestedCurves:
    L = len(results[0].scores)
    singles, pairs = np.empty((L, K)), np.full((L, K, K), np.nan)
    triples = np.full((L, K, K, K), np.nan)
    for excluded, result in zip(sets, results, strict=True):
        scores = _complete(result.scores)
        scores = -scores if greater_is_better else scores
        for position, fold in enumerate(excluded):
            rest = excluded[:position] + excluded[position + 1 :]
            if not rest:
                singles[:, fold] = scores[:, position]
            elif len(rest) == 1:
                pairs[:, rest[0], fold] = scores[:, position]
            else:
                triples[:, rest[0], rest[1], fold] = scores[:, position]
    flat = [triples[:, a, b, [c for c in range(K) if c not in (a, b)]] for a, b in combinations(range(K), 2)]
    return NestedCurves(singles, pairs, np.stack(flat, axis=1), results[:K])


def _complete(scores: Vector) -> Vector:
    """Scores with a path's early end filled by its last value: a saturated fit hardly changes any more."""
    missing: Mask = np.logical_not(np.isfinite(scores.sum(axis=1)))
    if missing.any():
        last = int(np.argmax(missing)) - 1
        if last < 0 or not missing[last + 1 :].all():
            raise FitError(
                "A fit of the nested cross-validation has no finite score on a held-out fold. Use fewer or "
                "stratified "
                "folds if the score needs both classes there; else raise the smallest strength (min_ratio)."
            )
        scores = np.where(missing[:, None], scores[last], scores)
    return scores


# ---------------------------------------------------------------- tuning


def _index_sets(K: int) -> tuple[Indices, Indices, Indices]:
    """The others of every fold (K, K-1), the rest of every pair (P, K-2), and which pair (k, j) is (K, K)."""
    everyone = range(K)
    others = np.array([[j for j in everyone if j != k] for k in everyone], dtype=np.intp)
    pairs = list(combinations(everyone, 2))
    rest = np.array([[c for c in everyone if c not in pair] for pair in pairs], dtype=np.intp)
    pair_of = np.zeros((K, K), dtype=np.intp)
    for number, (a, b) in enumerate(pairs):
        pair_of[a, b] = pair_of[b, a] = number
    return others, rest, pair_of


def _contexts(pairs: Vector, others: Indices) -> Vector:
    """The curves (K, L, K-1) that tune each outer fold."""
    k = np.arange(len(others))[:, None]
    return pairs[:, k, others].transpose(1, 0, 2)


def _tune(curves: Sequence[Vector], weights: Vector, select: str) -> tuple[Indices, Indices]:
    """Choose a candidate and a strength in every context at once.

    ``curves``: per candidate (contexts, L, folds); ``weights``: (contexts, folds). The rules are those of
    :func:`~regularfit.selection.choose`.
    """
    means = [fold_mean(curve, weights[:, None, :]) for curve in curves]
    winner = np.argmin([mean.min(axis=1) for mean in means], axis=0)
    if select == "1se":
        indices = [index_one_se(curve, weights) for curve in curves]
    else:
        indices = [np.argmin(mean, axis=1) for mean in means]
    return winner, np.stack(indices)[winner, np.arange(len(winner))]


def _pick(curves: Sequence[Vector], winner: Indices, index: Indices, *where: Indices) -> Vector:
    """Read each context's loss at its own choice; the diagonal of pairs stays nan."""
    found = np.full(np.broadcast(winner, *where).shape, np.nan)
    for number, curve in enumerate(curves):
        at = np.minimum(index, len(curve) - 1)  # of another candidate's longer grid; np.where drops it again
        found = np.where(winner == number, curve[(at, *where)], found)
    return found


# ---------------------------------------------------------------- noise of the outer errors


def _variances(
    plan: NestedPlan,
    rivals: Sequence[NestedCurves],
    folds: Sequence[Fold],
    choice: tuple[Indices, Indices],
    outer: Vector,
    weights: Vector,
) -> tuple[Vector, float]:
    """The variance of every outer error and of their mean: from rows, or from folds where only they score."""
    if plan.score is not None:
        return fold_level_variance(outer, weights)
    results = [rivals[int(choice[0][k])].outer[k] for k in range(len(folds))]
    w, groups = plan.problem.sample_weight, plan.groups
    errors = row_errors(plan.problem, folds, results, choice[1].tolist())
    within = [
        variance_of_mean(errors[rows], w[rows], None if groups is None else groups[rows]) for _, rows in folds
    ]
    return np.array(within), variance_of_mean(errors, w, groups)
