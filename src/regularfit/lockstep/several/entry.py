"""Fits with several linear predictors: which road, and the top of the grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..._typing import Vector
from ...designs import Imputed
from ...losses import Multinomial
from ...penalties import AcrossOutputs, Penalty
from ..grid import RIDGE_TOP
from ..null import null_scores
from ..partial import one_by_one
from ..problem import Lane, Problem
from ..result import LaneResult
from ..units import Units
from ..work import Work, each_alone
from .apart import fit_apart, suits_core
from .block import Block
from .frame import Frame, frame_of, on_lane
from .newton import fit_frame, null_look, sample_of
from .smooth import fit_smooth, suits_smooth
from .targets import one_target

__all__ = ["fit_several", "several_grid_top"]


def fit_several(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate that takes its outputs together on every lane."""
    problem = work.problem
    if isinstance(problem.design, Imputed):
        return each_alone(fit_several, work)
    moved = problem.design.recentred() if problem.fit_intercept else None
    inside = replace(problem, design=moved[0]) if moved else problem

    def fit(penalty: Penalty, grid: Vector) -> list[LaneResult]:
        frame = frame_of(inside, penalty)
        road = fit_smooth if suits_smooth(frame) else fit_apart if suits_core(frame) else fit_frame
        found = road(frame, grid, work)
        return [_back(result, moved[1]) for result in found] if moved else found

    return one_by_one(fit, work.pairs, len(work.lanes))


def _back(result: LaneResult, shift: Vector) -> LaneResult:
    """The intercepts of columns that constants were taken off."""
    path = result.path
    if path is None:
        return result
    levels = path.intercepts - path.coefs @ shift
    return replace(result, path=replace(path, intercepts=levels, _dense=[]))


def several_grid_top(problem: Problem, penalty: Penalty) -> tuple[float, bool]:
    """Return the smallest strength at which all penalised coefficients are zero, and whether it is ridge's."""
    joint = isinstance(penalty, AcrossOutputs)
    if isinstance(problem.loss, Multinomial):
        frame = frame_of(problem, penalty)
        scores, unit = _multinomial_scores(frame), 1.0
    else:
        own = [one_target(problem, k) for k in range(problem.y.shape[1])]
        form = penalty.coordinates(problem.p)
        scores = np.array([null_scores(target, form) for target in own])
        exact = [Units.exact(target) for target in own]
        unit = max(units.y / units.x for units in exact)
    form = penalty.coordinates(problem.p)
    if form is None:
        top = max(penalty.strength_max(-own) for own in scores)
        return (top if np.isfinite(top) and top > 0 else 1.0), False
    l1 = np.where(form.l1 > 0, np.maximum(form.l1, RIDGE_TOP * form.l2), 0.0)
    ridge = not (np.isfinite(form.l1) & (form.l1 > 0)).any()
    if not (np.isfinite(l1) & (l1 > 0)).any():
        l1 = RIDGE_TOP * unit * form.l2
    yardstick = replace(form, l1=l1, l2=np.zeros_like(l1))
    if joint:
        scores = np.linalg.norm(scores, axis=0)[None, :]
    top = max(yardstick.strength_max(-own) for own in scores)
    return (top if np.isfinite(top) and top > 0 else 1.0), ridge


def _multinomial_scores(frame: Frame) -> np.ndarray:
    """Scores of the null model on the penalised scale of all rows, (K, p)."""
    terms = on_lane(frame, [Lane(np.arange(frame.problem.n))])[0]
    seen = null_look(frame, sample_of(frame), terms.weights)
    return Block(frame, np.empty(0, np.int64)).everywhere(seen.R) / terms.ratio
