"""The lanes of nested cross-validation, and how far down the grid each of them has to go.

A lane is named by the folds it does not see: K singles, K(K-1)/2 pairs, K(K-1)(K-2)/6 triples. Singles are fitted
along the whole grid; pairs and triples serve to choose a strength, so they are fitted where that strength can lie
(``nested_spans.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .._typing import Mask, Vector
from ..errors import FitError, InputError
from ..lockstep import Lane, LaneResult, Shared, fit_lanes
from ..losses import Squared
from .nested_plan import NestedPlan
from .nested_spans import Contexts, Span, first_guess, hull, needed
from .splitters import Fold, fold_weights

__all__ = ["NestedCurves", "fit_nested"]


@dataclass(frozen=True, eq=False)
class NestedCurves:
    """Losses of one candidate on every lane of one partition; smaller is better.

    Parameters
    ----------
    singles : (L, K) on fold k, fitted without k.
    pairs : (L, K, K) entry (k, j): on fold j, fitted without k and j; nan on the diagonal.
    triples : (L, P, K - 2) for every pair {a, b} of folds: on each third fold c, fitted without a, b and c.
    outer : per fold the lane fitted without it, with its path.
    span : [start, stop) of the grid; pairs and triples are nan outside. It holds every strength that is chosen.
    """

    singles: Vector
    pairs: Vector
    triples: Vector
    outer: Sequence[LaneResult]
    span: Span


def fit_nested(plan: NestedPlan, folds: Sequence[Fold], whole: bool | None = None) -> list[NestedCurves]:
    """Return the curves of every candidate over one partition.

    Parameters
    ----------
    folds : K >= 4 folds that partition the rows.
    whole : fit every lane along the whole grid; None leaves out what cannot matter where that saves time (the
        squared loss with n >= p).

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
    lanes = _NestedLanes(plan, folds)
    # Elsewhere predictions of curves are too loose to leave much out, and lanes fitted together share more.
    problem = plan.problem
    fits = isinstance(problem.loss, Squared) and plan.score is None and problem.n >= problem.p
    if whole or (whole is None and not fits):
        lanes.fit((1, 2, 3))
    else:
        lanes.fit((1,))
        lanes.fit_where_needed()
    return [state.curves for state in lanes.states]


@dataclass(eq=False)
class _State:
    """The curves of one candidate as they fill."""

    singles: Vector
    pairs: Vector
    by_fold: Vector  # (L, K, K, K) entry (a, b, c), a < b: the triple {a, b, c} scored on c
    outer: Sequence[LaneResult] = ()
    span: Span | None = None  # where pairs and triples are known

    @classmethod
    def empty(cls, L: int, K: int) -> _State:
        return cls(np.full((L, K), np.nan), np.full((L, K, K), np.nan), np.full((L, K, K, K), np.nan))

    @property
    def triples(self) -> Vector:
        K = self.singles.shape[1]
        third = {(a, b): [c for c in range(K) if c not in (a, b)] for a, b in combinations(range(K), 2)}
        return np.stack([self.by_fold[:, a, b, folds] for (a, b), folds in third.items()], axis=1)

    @property
    def curves(self) -> NestedCurves:
        span = self.span or (0, len(self.singles))
        return NestedCurves(self.singles, self.pairs, self.triples, self.outer, span)


class _NestedLanes:
    """Fits lanes by how many folds they leave out, candidate by candidate only as far as asked."""

    def __init__(self, plan: NestedPlan, folds: Sequence[Fold]) -> None:
        self.plan, self.tests = plan, [test for _, test in folds]
        self.weights = fold_weights(list(folds), plan.problem.sample_weight)
        self.shared = Shared(plan.problem)
        self.states = [_State.empty(len(grid), len(folds)) for grid in plan.grids]
        self._made: dict[tuple[int, ...], Lane] = {}

    def fit(self, sizes: Sequence[int], pieces: Sequence[tuple[int, Span]] = ()) -> None:
        """Fit all lanes of these sizes, along the whole grids or on pieces of some candidates' grids."""
        plan = self.plan
        pieces = pieces or [(c, (0, len(grid))) for c, grid in enumerate(plan.grids)]
        sets = [out for size in sizes for out in combinations(range(len(self.tests)), size)]
        found = fit_lanes(
            plan.problem,
            [plan.penalties[c] for c, _ in pieces],
            [np.asarray(plan.grids[c])[slice(*piece)] for c, piece in pieces],
            [self._lane(out) for out in sets],
            tol=plan.tol,
            threads=plan.threads,
            score=plan.score,
            full_df=None,
            cut=plan.cut,
            shared=self.shared,
        )
        for (c, span), results in zip(pieces, found, strict=True):
            self._store(self.states[c], span, sets, results)

    def fit_where_needed(self) -> None:
        """Fit pairs and triples where their strength can lie, and further where what was found says so."""
        contexts, from_top = Contexts.of(self.weights), self.plan.select == "1se"
        predicted = [contexts.predicted(state.singles) for state in self.states]
        wanted = {c: first_guess(curves, from_top) for c, curves in enumerate(predicted)}
        while wanted:
            self._extend(wanted)
            wanted = {}
            for c, state in enumerate(self.states):
                if state.span is not None:
                    at = slice(*state.span)
                    found = contexts.found(state.pairs[at], state.triples[at])
                    span = needed(found, predicted[c], state.span, from_top)
                    if span != state.span:
                        wanted[c] = span

    def _extend(self, wanted: dict[int, Span]) -> None:
        """Fit the strengths of the spans that are missing, below and above those that are there."""
        have = {c: self.states[c].span or (stop, stop) for c, (_, stop) in wanted.items()}
        below = [(c, (start, have[c][0])) for c, (start, _) in wanted.items()]
        above = [(c, (have[c][1], stop)) for c, (_, stop) in wanted.items()]
        missing = [(c, (start, stop)) for c, (start, stop) in below + above if start < stop]
        if missing:
            self.fit((2, 3), missing)
        for c, span in wanted.items():
            self.states[c].span = hull(self.states[c].span or span, span)

    def _lane(self, out: tuple[int, ...]) -> Lane:
        """The same object every time, by which the engine knows what it has found out about it."""
        if out not in self._made:
            self._made[out] = self._make(out)
        return self._made[out]

    def _make(self, out: tuple[int, ...]) -> Lane:
        groups = tuple(self.tests[k] for k in out)
        seen = [rows for k, rows in enumerate(self.tests) if k not in out]
        # Only the outer models' errors are needed row by row, so only their coefficients are kept.
        return Lane(np.concatenate(seen), groups, keep=len(out) == 1, without=groups)

    def _store(
        self, state: _State, span: Span, sets: Sequence[tuple[int, ...]], results: Sequence[LaneResult]
    ) -> None:
        at = slice(*span)
        for out, result in zip(sets, results, strict=True):
            scores = _complete(result.scores)
            scores = -scores if self.plan.greater_is_better else scores
            for position, fold in enumerate(out):
                rest = out[:position] + out[position + 1 :]
                if not rest:
                    state.singles[at, fold] = scores[:, position]
                elif len(rest) == 1:
                    state.pairs[at, rest[0], fold] = scores[:, position]
                else:
                    state.by_fold[at, rest[0], rest[1], fold] = scores[:, position]
        if len(sets[0]) == 1:
            state.outer = results[: len(self.tests)]


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
