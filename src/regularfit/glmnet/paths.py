"""Fits of all rows or of folds: from a call to solutions along lambda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from .._typing import Vector
from ..lockstep import Lane, Path, Problem, fit_lanes
from .call import Call
from .sequence import DEVMAX, FEWEST, length_kept, sequence

__all__ = ["Solved", "fit_rows", "fit_together"]

SHARP = 1e-10  # relative duality gap; glmnet's own thresh says how much one more sweep would gain, not how far it is
LEAST = 1e-12  # of the largest lambda: stands for lambda = 0


@dataclass(frozen=True, eq=False)
class Solved:
    """Solutions along decreasing lambdas: intercepts (L,), coefficients CSR (L, p), explained deviance (L,)."""

    lambdas: Vector
    a0: Vector
    coefs: Any
    deviance_ratio: Vector
    converged: np.ndarray
    reasons: tuple[str, ...]


def fit_rows(call: Call, problem: Problem) -> Solved:
    """Fit the rows that the problem gives weight, along the call's lambdas or an automatic sequence."""
    automatic = call.lambda_ is None
    lambdas = sequence(call, problem) if call.lambda_ is None else call.lambda_
    if not automatic:
        return _cut(call, _solve(call, problem, lambdas), False)
    ending = replace(problem, saturation=DEVMAX)
    # The first lambda is where everything penalised is zero; for ridge that is infinity, whatever is reported.
    found = _solve(call, ending, lambdas, first=np.inf if call.alpha < 1e-3 else None)
    if len(found.lambdas) < min(FEWEST, len(lambdas)):
        found = _solve(call, problem, lambdas[:FEWEST], first=np.inf if call.alpha < 1e-3 else None)
    return _cut(call, found, True)


def fit_together(call: Call, held_out: Sequence[np.ndarray], lambdas: Vector) -> list[Solved]:
    """Fit the rows outside each fold at the same lambdas, in lockstep where they have one penalty."""
    every = np.arange(call.problem.n)
    lanes = [Lane(np.setdiff1d(every, rows), keep=True) for rows in held_out]
    if (
        call.family == "gaussian" and call.alpha < 1
    ):  # the ridge part is lambda / sd(y), another one in every fold
        return [fit_rows(call.at(lambdas), call.without(rows)) for rows in held_out]
    penalty, unit = call.penalty(call.problem)
    grid, back = _grid(lambdas * unit)
    results = fit_lanes(call.problem, [penalty], [grid], lanes, tol=SHARP, threads=call.threads)[0]
    return [_cut(call, _solved(lambdas, result.path, back), False) for result in results]


def _solve(call: Call, problem: Problem, lambdas: Vector, first: float | None = None) -> Solved:
    penalty, unit = call.penalty(problem)
    strengths = lambdas * unit
    if first is not None:
        # A strength that leaves nothing of what is penalised, as far as digits go.
        strengths = np.concatenate([[strengths[0] * 1e12], strengths[1:]])
    grid, back = _grid(strengths)
    lane = Lane(np.flatnonzero(problem.sample_weight > 0), keep=True)
    path = fit_lanes(problem, [penalty], [grid], [lane], tol=SHARP, threads=call.threads)[0][0].path
    found = _solved(lambdas, path, back)
    if first is not None:
        penalised = call.factors > 0
        dense = found.coefs.toarray()
        dense[0, penalised] = 0.0
        found = replace(found, coefs=sparse.csr_matrix(dense))
    return found


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
        path.converged[back],
        tuple(path.reasons[k] for k in back),
    )


def _cut(call: Call, found: Solved, automatic: bool) -> Solved:
    if not automatic and call.pmax >= call.problem.p:
        return found
    active = found.coefs.toarray() != 0
    kept = length_kept(call, found.deviance_ratio, active, automatic)
    return Solved(
        found.lambdas[:kept],
        found.a0[:kept],
        found.coefs[:kept],
        found.deviance_ratio[:kept],
        found.converged[:kept],
        found.reasons[:kept],
    )
