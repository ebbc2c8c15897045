r"""Logistic ridge on many sparse columns, as two classes of the multinomial loss at twice the strength.

With coefficients b / 2 and -b / 2 the loss is the logistic one at b, and ``2 s`` times the penalty of both is
``s |b|^2 / 2``: the same objective, gap and path. The road of several predictors that never forms a Hessian so
serves one as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..designs import SparseColumns
from ..losses import Logistic, Multinomial
from ..penalties.coordinates import Coordinates
from .partial import keeping
from .path import Path
from .problem import Lane, Problem
from .result import LaneResult, Score, make_path
from .several.entry import fit_several
from .work import Work

__all__ = ["fit_two_classes", "suits_two_classes"]

MANY = 500  # columns; of fewer the Hessian is formed


def suits_two_classes(problem: Problem, normal: Coordinates, lanes: Sequence[Lane]) -> bool:
    """Whether every column of a sparse X is under a ridge alone, or free, and every lane has seen both classes."""
    if not isinstance(problem.loss, Logistic) or not isinstance(problem.design, SparseColumns):
        return False
    used = np.isfinite(normal.l1)
    ridge = bool((normal.l1[used] == 0).all()) and int((normal.l2[used] > 0).sum()) > MANY
    open_ended = bool(np.isinf(normal.lower).all() and np.isinf(normal.upper).all())
    return ridge and open_ended and all(_both(problem, lane) for lane in lanes)


def _both(problem: Problem, lane: Lane) -> bool:
    """Whether a lane learns from both classes: no finite intercept is best for one."""
    share = float(lane.weights(problem) @ problem.y)
    return 0 < share < 1


def fit_two_classes(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane."""
    problem = work.problem
    both = replace(
        problem,
        y=np.column_stack([1.0 - problem.y, problem.y]),
        offset=np.column_stack([np.zeros(problem.n), problem.offset]),
        loss=Multinomial(),
    )
    grids = [2.0 * grid for grid in work.grids]
    inside = replace(work, problem=both, grids=grids, score=_score(problem, work.score))

    def outside(found: list[list[LaneResult | None]]) -> list[list[LaneResult | None]]:
        return [[None if one is None else _single(problem, one, work.tol) for one in row] for row in found]

    nothing: list[list[LaneResult | None]] = [[None] * len(work.lanes) for _ in work.penalties]
    with keeping(lambda inner: outside(inner or nothing)):
        return [[_single(problem, one, work.tol) for one in row] for row in fit_several(inside)]


def _score(problem: Problem, score: Score | None) -> Score:
    """The score of one predictor, asked with two."""

    def told(y: np.ndarray, eta: np.ndarray, weights: np.ndarray) -> float:
        target, one = y[:, 1], eta[:, 1] - eta[:, 0]
        if score is not None:
            return score(target, one, weights)
        return float(weights @ problem.loss.score(target, one) / weights.sum()) if weights.any() else np.nan

    return told


def _single(problem: Problem, found: LaneResult, tol: float) -> LaneResult:
    """One predictor, the difference of the two; a violation is a share of half the strength."""
    path = None if found.path is None else _path(problem, found.path, tol)
    return replace(found, path=path, kkt=2.0 * found.kkt)


def _path(problem: Problem, path: Path, tol: float) -> Path:
    coefs, levels = path.sparse_coefs, path.intercepts
    return make_path(
        problem,
        path.strengths / 2.0,
        (coefs[:, problem.p :] - coefs[:, : problem.p]).tocsr(),
        levels[:, 1] - levels[:, 0],
        path.deviance_ratio,
        path.df,
        path.gaps,
        2.0 * path.kkt,
        tol,
        path.ended,
    )
