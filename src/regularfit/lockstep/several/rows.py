"""Several targets that share their columns: the quadratic is one Gram matrix for all, solved row by row of B.

With many rows the Gram matrices of all folds come from one pass over X. Where columns outnumber rows, a working set of
columns grows until one product X'R finds none missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ... import _core
from ..._typing import Vector
from ...designs import Imputed
from ..atoms import Atoms, collect_atoms
from ..certificate import judge
from ..gram import suits_gram
from ..gram_scores import held_out_errors
from ..moments import moments_of
from ..partial import collect
from ..problem import Lane, Problem
from ..result import LaneResult, Score, held_out, make_path
from ..saturation import FULL, reach, why
from ..standard import Terms, inverse_scale, lane_terms
from ..units import Units
from ..work import Work, each_alone
from .frame import normal_form
from .row_proof import certify
from .row_rounds import row_rounds
from .targets import one_target, pass_of

__all__ = ["fit_rows"]


@dataclass(frozen=True, eq=False)
class RowData:
    """A lane's data as the quadratic sees it: standardised columns, (K, p) products with the targets."""

    c: np.ndarray  # (K, p)
    yy: float
    mean: Vector  # (p,) of the columns, and
    mean_y: Vector  # (K,) of the targets
    inverse: Vector
    gram: np.ndarray | None = None


