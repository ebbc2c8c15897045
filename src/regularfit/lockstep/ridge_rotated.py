"""Ridge of any loss with more columns than rows, rotated into the space of the rows: n unknowns are left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from .._typing import Vector
from ..designs import Dense, SparseColumns
from ..penalties import L2
from ..penalties.coordinates import Coordinates
from .newton import fit_newton
from .partial import collect, one_by_one
from .problem import Lane, Problem
from .result import LaneResult, Score
from .ridge_lanes import kernel_of
from .standard import inverse_scale, normal_forms
from .threads import Workers
from .work import Work

__all__ = ["SPECTRUM_ROWS", "fit_rotated", "short"]

SPECTRUM_ROWS = 1500  # rows beyond which a spectrum costs more than it saves
FILLED = 4  # numbers of a rotated X that are read in the time of one of a sparse X


def short(design: SparseColumns) -> bool:
    """Whether so few rows are better rotated, though X is sparse; what is done once a column counts as 4 entries."""
    return design.n <= SPECTRUM_ROWS and design.n**2 <= FILLED * (len(design.data) + 4 * design.p)


def fit_rotated(work: Work) -> list[list[LaneResult]]:
    """Ridge of any loss with more columns than rows.

    Rotated into the rows' space the penalty stays L2, and n unknowns are left.
    """
    problem, alone = work.problem, Workers(1, inline=True)

    def job(item: tuple[Coordinates, Vector, Lane]) -> LaneResult:
        answer = _rotated_lane(problem, *item, work.tol, alone, work.score)
        work.tick(len(item[1]))
        return answer

    return one_by_one(
        lambda normal, grid: collect(work.team, job, [(normal, grid, lane) for lane in work.lanes]),
        list(zip(normal_forms(work.penalties, problem.p), work.grids, strict=True)),
        len(work.lanes),
    )


def _rotated_lane(
    problem: Problem,
    normal: Coordinates,
    grid: Vector,
    lane: Lane,
    tol: float,
    alone: Workers,
    score: Score | None,
) -> LaneResult:
    w = lane.weights(problem)
    mean, deviation = problem.design.moments(w[None, :])
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)[0]
    centre = mean[0] if problem.fit_intercept else np.zeros(problem.p)
    l2 = np.where(np.isinf(normal.l1), 0.0, normal.l2)
    values, vectors = np.linalg.eigh(kernel_of(problem.design, l2, inverse, centre))
    kept = values > 1e-13 * values[-1]
    root = np.sqrt(values[kept])
    small = replace(
        problem, design=Dense(np.asfortranarray(vectors[:, kept] * root)), standardize=False, unit=1.0
    )
    kept_lane = replace(lane, keep=True)
    [[found]] = fit_newton(Work(small, [L2()], [grid], [kept_lane], tol, alone, lambda done: None, score))
    if not lane.keep or found.path is None:
        return replace(found, path=None)
    duals = np.ascontiguousarray((vectors[:, kept] / root) @ found.path.coefs.T)
    d = np.divide(inverse**2, l2, out=np.zeros_like(l2), where=l2 > 0)
    raw = (problem.design.rmatmat(0, problem.p, duals) - np.outer(duals.sum(axis=0), centre)) * d
    path = replace(
        found.path,
        sparse_coefs=sparse.csr_matrix(raw),
        intercepts=found.path.intercepts - raw @ centre,
        _dense=[],
    )
    return replace(found, path=path)
