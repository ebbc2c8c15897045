"""Several targets under a penalty that is a sum over them: each is a fit of its own, and all share what X says.

With many rows the Gram matrices of all folds are made in one pass for all targets; a target only adds its own products
with the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from ..._typing import Vector
from ...losses import Squared
from ...penalties import Penalty
from ..atoms import Pass
from ..certificate import judge
from ..path import Path
from ..problem import Lane, Problem
from ..result import LaneResult, Score, held_out, make_path
from ..shared import Shared

__all__ = ["fit_targets", "one_target", "pass_of"]


def one_target(problem: Problem, k: int) -> Problem:
    """Return the problem of one target."""
    y, offset = np.ascontiguousarray(problem.y[:, k]), np.ascontiguousarray(problem.offset[:, k])
    return replace(problem, y=y, offset=offset, loss=Squared(), saturation=np.inf)


def fit_targets(
    problem: Problem,
    penalties: Sequence[Penalty],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
    fit_lanes: Any,
    *,
    score: Score | None,
    seen: Pass | None,
    settings: dict[str, Any],
) -> list[list[LaneResult]]:
    """Fit every target on every lane, and put the targets side by side."""
    K = problem.y.shape[1]
    own = [one_target(problem, k) for k in range(K)]
    shared = [_knowing(target, seen, k) for k, target in enumerate(own)]
    asked = [replace(lane, keep=True) for lane in lanes] if score is not None else lanes
    by_target = [
        fit_lanes(target, penalties, grids, asked, shared=share, **settings)
        for target, share in zip(own, shared, strict=True)
    ]
    return [
        [
            _together(problem, [by_target[k][c][f] for k in range(K)], lane, grids[c], score, settings["tol"])
            for f, lane in enumerate(lanes)
        ]
        for c in range(len(penalties))
    ]


def _knowing(target: Problem, seen: Pass | None, k: int) -> Shared:
    """What one pass over X for all targets tells a target, in the engine's units of that target."""
    shared = Shared(target)
    if seen is None:
        return shared
    own, p, y = pass_of(seen, target.p, k), target.p, shared.units_of().y
    own.grams[:, p, :] /= y
    own.grams[:, :, p] /= y
    own.centre[p] /= y
    shared.seen = own
    return shared


def pass_of(seen: Pass, p: int, k: int) -> Pass:
    """Return what a pass over X for all targets says of one of them."""
    keep = [*range(p), p + k, seen.grams.shape[1] - 1]
    grams = seen.grams[:, keep][:, :, keep]
    return Pass(seen.label, seen.used, np.append(seen.centre[:p], seen.centre[p + k]), grams)


def _together(
    problem: Problem, parts: Sequence[LaneResult], lane: Lane, grid: Vector, score: Score | None, tol: float
) -> LaneResult:
    """One result for all targets: gaps of sums are at most the largest gap of the parts."""
    gaps = np.max([part.gaps for part in parts], axis=0)
    kkt = np.max([part.kkt for part in parts], axis=0)
    scores = np.mean([part.scores for part in parts], axis=0)
    path = _path(problem, [part.path for part in parts], lane, gaps, kkt, tol) if lane.keep else None
    if score is not None:
        scores = _scored(problem, [part.path for part in parts], lane, len(grid), score)
    return LaneResult(path, scores, gaps, kkt, judge(gaps, kkt, tol))


def _path(
    problem: Problem, paths: Sequence[Path | None], lane: Lane, gaps: Vector, kkt: Vector, tol: float
) -> Path:
    own = [path for path in paths if path is not None]
    L = min(len(path) for path in own)
    weights = lane.weights(problem)
    residual = problem.y - problem.offset
    middle = weights @ residual if problem.fit_intercept else np.zeros(len(own))
    null = weights @ (residual - middle) ** 2
    share = null / null.sum() if null.sum() > 0 else np.full(len(own), 1.0 / len(own))
    ratio = np.array([path.deviance_ratio[:L] for path in own]).T @ share
    df = np.sum([path.df[:L] for path in own], axis=0)
    coefs = sparse.hstack([path.sparse_coefs[:L] for path in own], format="csr")
    levels = np.column_stack([path.intercepts[:L] for path in own])
    ended = next((path.ended for path in own if path.ended is not None), None)
    return make_path(problem, own[0].strengths[:L], coefs, levels, ratio, df, gaps[:L], kkt[:L], tol, ended)


def _scored(
    problem: Problem, paths: Sequence[Path | None], lane: Lane, count: int, score: Score
) -> np.ndarray:
    """A user's score of the held-out rows, which sees all targets at once."""
    out = np.full((count, len(lane.tests)), np.nan)
    own = [path for path in paths if path is not None]
    L = min(len(path) for path in own)
    for group, rows in enumerate(lane.tests):
        etas = [problem.design.rows_times(rows, path.coefs[:L].T) + path.intercepts[:L] for path in own]
        eta = np.stack(etas, axis=-1) + problem.offset[rows][:, None, :]
        out[:L, group] = held_out(problem, rows, eta, score)
    return out