def fit_rows(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane."""
    problem, lanes = work.problem, work.lanes
    if isinstance(problem.design, Imputed):
        return each_alone(fit_rows, work)
    moved = problem.design.recentred() if problem.fit_intercept else None
    unit = max(Units.of(one_target(problem, k)).y for k in range(problem.y.shape[1]))
    design = moved[0] if moved else problem.design
    inside = replace(problem, design=design, y=problem.y / unit, offset=problem.offset / unit)
    atoms = collect_atoms(inside, lanes, work.team) if suits_gram(one_target(inside, 0), lanes) else None
    weights = None if atoms is not None else np.array([lane.weights(problem) for lane in lanes])
    within = replace(work, problem=inside)
    found = [
        _fit_one(within, normal_form(penalty, problem.p), grid / unit, atoms, weights, unit)
        for penalty, grid in work.pairs
    ]
    shift = moved[1] if moved else None
    own = work.score is not None
    return [
        [_outside(result, grid, unit, shift, own) for result in row]
        for row, grid in zip(found, work.grids, strict=True)
    ]


def _outside(result: LaneResult, grid: Vector, unit: float, shift: Vector | None, own: bool) -> LaneResult:
    """A result in the units of the data."""
    path, scores = result.path, result.scores if own else result.scores * unit * unit
    if path is not None:
        coefs, levels = path.coefs * unit, path.intercepts * unit
        levels = levels - coefs @ shift if shift is not None else levels
        sparse_coefs = path.sparse_coefs * unit
        path = replace(
            path, strengths=grid[: len(path)], sparse_coefs=sparse_coefs, intercepts=levels, _dense=[]
        )
    return replace(result, path=path, scores=scores)


def _fit_one(
    work: Work, form: Any, grid: Vector, atoms: Atoms | None, weights: np.ndarray | None, unit: float
) -> list[LaneResult]:
    problem, lanes, tol = work.problem, work.lanes, work.tol
    form = replace(form, l2=form.l2 * unit)  # as in Units: the strength takes one unit, the square two
    told = None if work.score is None else _in_units(work.score, unit)

    def job(f: int) -> LaneResult:
        data = _data(problem, lanes, f, atoms, weights)
        terms = lane_terms(form, data.inverse)
        if data.gram is not None:
            B = _on_gram(data, terms, grid, tol)
        else:
            B, _ = row_rounds(problem, data, terms, grid, weights[f], tol)  # type: ignore[index]
        answer = _answer(problem, lanes[f], f, data, terms, grid, B, atoms, told, tol)
        work.tick(len(grid))
        return answer

    return collect(work.team, job, range(len(lanes)))


def _in_units(score: Score, unit: float) -> Score:
    return lambda y, eta, weights: score(y * unit, eta * unit, weights)


def _data(
    problem: Problem, lanes: Sequence[Lane], f: int, atoms: Atoms | None, weights: np.ndarray | None
) -> RowData:
    K = problem.y.shape[1]
    if atoms is not None:
        parts = [
            moments_of(
                one_target(problem, k), lanes, [f], replace(atoms, seen=pass_of(atoms.seen, problem.p, k))
            ).lane(0)
            for k in range(K)
        ]
        centre = atoms.centre
        return RowData(
            np.array([part.c for part in parts]),
            float(sum(part.yy for part in parts)),
            parts[0].mean + centre[: problem.p],
            np.array([part.mean_y for part in parts]) + centre[problem.p :],
            parts[0].inverse,
            np.asfortranarray(parts[0].gram),
        )
    assert weights is not None
    w = weights[f]
    mean, deviation = (found[0] for found in problem.design.moments(w[None, :]))
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept)
    y = problem.y - problem.offset
    middle = w @ y if problem.fit_intercept else np.zeros(K)
    mean = mean if problem.fit_intercept else np.zeros(problem.p)
    R = np.ascontiguousarray(w[:, None] * (y - middle))
    c = (problem.design.rmatmat(0, problem.p, R) - np.outer(R.sum(axis=0), mean)) * inverse
    return RowData(c, float(w @ ((y - middle) ** 2).sum(axis=1)), mean, middle, inverse)


def _on_gram(data: RowData, terms: Terms, grid: Vector, tol: float) -> np.ndarray:
    """Coefficients (L, K, p) on the penalised scale."""
    K, p = data.c.shape
    lane = _core.RowLane(data.gram, K, terms.l1, terms.l2)
    B, G = np.empty((len(grid), K * p)), np.empty((len(grid), K * p))
    lane.solve(np.ascontiguousarray(grid), np.ascontiguousarray(data.c.ravel()), 0.3 * tol, data.yy, B, G)
    return B.reshape(-1, K, p)


def _answer(
    problem: Problem,
    lane: Lane,
    f: int,
    data: RowData,
    terms: Terms,
    grid: Vector,
    B: np.ndarray,
    atoms: Atoms | None,
    score: Score | None,
    tol: float,
) -> LaneResult:
    raw = B * data.inverse
    levels = data.mean_y - raw @ data.mean
    G = _residual_scores(problem, lane, data, raw) if data.gram is None else data.c - B @ data.gram
    gaps, kkt, explained = certify(data.c, data.yy, B, G, terms, grid)
    end, full = _end(problem, lane, raw, explained)
    scores = np.full((len(grid), len(lane.tests)), np.nan)
    if atoms is not None and score is None:
        K, p = data.c.shape
        own = [
            held_out_errors(
                one_target(problem, k),
                [lane],
                [0],
                replace(
                    atoms,
                    seen=pass_of(atoms.seen, p, k),
                    train=atoms.train[[f]],
                    tests=[atoms.tests[f]],
                ),
                raw[None, :, k],
                (levels[:, k] + raw[:, k] @ atoms.centre[:p] - atoms.centre[p + k])[None],
                None,
            )[0]
            for k in range(K)
        ]
        scores[:end] = np.mean(own, axis=0)[:end]
    else:
        for group, rows in enumerate(lane.tests):
            flat = problem.design.rows_times(rows, raw.reshape(-1, problem.p).T)
            eta = flat.reshape(len(rows), *levels.shape) + levels + problem.offset[rows][:, None, :]
            scores[:end, group] = held_out(problem, rows, eta, score)[:end]
    gaps[end:], kkt[end:] = np.nan, np.nan
    path = None
    if lane.keep:
        df = (
            np.count_nonzero(raw, axis=(1, 2)).astype(float)
            if not terms.l2[np.isfinite(terms.l1)].any()
            else None
        )
        path = make_path(
            problem,
            grid[:end],
            raw[:end].reshape(end, -1),
            levels[:end],
            explained[:end],
            (np.full(len(grid), np.nan) if df is None else df)[:end],
            gaps[:end],
            kkt[:end],
            tol,
            None if end == len(grid) else FULL if full else why(problem.saturation),
        )
    return LaneResult(path, scores, gaps, kkt, judge(gaps, kkt, tol))


def _end(problem: Problem, lane: Lane, raw: np.ndarray, explained: Vector) -> tuple[int, bool]:
    """How far the path goes, and whether it ends because enough columns entered."""
    end, full = reach(explained, problem.saturation), False
    if lane.keep and lane.most is not None:
        entered = np.logical_or.accumulate((raw != 0).any(axis=1), axis=0).sum(axis=1)
        over = np.flatnonzero(entered > lane.most)
        if len(over) and over[0] + 1 < end:
            end, full = int(over[0]) + 1, True
    return end, full


def _residual_scores(problem: Problem, lane: Lane, data: RowData, raw: np.ndarray) -> np.ndarray:
    """Scores (L, K, p) of all columns, from the rows."""
    weights = lane.weights(problem)
    L, K, p = raw.shape
    used = np.flatnonzero(raw.any(axis=(0, 1)))
    out = np.empty((L, K, p))
    step = max(1, (1 << 25) // (8 * problem.n * K))
    for first in range(0, L, step):
        part = raw[first : first + step]
        B = np.ascontiguousarray(part[:, :, used].reshape(-1, len(used)).T)
        E = problem.design.matmat(used.astype(np.int64), B).reshape(problem.n, -1, K)
        R = (problem.y - problem.offset)[:, None, :] - E
        if problem.fit_intercept:
            R -= np.tensordot(weights, R, axes=(0, 0))
        R = np.ascontiguousarray((weights[:, None, None] * R).reshape(problem.n, -1))
        S = problem.design.rmatmat(0, p, R) - np.outer(R.sum(axis=0), data.mean)
        out[first : first + step] = (S * data.inverse).reshape(-1, K, p)
    return out
