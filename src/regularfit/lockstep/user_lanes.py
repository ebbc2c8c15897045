"""Lanes for penalties that only know value, prox and kkt.

The NumPy road, one lane at a time, certified by the KKT distance and, where the penalty is a norm, by a duality gap.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .._typing import Vector
from ..losses import Squared
from ..penalties import L0, Fused, Penalty
from .atoms import collect_atoms
from .certificate import judge
from .fused_gram import FUSED_COLUMNS
from .gram import suits_gram
from .local_convexity import locally_convex, marked
from .norm_gaps import norm_gaps
from .on_scale import OnScale, on_scale
from .partial import collect, one_by_one
from .problem import Lane, Problem
from .proximal import ProximalPath
from .proximal_loss import proximal_loss
from .result import LaneResult, Score, held_out, make_path, reaching
from .standard import inverse_scale
from .subset_loss import subset_loss
from .subset_rounds import MANY, subset_rounds
from .user_gram import fit_on_gram
from .work import Work

__all__ = ["fit_user", "through_products"]

GAP_SHARE = 0.1  # of the tolerance for the violation where a gap is asked for: a gap adds up all violations


def fit_user(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane."""
    return one_by_one(lambda penalty, grid: _fit_one(work, penalty, grid), work.pairs, len(work.lanes))


def _fit_one(work: Work, penalty: Penalty, grid: Vector) -> list[LaneResult]:
    problem, lanes, tol, score = work.problem, work.lanes, work.tol, work.score
    weights = np.array([lane.weights(problem) for lane in lanes])
    mean, deviation = problem.design.moments(weights)
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
    if not problem.fit_intercept:
        mean[:] = 0.0
    strict = tol if penalty.polar(np.zeros(problem.p)) is None else GAP_SHARE * tol
    squared, bent = isinstance(problem.loss, Squared), penalty.coordinates(problem.p) is not None
    small = suits_gram(problem, lanes) or (isinstance(penalty, Fused) and problem.p <= FUSED_COLUMNS)
    quadratic = squared and not bent and small
    atoms = collect_atoms(problem, lanes, work.team) if quadratic else None

    def job(f: int) -> LaneResult:
        if atoms is not None:
            answer = fit_on_gram(problem, penalty, grid, lanes, f, atoms, strict, tol, score)
        elif isinstance(penalty, L0):
            rounds = subset_rounds if squared else subset_loss
            fit = rounds(problem, penalty, grid, weights[f], mean[f], inverse[f], strict)
            answer = _result(
                problem,
                penalty,
                lanes[f],
                grid[: len(fit.coefs)],
                fit,
                weights[f],
                mean[f],
                inverse[f],
                score,
                tol,
            )
        else:
            own = on_scale(penalty, inverse[f])
            fit = through_products(problem, own, grid, weights[f], mean[f], inverse[f], strict)
            answer = _result(problem, own, lanes[f], grid, fit, weights[f], mean[f], inverse[f], score, tol)
        work.tick(len(grid))
        return reaching(marked(problem, weights[f], penalty, answer), len(grid), MANY)

    return collect(work.team, job, range(len(lanes)))


def through_products(
    problem: Problem,
    penalty: Penalty,
    grid: Vector,
    w: Vector,
    mean: Vector,
    inverse: Vector,
    tol: float,
    start: Vector | None = None,
) -> ProximalPath:
    """Follow one lane's path with products with X alone; coefficients and intercept on the penalised scale."""
    every = np.arange(problem.p)
    if start is None:
        start = np.zeros(problem.p + problem.fit_intercept)
        if problem.fit_intercept:  # at the null model, which the top of a grid from the data has
            start[-1] = problem.loss.null_eta(problem.y, w, problem.offset)
    return proximal_loss(
        lambda V: problem.design.matmat(every, np.ascontiguousarray(V)),
        lambda U: problem.design.rmatmat(0, problem.p, np.ascontiguousarray(U)).T,
        problem.loss,
        problem.y,
        w,
        mean,
        np.divide(1.0, inverse, out=np.full_like(inverse, np.inf), where=inverse > 0),
        penalty,
        grid,
        offset=problem.offset,
        fit_intercept=problem.fit_intercept,
        tol=tol,
        start=start,
    )


def _result(
    problem: Problem,
    penalty: Penalty,
    lane: Lane,
    grid: Vector,
    fit: ProximalPath,
    w: Vector,
    mean: Vector,
    inverse: Vector,
    score: Score | None,
    tol: float,
) -> LaneResult:
    raw = fit.coefs[:, : problem.p] * inverse
    normal = penalty.form if isinstance(penalty, OnScale) else None
    if normal is not None:  # a coefficient at a bound lies on it exactly, whatever the rounding
        raw = np.clip(raw, normal.lower * inverse, normal.upper * inverse)
    E = problem.design.rows_times(np.arange(problem.n), raw.T)
    if fit.coefs.shape[1] > problem.p:  # fitted with an explicit intercept of the centred columns
        level = fit.coefs[:, problem.p] - raw @ mean
    else:
        level = (
            w @ (problem.y[:, None] - problem.offset[:, None] - E)
            if problem.fit_intercept
            else np.zeros(len(grid))
        )
    eta = E + level + problem.offset[:, None]
    scores = np.empty((len(grid), len(lane.tests)))
    for group, rows in enumerate(lane.tests):
        scores[:, group] = held_out(problem, rows, eta[rows], score)
    held = fit.coefs[:, : problem.p]
    gaps = norm_gaps(problem, penalty, grid, held, eta, level, w, mean, inverse)
    converged = judge(gaps, fit.kkt, tol) | (fit.converged & np.isnan(gaps))
    path = None
    if lane.keep:
        loss = problem.loss
        base = loss.null_eta(problem.y, w, problem.offset) if problem.fit_intercept else 0.0
        null = float(w @ loss.deviance(problem.y, problem.offset + base))
        ratio = 1 - w @ loss.deviance(problem.y[:, None], eta) / null if null > 0 else np.zeros(len(grid))
        df = np.count_nonzero(raw, axis=1).astype(float)
        path = make_path(problem, grid, raw, level, ratio, df, gaps, fit.kkt, tol)
        if normal is not None:
            path = replace(path, convex=locally_convex(problem, w, normal, path))
    return LaneResult(path, scores, gaps, fit.kkt, converged if not lane.keep else judge(gaps, fit.kkt, tol))
