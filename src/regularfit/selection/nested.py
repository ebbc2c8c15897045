"""Nested cross-validation in lockstep: the tuned procedure is scored, and every fit it needs is a lane.

A lane is named by the folds it does not see. With K folds there are K singles, K(K-1)/2 pairs and
K(K-1)(K-2)/6 triples, and every fit of nested cross-validation is one of them: the model of outer fold k is
the single {k} at the strength that the pairs {k, j} choose; the model of the inner fold j within k is the
pair {k, j} at the strength that the triples {k, j, l} choose. Nothing is fitted twice, all candidates share the
lanes, and lanes that only serve to choose are fitted where the choice can fall (``nested_lanes.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .._typing import Indices, Vector
from .nested_lanes import NestedCurves
from .nested_plan import NestedPlan
from .nested_spans import Span
from .nested_statistics import FoldErrors, fold_level_variance, variance_of_mean
from .one_se import fold_mean, index_one_se
from .row_errors import row_errors
from .splitters import Fold, fold_weights

__all__ = ["Procedure", "run_procedure"]


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

    at_k = _tune(
        [_contexts(c.pairs, others) for c in rivals],
        [c.span for c in rivals],
        weights[others],
        plan.select,
    )
    at_pair = _tune(
        [c.triples.transpose(1, 0, 2) for c in rivals],
        [c.span for c in rivals],
        weights[rest],
        plan.select,
    )
    whole = [(0, len(c.singles)) for c in rivals]
    at_all = _tune([c.singles[None] for c in rivals], whole, weights[None], plan.select)

    outer = _pick([c.singles for c in rivals], *at_k, fold)
    inner_choice = tuple(part[pair_of] for part in at_pair)
    inner = _pick([c.pairs for c in rivals], *inner_choice, fold[:, None], fold)
    candidate, index = int(at_all[0][0]), int(at_all[1][0])
    tuned = float(fold_mean(rivals[candidate].singles[index], weights))
    variances = _variances(plan, rivals, folds, at_k, outer, weights)
    names = np.array(list(chosen), dtype=np.intp)
    errors = FoldErrors(outer, inner, *variances, weights)
    return Procedure(errors, names[at_k[0]], at_k[1], int(names[candidate]), index, tuned)


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


def _tune(
    curves: Sequence[Vector], spans: Sequence[Span], weights: Vector, select: str
) -> tuple[Indices, Indices]:
    """Choose a candidate and a strength in every context at once.

    ``curves``: per candidate (contexts, L, folds), known on its span; ``weights``: (contexts, folds). The rules are
    those of :func:`~regularfit.selection.choose`.
    """
    curves = [curve[:, slice(*span)] for curve, span in zip(curves, spans, strict=True)]
    means = [fold_mean(curve, weights[:, None, :]) for curve in curves]
    winner = np.argmin([mean.min(axis=1) for mean in means], axis=0)
    if select == "1se":
        indices = [index_one_se(curve, weights) for curve in curves]
    else:
        indices = [np.argmin(mean, axis=1) for mean in means]
    indices = [start + index for (start, _), index in zip(spans, indices, strict=True)]
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
