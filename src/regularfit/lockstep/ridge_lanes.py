"""Ridge lanes where the Gram matrix of the columns is too large: the kernel of the rows, or an iteration.

Pure L2 with the squared loss. With few rows every lane is a block of an n x n kernel and its whole path one
eigendecomposition; where rows and columns are both many, or X is sparse, all lanes and strengths share the
products of one Lanczos process.
"""

from __future__ import annotations

from threading import Event

import numpy as np

from .._typing import Vector
from ..designs import Dense, Design
from .certificate import judge
from .partial import collect, in_turn, keeping, one_by_one
from .problem import Lane, Problem
from .result import LaneResult, Score, held_out, make_path
from .ridge_iterative import LaneRidge, iterate_ridge
from .ridge_kernel import KernelFit, KernelRidge, penalty_kernel
from .scores import centred_scores
from .standard import inverse_scale, normal_forms
from .work import Work

__all__ = ["fit_ridge", "kernel_of"]

KERNEL_ROWS = 4000


def fit_ridge(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane by the road that suits the shape of X."""
    problem, lanes = work.problem, work.lanes
    weights = np.array([lane.weights(problem) for lane in lanes])
    mean, deviation = problem.design.moments(weights)
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
    if not problem.fit_intercept:
        mean[:] = 0.0
    by_kernel = problem.n <= KERNEL_ROWS and isinstance(problem.design, Dense)
    road = _by_kernel if by_kernel else _by_iteration
    return one_by_one(
        lambda normal, grid: road(
            problem, normal, grid, lanes, weights, mean, inverse, work.tol, work.team, work.tick, work.score
        ),
        list(zip(normal_forms(work.penalties, problem.p), work.grids, strict=True)),
        len(lanes),
    )


# ---------------------------------------------------------------- few rows


def kernel_of(design: Design, l2: Vector, inverse: Vector, centre: Vector) -> np.ndarray:
    """The n x n kernel under which ridge on the penalised scale is ridge on the rows.

    Free and dead columns are left out.
    """
    out = (l2 <= 0) | (inverse == 0)
    d = np.where(out, np.inf, np.where(out, 1.0, l2) / np.where(out, 1.0, inverse) ** 2)
    return penalty_kernel(design.X, d, centre)  # type: ignore[attr-defined]


def _by_kernel(problem, normal, grid, lanes, weights, mean, inverse, tol, team, tick, score):  # type: ignore[no-untyped-def]
    centre = problem.design.centre(problem.sample_weight) if problem.fit_intercept else np.zeros(problem.p)
    l2 = np.where(np.isinf(normal.l1), 0.0, normal.l2)
    dead = np.isinf(normal.l1)
    same = not problem.standardize and (inverse == inverse[0]).all()
    shared = kernel_of(problem.design, np.where(dead, 0, l2), inverse[0], centre) if same else None
    free = np.flatnonzero((l2 == 0) & ~dead)
    fixed = np.ones((problem.n, 1)) if problem.fit_intercept else np.empty((problem.n, 0))
    if len(free):
        fixed = np.column_stack([fixed, problem.design.gather(np.arange(problem.n), free, centre[free])])

    def job(f: int) -> LaneResult:
        K = shared if shared is not None else kernel_of(problem.design, l2, inverse[f], centre)
        fit = KernelRidge.decompose(K, weights[f], fixed).fit(K, problem.y - problem.offset, grid, fixed)
        answer = _kernel_result(
            problem, lanes[f], grid, K, fit, weights[f], inverse[f], l2, centre, free, tol, score
        )
        tick(len(grid))
        return answer

    return collect(team, job, range(len(lanes)))


def _kernel_result(problem, lane, grid, K, fit: KernelFit, w, inverse, l2, centre, free, tol, score):  # type: ignore[no-untyped-def]
    target = (problem.y - problem.offset)[:, None]
    residual = w[:, None] * (target - fit.eta)
    v = residual - grid * fit.duals  # zero where the dual variables are exactly the scaled residuals
    kv = np.einsum("nl,nl->l", v, K @ v)
    energy = np.einsum("nl,nl->l", fit.duals, K @ fit.duals)
    primal = 0.5 * np.einsum("nl,nl->l", residual, target - fit.eta) + 0.5 * grid * energy
    null = float(
        w
        @ (problem.y - problem.offset - (w @ (problem.y - problem.offset) if problem.fit_intercept else 0.0))
        ** 2
    )
    gaps = np.maximum(kv, 0.0) / (2 * grid) / np.maximum(primal, 0.5e-12 * null + 1e-300)
    kkt = (
        np.sqrt(np.maximum(kv, 0.0) * max(float(l2.max(initial=0.0)), 0.0)) / grid
    )  # Cauchy-Schwarz: never below the truth
    scores = _scores(problem, lane, fit.eta + problem.offset[:, None], score)
    converged = judge(gaps, kkt, tol)
    if not lane.keep:
        return LaneResult(None, scores, gaps, kkt, converged)
    d = np.divide(inverse**2, l2, out=np.zeros_like(l2), where=l2 > 0)
    raw = np.empty((len(grid), problem.p))
    for first in range(0, problem.p, problem.design.block):
        span = slice(first, min(first + problem.design.block, problem.p))
        raw[:, span] = (
            problem.design.rmatmat(span.start, span.stop, np.ascontiguousarray(fit.duals)) * d[span]
        )
    # duals sum to zero where there is an intercept, so centring needs no correction
    shift = int(problem.fit_intercept)
    raw[:, free] = fit.fixed_coefs[shift:].T
    level = fit.fixed_coefs[0] if shift else np.zeros(len(grid))
    rr = np.einsum("nl,nl->l", residual, target - fit.eta)
    path = make_path(
        problem,
        grid,
        raw,
        level - raw @ centre,
        1 - rr / null if null > 0 else np.zeros(len(grid)),
        fit.df - shift,
        gaps,
        kkt,
        tol,
    )
    return LaneResult(path, scores, gaps, kkt, converged)


# ---------------------------------------------------------------- many rows and columns


def _by_iteration(problem, normal, grid, lanes, weights, mean, inverse, tol, team, tick, score):  # type: ignore[no-untyped-def]
    dead = (inverse == 0) | np.isinf(normal.l1)  # lane by lane: a rare column is constant in some folds only
    # An infinite scale takes a column out of its lane, and its coefficient is zero.
    scales = np.divide(1.0, inverse, out=np.full_like(inverse, np.inf), where=~dead)
    y = problem.y - problem.offset
    every = np.arange(problem.p)
    stopped = Event()

    def going() -> None:
        if stopped.is_set():
            raise RuntimeError("stopped by Ctrl-C")

    def matmat(V: np.ndarray) -> np.ndarray:
        going()
        return problem.design.matmat(every, np.ascontiguousarray(V))

    def rmatmat(U: np.ndarray) -> np.ndarray:
        going()
        return problem.design.rmatmat(0, problem.p, np.ascontiguousarray(U)).T

    solved = iterate_ridge(
        matmat,
        rmatmat,
        y,
        weights.T,
        mean.T,
        scales.T,
        np.where(np.isinf(normal.l1), np.inf, normal.l2),
        grid,
        fit_intercept=problem.fit_intercept,
        tol=tol,
    )
    answers: list[LaneResult | None] = [None] * len(lanes)
    results = (
        (
            fit.lane,
            _iterated_result(
                problem,
                lanes[fit.lane],
                grid,
                fit,
                weights[fit.lane],
                mean[fit.lane],
                scales[fit.lane],
                normal.l2,
                dead[fit.lane],
                tol,
                score,
            ),
        )
        for fit in solved
    )
    with keeping(lambda inner: list(answers)):
        for f, answer in in_turn(team, results, stopped.set):
            answers[f] = answer
            tick(len(grid))
    return answers


def _iterated_result(problem, lane, grid, fit: LaneRidge, w, mean, scale, l2, dead, tol, score):  # type: ignore[no-untyped-def]
    y = problem.y - problem.offset
    raw = fit.coefs / scale
    E = problem.design.matmat(np.arange(problem.p), np.ascontiguousarray(raw.T))
    level = w @ (y[:, None] - E) if problem.fit_intercept else np.zeros(len(grid))
    eta = E + level
    scores = _scores(problem, lane, eta + problem.offset[:, None], score)
    residual = y[:, None] - eta
    rr = w @ residual**2
    null = float(w @ (y - (w @ y if problem.fit_intercept else 0.0)) ** 2)
    g = centred_scores(problem.design, np.ascontiguousarray(w[:, None] * residual), mean[None, :]) / scale
    kkt = np.abs(np.where(dead, 0.0, g - grid[:, None] * l2 * fit.coefs)).max(axis=1) / grid
    path = None
    if lane.keep:
        path = make_path(
            problem,
            grid,
            raw,
            level,
            1 - rr / null if null > 0 else np.zeros(len(grid)),
            np.full(len(grid), np.nan),  # the trace of a hat matrix that is never formed
            fit.gaps,
            kkt,
            tol,
        )
    return LaneResult(path, scores, fit.gaps, kkt, judge(fit.gaps, kkt, tol))


def _scores(problem: Problem, lane: Lane, eta: np.ndarray, score: Score | None) -> np.ndarray:
    out = np.empty((eta.shape[1], len(lane.tests)))
    for group, rows in enumerate(lane.tests):
        out[:, group] = held_out(problem, rows, eta[rows], score)
    return out
