"""Duality gaps of solutions on a Gram matrix, many strengths (and lanes) at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._typing import Vector
from .certificate import fenchel_gap, loose_ends
from .free_ends import Room, moved_by_gram
from .moments import Moments
from .standard import Terms

__all__ = ["dual_terms", "gaps_from_sums", "near_dual_terms", "relative_gaps"]

NEAR = 1e-6  # an excess below this share of the threshold may be rounding: a dual point is shrunk for it
CLOSED = 1e-9  # a gap below which no other dual point is tried
NO_NORM: Vector = np.empty(0)


def relative_gaps(data: Moments, terms: Terms, grid: Vector, B: np.ndarray, G: np.ndarray) -> Vector:
    """Duality gap over objective value at every strength of one lane."""
    moved, norm = None, NO_NORM
    if ((terms.l1 == 0) & (terms.l2 == 0)).any():
        norm = np.sqrt(np.maximum(np.diag(data.gram), 0.0))
        moved = moved_by_gram(data.gram, terms, G, norm, data.yy)
    return gaps_from_sums(terms, grid, B, G, B @ data.c, np.einsum("lp,lp->l", B, G), data.yy, moved, norm)


def gaps_from_sums(
    terms: Terms,
    grid: Vector,
    B: np.ndarray,
    G: np.ndarray,
    bc: Vector,
    bg: Vector,
    yy: Any,
    moved: Vector | None = None,
    norm: Vector = NO_NORM,
) -> Vector:
    """The same where the rows of B and G may belong to several lanes on whose scales the terms are alike.

    Parameters
    ----------
    grid, bc, bg : (rows,) strength, b'c and b'g of every row.
    yy : the null deviance, of each row or of all.
    moved : (rows,) how far dual points are moved to be feasible for free columns, and ``norm`` (p,) of the columns.
    """
    rr = np.maximum(yy - bc - bg, 0.0)
    penalty = grid * terms.value(B)
    size = np.maximum(0.5 * rr + penalty, 1e-12 * 0.5 * yy + 1e-300)
    loose = loose_ends(B, G, *terms.arrays)
    if moved is not None:
        known, near = np.isfinite(moved), np.where(np.isfinite(moved), moved, 0.0)
        loose = np.where(known, loose + near * (np.abs(B) @ norm) + near**2, np.inf)

    def gaps(rows: slice | np.ndarray, dual: tuple[Vector, Vector]) -> Vector:
        if moved is not None:
            dual = Room.of(terms, norm).open(moved[rows], grid[rows], *dual)
        ratio, conjugate = dual
        found = fenchel_gap(rr[rows], bg[rows], penalty[rows], conjugate, ratio)
        return (np.maximum(found, 0.0) + loose[rows]) / size[rows]

    out = gaps(slice(None), dual_terms(terms, grid, G))
    open_ = np.flatnonzero(~(out <= CLOSED))
    if len(open_) and ((terms.l2 > 0) | np.isfinite(terms.lower) | np.isfinite(terms.upper)).any():
        other = gaps(open_, near_dual_terms(terms, grid[open_], G[open_]))
        out[open_] = np.fmin(out[open_], other)
    return out


def dual_terms(terms: Terms, grid: Vector, G: np.ndarray) -> tuple[Vector, Vector]:
    """Largest |g| / (s l1) where only that bounds the dual point, and the sum of the finite conjugates."""
    l1, l2, lower, upper = terms.arrays
    if np.isinf(lower).all() and np.isinf(upper).all():
        return _unbounded_dual(l1, l2, grid, np.abs(G))
    s = grid[:, None]
    bound = np.where(G > 0, upper, -lower)
    limit = s * np.where(np.isinf(l1), 0.0, l1)
    excess = np.maximum(np.abs(G) - limit, 0.0)
    open_end = np.isinf(bound) & (l2 == 0) & np.isfinite(l1) & (l1 > 0)
    ratio = np.max(
        np.divide(np.abs(G), limit, out=np.zeros_like(G), where=open_end & (limit > 0)), axis=1, initial=0.0
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        best = np.minimum(np.where(l2 > 0, excess / (s * l2), np.where(np.isinf(bound), 0.0, bound)), bound)
        best = np.where((excess > 0) & np.isfinite(l1) & np.isfinite(best), best, 0.0)
    return ratio, (best * (excess - 0.5 * s * l2 * best)).sum(axis=1)


def near_dual_terms(terms: Terms, grid: Vector, G: np.ndarray) -> tuple[Vector, Vector]:
    """The same for a dual point shrunk for all l1 columns whose excess over the threshold is rounding.

    Where a bound or 1 / l2 is huge, the conjugate of an excess of rounding is not small.
    """
    s, size = grid[:, None], np.abs(G)
    limit = s * np.where(np.isinf(terms.l1), 0.0, terms.l1)
    near = (limit > 0) & (size <= (1 + NEAR) * limit)
    ratio, _ = dual_terms(terms, grid, G)
    shrunk = np.max(np.divide(size, limit, out=np.zeros_like(G), where=near), axis=1, initial=0.0)
    _, conjugate = dual_terms(terms, grid, np.where(near, np.sign(G) * np.minimum(size, limit), G))
    return np.maximum(ratio, shrunk), conjugate


def _unbounded_dual(l1: Vector, l2: Vector, grid: Vector, size: np.ndarray) -> tuple[Vector, Vector]:
    """The same without bounds, in a third of the passes: where a path's time is all in small lanes, it shows."""
    sharp = np.isfinite(l1) & (l1 > 0) & (l2 == 0)
    round_ = np.isfinite(l1) & (l2 > 0)
    ratio, conjugate = np.zeros(len(grid)), np.zeros(len(grid))
    if sharp.any():
        ratio = (_columns(size, sharp) / l1[sharp]).max(axis=1) / grid
    if round_.any():
        excess = np.maximum(_columns(size, round_) - np.outer(grid, l1[round_]), 0.0)
        conjugate = (excess * excess) @ (0.5 / l2[round_]) / grid
    return ratio, conjugate


def _columns(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return values if chosen.all() else values[:, chosen]
