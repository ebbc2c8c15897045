"""Relaxed fits of the estimators: refits of every lane's own columns, and the choice of strength and gamma together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from .._checks import check_fraction
from .._typing import Vector
from ..designs import Imputed
from ..errors import InputError
from ..lockstep import Lane, LaneResult, Path, Problem, Shared, relaxed_paths
from ..lockstep.cox import Ground, HeldOut
from ..lockstep.result import held_out
from ..losses import CoupledLoss, Squared
from ..penalties import Penalty
from ..selection import Fold, RelaxedCV
from ._scoring import Scoring

__all__ = ["GAMMAS", "check_gammas", "relax_candidate"]

GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)
ROUNDING = 1e-22  # of the target's mean square: eleven digits


def check_gammas(relax: bool, gammas: Any) -> tuple[float, ...] | None:
    """Return the gammas to compare, increasing, or None where no relaxed fit is wanted."""
    if not relax:
        return None
    values = sorted({check_fraction(g, "gammas") for g in np.atleast_1d(np.asarray(gammas, dtype=object))})
    if not values:
        raise InputError("gammas is empty; (0, 0.25, 0.5, 0.75, 1) is usual.")
    return tuple(values)


def relax_candidate(
    problem: Problem,
    penalty: Penalty,
    lanes: Sequence[Lane],
    results: Sequence[LaneResult],
    folds: Sequence[Fold],
    gammas: tuple[float, ...],
    weights: Vector | None,
    scoring: Scoring,
    tol: float,
    threads: int | None,
    shared: Shared,
) -> tuple[Path, RelaxedCV | None]:
    """Return the path on all rows with its refits, and what the folds say of every strength and gamma."""
    fitted = [result.path for result in results]
    paths = relaxed_paths(
        problem, penalty, lanes, [p for p in fitted if p is not None], tol=tol, threads=threads, shared=shared
    )
    if weights is None:
        return paths[0], None
    common = min(len(path) for path in paths)
    scores = [
        _scores(problem, lane, path, fold[1], gammas, scoring, common)
        for lane, path, fold in zip(lanes[1:], paths[1:], folds, strict=True)
    ]
    return paths[0], RelaxedCV(
        paths[0].strengths[:common],
        np.array(gammas),
        np.stack(scores, axis=2),
        weights,
        scoring.name,
        scoring.greater_is_better,
    )


def _scores(
    problem: Problem,
    lane: Lane,
    path: Path,
    rows: np.ndarray,
    gammas: tuple[float, ...],
    scoring: Scoring,
    count: int,
) -> np.ndarray:
    """Held-out scores (gammas, strengths) of one fold."""
    design = problem.design
    if isinstance(design, Imputed):
        design = design.fill(lane.weights(problem))
    relaxed = path.relaxed
    assert relaxed is not None  # just made

    every = np.arange(problem.n) if isinstance(problem.loss, CoupledLoss) else rows
    both = sparse.vstack([path.sparse_coefs[:count], relaxed.sparse_coefs[:count]]).toarray()
    levels = np.concatenate([path.intercepts[:count], relaxed.intercepts[:count]])
    product = design.rows_times(every, np.ascontiguousarray(both.reshape(-1, problem.p).T))
    eta = product.reshape(len(every), *levels.shape) + levels + problem.offset[every][:, None]
    whole, refit = eta[:, :count], eta[:, count:]
    if scoring.score is None and isinstance(problem.loss, Squared):
        return _squared(problem.y[rows], problem.sample_weight[rows], whole, refit, gammas)
    if isinstance(problem.loss, CoupledLoss):
        judge = HeldOut(problem, lane, rows, Ground(problem, lane.weights(problem)), scoring.score)
        return np.array([judge.of(g * whole + (1 - g) * refit) for g in gammas])
    return np.array([held_out(problem, rows, g * whole + (1 - g) * refit, scoring.score) for g in gammas])


def _squared(
    y: Vector, w: Vector, whole: np.ndarray, refit: np.ndarray, gammas: tuple[float, ...]
) -> np.ndarray:
    """Mean squared errors of all blends from three sums: the error is linear in gamma."""
    a, b = whole - y[:, None], refit - y[:, None]
    total = w.sum() or np.nan
    aa, ab, bb = (np.einsum("i,ij,ij->j", w, *pair) / total for pair in ((a, a), (a, b), (b, b)))
    found = np.array([g * g * aa + 2 * g * (1 - g) * ab + (1 - g) ** 2 * bb for g in gammas])
    # Refits may reproduce rows exactly: what is left is rounding, and must not choose between them.
    return np.where(found > ROUNDING * float(w @ y**2) / total, found, 0.0)
