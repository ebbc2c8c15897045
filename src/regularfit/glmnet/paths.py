"""Fits of all rows or of folds: from a call to solutions along lambda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from .._typing import Vector
from ..errors import InputError
from ..linear.conventions import target_deviation
from ..lockstep import Lane, Path, Problem, fit_lanes
from .call import Call
from .null import Null, fit_null
from .sequence import DEVMAX, FEWEST, length_kept, sequence

__all__ = ["Solved", "fit_rows", "fit_together", "unit_targets"]

SHARP = 1e-10  # relative duality gap; glmnet's own thresh says how much one more sweep would gain, not how far it is
SHARPER = 1e-13  # of multinomial fits, whose classes share one deviance: at 1e-10 coefficients of ridge differ at 1e-5
LEAST = (
    1e-10  # of the largest lambda: stands for lambda = 0 where there are too many columns for least squares
)


@dataclass(frozen=True, eq=False)
class Solved:
    """Solutions along decreasing lambdas: intercepts (L,), coefficients CSR (L, p), explained deviance (L,).

    With K outputs intercepts are (L, K) and coefficients (L, K p), one output after the other.
    """

    lambdas: Vector
    a0: Vector
    coefs: Any
    deviance_ratio: Vector
    missed: Vector  # relative duality gap, or the violation where none is known
    reasons: tuple[str, ...]


def fit_rows(call: Call, problem: Problem) -> Solved:
    """Fit the rows that the problem gives weight, along the call's lambdas or an automatic sequence."""
    if call.scaled:
        scaled, deviations = unit_targets(problem)
        found = fit_rows(replace(call, scaled=False), scaled)
        stretch = sparse.diags(np.repeat(deviations, problem.p))
        return replace(found, a0=found.a0 * deviations, coefs=(found.coefs @ stretch).tocsr())
    if call.lambda_ is not None:
        return _cut(call, _solve(call, problem, call.lambda_), False)
    null = fit_null(call, problem)
    lambdas = sequence(call, null)
    found = _solve(call, replace(problem, saturation=DEVMAX), lambdas)
    if len(found.lambdas) < min(FEWEST, len(lambdas)):
        found = _solve(call, problem, lambdas[:FEWEST])
    # R reports a first lambda but fits it at infinity, which for ridge is something else.
    return _cut(call, _with_first(found, null), True)


def fit_together(call: Call, held_out: Sequence[np.ndarray], lambdas: Vector) -> list[Solved]:
    """Fit the rows outside each fold at the same lambdas, in lockstep where they have one penalty."""
    every = np.arange(call.problem.n)
    lanes = [Lane(np.setdiff1d(every, rows), keep=True) for rows in held_out]
    # The ridge part is lambda / sd(y), another one in every fold; standardised targets are others in every fold.
    if call.scaled or (call.family == "gaussian" and call.alpha < 1):
        return [fit_rows(call.at(lambdas), call.without(rows)) for rows in held_out]
    penalty, unit = call.penalty(call.problem)
    grid, back = _grid(lambdas * unit)
    results = fit_lanes(call.problem, [penalty], [grid], lanes, tol=_tol(call), threads=call.threads)[0]
    return [_cut(call, _solved(lambdas, result.path, back), False) for result in results]


def unit_targets(problem: Problem) -> tuple[Problem, Vector]:
    """Return several targets less their offsets with unit standard deviations, and what these were."""
    y, weights = problem.y - problem.offset, problem.sample_weight
    deviations = np.array([target_deviation(column, weights) for column in y.T])
    if not (deviations > 0).all():
        raise InputError(
            "A column of y is constant (less its offset), so standardize_response cannot scale it."
        )
    return replace(problem, y=y / deviations, offset=np.zeros_like(problem.offset)), deviations


def _solve(call: Call, problem: Problem, lambdas: Vector) -> Solved:
    zeros = int((lambdas == 0).sum())
    if 0 < zeros < len(lambdas) and problem.n > problem.p + 1:
        first, last = _solve(call, problem, lambdas[:-zeros]), _solve(call, problem, lambdas[-zeros:])
        return _joined(first, last)
    penalty, unit = call.penalty(problem)
    if zeros == len(lambdas) and problem.n > problem.p + 1:  # nothing is penalised
        penalty = penalty.weighted(np.where(np.isinf(call.factors), 1.0, 0.0))
    grid, back = _grid(lambdas * unit)
    lane = Lane(np.flatnonzero(problem.sample_weight > 0), keep=True)
    path = fit_lanes(problem, [penalty], [grid], [lane], tol=_tol(call), threads=call.threads)[0][0].path
    return _solved(lambdas, path, back)


def _tol(call: Call) -> float:
    return SHARPER if call.family == "multinomial" else SHARP


def _joined(first: Solved, last: Solved) -> Solved:
    return Solved(
        np.concatenate([first.lambdas, last.lambdas]),
        np.concatenate([first.a0, last.a0]),
        sparse.vstack([first.coefs, last.coefs], format="csr"),
        np.concatenate([first.deviance_ratio, last.deviance_ratio]),
        np.concatenate([first.missed, last.missed]),
        first.reasons + last.reasons,
    )


def _with_first(found: Solved, null: Null) -> Solved:
    rest = found.coefs[1:]
    return replace(
        found,
        a0=np.concatenate([np.asarray(null.a0)[None], found.a0[1:]]),
        coefs=sparse.vstack([sparse.csr_matrix(null.coef[None, :]), rest], format="csr"),
        deviance_ratio=np.concatenate([[null.deviance_ratio], found.deviance_ratio[1:]]),
    )


def _grid(strengths: Vector) -> tuple[Vector, np.ndarray]:
    """Return a strictly decreasing positive grid and the place of every strength in it."""
    top = float(strengths.max(initial=0.0)) or 1.0
    grid, back = np.unique(-np.maximum(strengths, LEAST * top), return_inverse=True)
    return -grid, back.ravel()


def _solved(lambdas: Vector, path: Path | None, back: np.ndarray) -> Solved:
    assert path is not None  # lanes keep their coefficients
    back = back[back < len(path)]
    return Solved(
        lambdas[: len(back)],
        np.asarray(path.intercepts)[back],
        path.sparse_coefs[back],
        path.deviance_ratio[back],
        np.where(np.isnan(path.gaps), path.kkt, path.gaps)[back],
        tuple(path.reasons[k] for k in back),
    )


def _cut(call: Call, found: Solved, automatic: bool) -> Solved:
    if not automatic and call.pmax >= call.problem.p:
        return found
    active = found.coefs.toarray().reshape(len(found.lambdas), call.outputs or 1, -1) != 0
    kept = length_kept(call, found.deviance_ratio, active, automatic)
    return Solved(
        found.lambdas[:kept],
        found.a0[:kept],
        found.coefs[:kept],
        found.deviance_ratio[:kept],
        found.missed[:kept],
        found.reasons[:kept],
    )
