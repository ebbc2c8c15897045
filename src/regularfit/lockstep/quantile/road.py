"""Lanes of the pinball loss, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from ..._typing import Vector
from ...penalties.coordinates import Coordinates
from ..certificate import judge
from ..partial import collect, one_by_one
from ..problem import Lane, Problem
from ..result import LaneResult, Score, held_out, make_path
from ..saturation import FULL, why
from ..standard import forms_by_lane
from ..work import Work
from .certify import Proof
from .data import LaneData
from .lane import QuantileLane

__all__ = ["fit_quantile"]


def fit_quantile(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane."""
    problem, lanes = work.problem, work.lanes

    def candidate(forms: Sequence[Coordinates], grid: Vector) -> list[LaneResult]:
        def job(f: int) -> LaneResult:
            answer = _fit_lane(problem, forms[f], grid, lanes[f], work.tol, work.score)
            work.tick(len(grid))
            return answer

        return collect(work.team, job, range(len(lanes)))

    forms = forms_by_lane(work.penalties, problem.p, lanes)
    return one_by_one(candidate, list(zip(forms, work.grids, strict=True)), len(lanes))


def _fit_lane(
    problem: Problem, normal: Coordinates, grid: Vector, lane: Lane, tol: float, score: Score | None
) -> LaneResult:
    data = LaneData.of(problem, normal, lane.weights(problem))
    solver, limit = QuantileLane(data, tol), problem.saturation
    found: list[Proof] = []
    entered, ended = np.zeros(problem.p, bool), None
    null = solver.null.plain
    for s in grid:
        proof = solver.solve(float(s))
        found.append(proof)
        entered |= proof.b != 0
        if len(found) < len(grid) and null > 0 and 1 - proof.loss / null > limit:
            ended = why(limit)
        elif len(found) < len(grid) and lane.most is not None and lane.keep and entered.sum() > lane.most:
            ended = FULL
        if ended:
            break
    return _result(problem, data, grid, lane, found, null, tol, score, ended)


def _result(
    problem: Problem,
    data: LaneData,
    grid: Vector,
    lane: Lane,
    found: list[Proof],
    null: float,
    tol: float,
    score: Score | None,
    ended: str | None,
) -> LaneResult:
    count, end = len(grid), len(found)
    raw = np.array([data.raw(proof.b) for proof in found])
    level = np.array([proof.level * data.unit for proof in found]) - raw @ data.mean
    gaps, kkt = np.full(count, np.nan), np.full(count, np.nan)
    gaps[:end], kkt[:end] = [proof.gap for proof in found], [proof.kkt for proof in found]
    scores = np.full((count, len(lane.tests)), np.nan)
    for group, rows in enumerate(lane.tests):
        eta = problem.design.rows_times(rows, raw.T) + level + problem.offset[rows, None]
        scores[:end, group] = held_out(problem, rows, eta, score)
    path = None
    if lane.keep:
        explained = np.array([1 - proof.loss / null if null > 0 else 0.0 for proof in found])
        df = np.array([_freedom(data, proof) for proof in found])
        path = make_path(
            problem,
            grid[:end],
            sparse.csr_matrix(raw),
            level,
            explained,
            df,
            gaps[:end],
            kkt[:end],
            tol,
            ended,
        )
    return LaneResult(path, scores, gaps, kkt, judge(gaps, kkt, tol))


def _freedom(data: LaneData, proof: Proof) -> float:
    """Degrees of freedom: columns in use; with an l2 part the rows that are met exactly (Li and Zhu, 2008)."""
    used = proof.b != 0
    if not (data.l2[used] > 0).any():
        return float(used.sum())
    low, high = data.low, data.high
    inside = (proof.theta > low * (1 - 1e-9)) & (proof.theta < high * (1 - 1e-9))
    return float(max(int(inside.sum()) - data.intercept, 0))
