"""Lanes with linear constraints on their Gram matrices, one pass over X for all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._typing import Vector
from ...errors import UnsupportedError
from ...losses import Squared
from ...penalties import Folded, Penalty
from ...penalties.coordinates import Coordinates
from ..atoms import Atoms, collect_atoms
from ..certificate import judge
from ..constraints import LinearConstraints, check_feasible
from ..gram_scores import held_out_errors
from ..moments import moments_of
from ..partial import collect, one_by_one
from ..problem import Lane, Problem
from ..result import LaneResult, Score, make_path
from ..standard import forms_by_lane, lane_terms
from ..work import Work
from .quadratic import Answer, ConstrainedLane

__all__ = ["allowed", "fit_constrained"]

WIDEST = 4000  # columns of a Gram matrix that is factored at every step


def allowed(problem: Problem, penalty: Penalty) -> None:
    """Refuse what linear constraints do not run with, by name."""
    normal, what = penalty.coordinates(problem.p), None
    if not isinstance(problem.loss, Squared):
        what = f"linear_constraints with {problem.loss!r}: they need the squared loss; penalty.bounded runs with all"
    elif normal is None or isinstance(normal, Folded):
        shown = type(getattr(penalty, "penalty", penalty)).__name__
        what = f"linear_constraints with {shown}: they run with L1, L2, ElasticNet and their sums"
    elif problem.p > WIDEST:
        what = (
            f"linear_constraints on {problem.p} columns: at most {WIDEST}. penalty.bounded has no such limit"
        )
    if what:
        raise UnsupportedError(f"{what}.")


def fit_constrained(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane."""
    problem, lanes = work.problem, work.lanes
    atoms = collect_atoms(problem, lanes, work.team)

    def candidate(forms: Sequence[Coordinates], grid: Vector) -> list[LaneResult]:
        shut = np.isinf(forms[0].l1)
        check_feasible(_of(problem), np.where(shut, 0.0, forms[0].lower), np.where(shut, 0.0, forms[0].upper))

        def job(f: int) -> LaneResult:
            answer = _fit_lane(problem, forms[f], grid, lanes, f, atoms, work.tol, work.score)
            work.tick(len(grid))
            return answer

        return collect(work.team, job, range(len(lanes)))

    forms = forms_by_lane(work.penalties, problem.p, lanes)
    return one_by_one(candidate, list(zip(forms, work.grids, strict=True)), len(lanes))


def _of(problem: Problem) -> LinearConstraints:
    assert problem.constraints is not None  # as the engine saw when it chose this road
    return problem.constraints


def _fit_lane(
    problem: Problem,
    normal: Coordinates,
    grid: Vector,
    lanes: Sequence[Lane],
    f: int,
    atoms: Atoms,
    tol: float,
    score: Score | None,
) -> LaneResult:
    data = moments_of(problem, lanes, [f], atoms).lane(0)
    terms = lane_terms(normal, data.inverse)
    A, low, high = _of(problem).arrays(problem.p)
    lane = ConstrainedLane(data, terms, A * data.inverse, low, high, tol)
    found: list[Answer] = [lane.solve(float(s)) for s in grid]
    raw = terms.raw(np.array([answer.b for answer in found]), data.inverse)
    level = data.mean_y - raw @ data.mean
    scores = held_out_errors(problem, lanes, [f], atoms, raw[None], level[None], score)[0]
    gaps, kkt = np.array([answer.gap for answer in found]), np.array([answer.kkt for answer in found])
    path = None
    if lanes[f].keep:
        centre = atoms.centre
        intercepts = level + centre[problem.p] - raw @ centre[: problem.p]
        intercepts = intercepts if problem.fit_intercept else np.zeros(len(grid))
        explained = np.array([1 - answer.rr for answer in found]) if data.yy > 0 else np.zeros(len(grid))
        # Every equality, and every side that presses, takes a degree of freedom from the columns in use.
        reads = raw @ A.T
        tight = (np.abs(reads - low) <= 1e-9 * (1 + np.abs(low))) | (
            np.abs(reads - high) <= 1e-9 * (1 + np.abs(high))
        )
        df = np.maximum(
            np.count_nonzero(raw, axis=1) - (tight & (np.abs(raw) @ np.abs(A.T) > 0)).sum(axis=1), 0
        )
        path = make_path(problem, grid, raw, intercepts, explained, df.astype(float), gaps, kkt, tol)
    return LaneResult(path, scores, gaps, kkt, judge(gaps, kkt, tol))
