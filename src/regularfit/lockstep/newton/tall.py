"""One lane, few strengths, pure L2, many dense rows: plain Newton on X as it is, without a copy of it.

Nothing is centred, scaled or gathered: the ridge part makes every score's conjugate finite, so the gap is known from
the gradient alone. The first guess comes from a share of the rows, so that about one Hessian of all rows is formed.
What is not proved in a few steps (columns far from zero, rows of one class) goes the general way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..._typing import Vector
from ...designs import Dense
from ...penalties import Penalty
from ...penalties.coordinates import Coordinates
from ..problem import Lane, Problem
from ..result import LaneResult, Score, held_out, make_path
from ..standard import normal_forms
from ..units import Units
from ..work import Work
from .descent import Descent
from .ground import Ground
from .rounds import fit_newton

__all__ = ["fit_tall", "suits_tall"]

STRENGTHS = 3  # more of them share readings of X elsewhere
ROWS, TALL = 4096, 5  # fewer rows fit the cache; rows a column
SHARP, DIGITS = (
    0.01,
    1e-13,
)  # the gap is second order here: another step makes coefficients as sharp as elsewhere


def suits_tall(problem: Problem, normal: Coordinates, lanes: Sequence[Lane], strengths: int) -> bool:
    """Whether there is one lane of many rows and few strengths, with every column under a ridge and nothing else."""
    design = problem.design
    return (
        type(design) is Dense
        and design.X.dtype == np.float64
        and len(lanes) == 1
        and 0 < strengths <= STRENGTHS
        and len(lanes[0].train) >= max(ROWS, TALL * problem.p)
        and bool((normal.l1 == 0).all() and (normal.l2 > 0).all())
        and bool(np.isinf(normal.lower).all() and np.isinf(normal.upper).all())
    )


def fit_tall(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on the one lane."""
    answers: list[list[LaneResult]] = []
    for normal, (penalty, grid) in zip(normal_forms(work.penalties, work.problem.p), work.pairs, strict=True):
        found = _lane(work.problem, normal, grid, work.lanes[0], work.tol, work.score)
        answers.append([_general(work, penalty, grid) if found is None else found])
        work.tick(len(grid))
    return answers


def _general(work: Work, penalty: Penalty, grid: Vector) -> LaneResult:
    """The road for all shapes, in the engine's units."""
    units = Units.of(work.problem)
    inside = replace(
        work,
        problem=units.inside(work.problem),
        penalties=[units.penalty(penalty)],
        grids=[units.strengths(grid)],
        tick=lambda done: None,
        score=units.score(work.score),
    )
    [[found]] = fit_newton(inside)
    answer = units.outside(found, grid, work.score is not None)
    assert answer is not None
    return answer


def _lane(
    problem: Problem, normal: Coordinates, grid: Vector, lane: Lane, tol: float, score: Score | None
) -> LaneResult | None:
    """The answers, or None where this is not the way."""
    weights = lane.weights(problem)
    ridge, scale = normal.l2, np.ones(problem.p)
    if problem.standardize:
        scale = problem.design.moments(weights[None, :])[1][0]
        ridge = ridge * scale**2
    if not (ridge > 0).all():
        return None
    assert isinstance(problem.design, Dense)  # see suits_tall
    data = problem.design.X, problem.y, weights, problem.offset
    ground = Ground(problem.loss, *data, problem.fit_intercept, ridge)
    descent = Descent(ground)
    null = _Null.of(descent)
    if not null.deviance > null.least:
        return None
    count = len(grid)
    coefs, levels, facts = np.empty((count, problem.p)), np.empty(count), np.empty((3, count))
    scores = np.empty((count, len(lane.tests)))
    sharp = min(tol, max(SHARP * tol, DIGITS))
    for k, strength in enumerate(grid.tolist()):
        if not descent.solve(strength, sharp, null.least):
            return None
        coefs[k], levels[k] = descent.b, descent.level
        facts[:, k] = null.facts(descent, strength, scale)
        if not facts[0, k] <= tol:
            return None
        for group, rows in enumerate(lane.tests):
            scores[k, group] = held_out(problem, rows, descent.eta[rows, None], score)[0]
    gaps, kkt, ratio = facts
    path = None
    if lane.keep:
        path = make_path(problem, grid, coefs, levels, ratio, np.full(count, np.nan), gaps, kkt, tol)
    return LaneResult(path, scores, gaps, kkt, gaps <= tol)


@dataclass(frozen=True, slots=True)
class _Null:
    """What the null model says: sizes that the gap and the explained deviance are relative to."""

    deviance: float
    perfect: float  # twice the loss of a perfect prediction
    least: float  # objectives below it are zero

    @classmethod
    def of(cls, descent: Descent) -> _Null:
        ground = descent.ground
        deviance = float(ground.weights @ ground.loss.deviance(ground.y, descent.null_eta))
        typical = float(ground.weights @ ground.loss.typical(ground.y, descent.null_eta))
        return cls(deviance, 2 * descent.null_loss - deviance, 1e-7 * typical + 1e-300)

    def facts(self, descent: Descent, strength: float, scale: Vector) -> tuple[float, float, float]:
        """Gap, violation on the penalised scale, and explained deviance of a solution."""
        primal = descent.largest
        gap = min(descent.gap(strength), primal) / max(primal, self.least)
        ground = descent.ground
        loss = primal - 0.5 * strength * float(ground.ridge @ (descent.b * descent.b))
        kkt = float(np.max(np.abs(descent.pull(strength)) / scale)) / strength
        return gap, kkt, 1 - (2 * loss - self.perfect) / self.deviance
