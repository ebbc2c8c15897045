"""The fused lasso with an l1 part on a Gram matrix: proximal steps find the pieces, Newton steps their levels.

A proximal step says which neighbours are equal and which coefficients zero. On such a pattern the objective is a quadratic
of a few levels; its minimum is taken as far as the pattern holds, which merges pieces where it does not. Proximal steps
split them again, so nothing but an optimum is a resting place.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg as sla
from scipy import sparse

from .._typing import Vector
from ..penalties import Fused
from .moments import Moments
from .proximal import ProximalPath, Quadratic

__all__ = ["fused_sparse"]

ROUNDS, MERGES = 2000, 50  # proximal steps a strength; Newton steps after each


def fused_sparse(data: Moments, penalty: Fused, grid: Vector, tol: float) -> ProximalPath:
    """Coefficients on the penalised scale (L, p), with violations, of one lane."""
    smooth, b = Quadratic(data.gram, data.c), np.zeros(len(data.c))
    coefs, kkt = np.zeros((len(grid), len(b))), np.zeros(len(grid))
    rounds = np.zeros(len(grid), np.intp)
    for k, s in enumerate(grid):
        own = penalty.scaled(float(s))
        for rounds[k] in range(ROUNDS):
            gradient = smooth.gradient(b)
            worst = float(own.kkt(b, gradient).max())
            if worst <= max(tol * s, smooth.rounding(b)):
                break
            b = _settled(smooth, own, own.prox(b - smooth.step * gradient, smooth.step))
        coefs[k], kkt[k] = b, worst / s
    return ProximalPath(coefs, kkt, kkt <= tol, rounds)


def _settled(smooth: Quadratic, penalty: Fused, b: Vector) -> Vector:
    """Newton steps from ``b`` along its pattern, each to the end of the pattern; the objective never rises."""
    for _ in range(MERGES):
        piece, slope = _pattern(penalty, b)
        used = np.flatnonzero(piece >= 0)
        if not len(used):
            break
        first = np.unique(piece[used], return_index=True)[1]
        level = b[used][first]
        spread = sparse.csr_array((np.ones(len(used)), (used, piece[used])), shape=(len(b), len(level)))
        H = spread.T @ (spread.T @ smooth.H).T
        H[np.diag_indices_from(H)] += 1e-13 * np.trace(H)  # downhill also where levels are not determined
        move = sla.solve(H, spread.T @ (smooth.c - slope - smooth.H @ b), assume_a="pos", check_finite=False)
        ends = _ends(penalty, b, spread @ move)
        reach = min(1.0, float(ends.min(initial=np.inf)))
        b = spread @ (level + reach * move)
        if reach == 1.0:
            break
        b = _merged(penalty, b, ends <= reach * (1 + 1e-12))
    return b


def _pattern(penalty: Fused, b: Vector) -> tuple[np.ndarray, Vector]:
    """Which piece every column is in, -1 at zero, and the slope of the penalty on this pattern, (p,) each."""
    piece, slope = np.full(len(b), -1), np.zeros(len(b))
    alone, jump = penalty.prices
    loose = penalty.loose(len(b))
    piece[loose], count = np.arange(len(loose)), len(loose)
    for run in penalty.chains(len(b)):
        own = b[run]
        fresh = np.diff(own, prepend=np.nan) != 0
        number = np.cumsum(fresh & (own != 0)) - 1 + count
        piece[run] = np.where(own != 0, number, -1)
        count = int(number[-1]) + 1
        signs = np.sign(np.diff(own))
        slope[run] = alone * np.sign(own) - jump * np.diff(signs, prepend=0.0, append=0.0)
    return piece, slope


def _ends(penalty: Fused, b: Vector, move: Vector) -> Vector:
    """Shares of a move at which a column reaches zero (p entries) and a jump closes (an entry a difference)."""
    found = [_zero(b[run], move[run]) for run in penalty.chains(len(b))]
    found += [_zero(np.diff(b[run]), np.diff(move[run])) for run in penalty.chains(len(b))]
    return np.concatenate(found)


def _zero(now: Vector, move: Vector) -> Vector:
    towards = now * move < 0
    return np.where(towards, -now / np.where(towards, move, 1.0), np.inf)


def _merged(penalty: Fused, b: Vector, closed: np.ndarray) -> Vector:
    """Make exact what has met: columns at zero, neighbours at one level, in the order of :func:`_ends`."""
    chains, at = penalty.chains(len(b)), 0
    for run in chains:
        b[run[closed[at : at + len(run)]]] = 0.0
        at += len(run)
    for run in chains:
        for i in np.flatnonzero(closed[at : at + len(run) - 1]).tolist():
            own = b[run]
            same = own == own[i + 1]
            after = np.flatnonzero(~same[i + 1 :])
            b[run[i + 1 : i + 1 + (int(after[0]) if len(after) else len(run) - i - 1)]] = own[i]
        at += len(run) - 1
    return b
