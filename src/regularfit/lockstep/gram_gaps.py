"""Duality gaps of solutions on a Gram matrix, many strengths (and lanes) at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._typing import Vector
from .certificate import fenchel_gap, loose_ends
from .moments import Moments
from .standard import Terms

__all__ = ["dual_terms", "gaps_from_sums", "relative_gaps"]


def relative_gaps(data: Moments, terms: Terms, grid: Vector, B: np.ndarray, G: np.ndarray) -> Vector:
    """Duality gap over objective value at every strength of one lane."""
    return gaps_from_sums(terms, grid, B, G, B @ data.c, np.einsum("lp,lp->l", B, G), data.yy)


def gaps_from_sums(
    terms: Terms, grid: Vector, B: np.ndarray, G: np.ndarray, bc: Vector, bg: Vector, yy: Any
) -> Vector:
    """The same where the rows of B and G may belong to several lanes on whose scales the terms are alike.

    Parameters
    ----------
    grid, bc, bg : (rows,) strength, b'c and b'g of every row.
    yy : the null deviance, of each row or of all.
    """
    rr = np.maximum(yy - bc - bg, 0.0)
    penalty = grid * terms.value(B)
    ratio, conjugate = dual_terms(terms, grid, G)
    gaps = np.maximum(fenchel_gap(rr, bg, penalty, conjugate, ratio), 0.0) + loose_ends(B, G, *terms.arrays)
    floor = 1e-12 * 0.5 * yy + 1e-300
    return gaps / np.maximum(0.5 * rr + penalty, floor)


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
