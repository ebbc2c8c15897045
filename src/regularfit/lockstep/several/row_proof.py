"""Certificates of several targets under norms of rows, from scores."""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from ..certificate import fenchel_gap
from ..standard import Terms

__all__ = ["certify"]


def certify(
    c: np.ndarray, yy: float, B: np.ndarray, G: np.ndarray, terms: Terms, grid: Vector
) -> tuple[Vector, Vector, Vector]:
    """Relative gaps, violations over the strength and shares explained, (L,) each.

    ``B, G`` (L, K, p) are coefficients and scores on the penalised scale, ``c`` (K, p) the scores at zero.
    """
    usable = np.isfinite(terms.l1)
    B, G, c = B[:, :, usable], G[:, :, usable], c[:, usable]
    l1, l2, s = terms.l1[usable], terms.l2[usable], grid[:, None]
    size, length = np.linalg.norm(B, axis=1), np.linalg.norm(G, axis=1)
    bc, bg = np.einsum("lkp,kp->l", B, c), np.einsum("lkp,lkp->l", B, G)
    rr = np.maximum(yy - bc - bg, 0.0)
    penalty = grid * (size @ l1 + 0.5 * size**2 @ l2)
    over = np.maximum(length - s * l1, 0.0)
    conjugate = (over**2 / (2 * s * np.where(l2 > 0, l2, np.inf))).sum(axis=1)
    limited = (l2 == 0) & (l1 > 0)
    ratio = np.maximum((length[:, limited] / (s * l1[limited])).max(axis=1, initial=0.0), 1.0)
    free = (l1 == 0) & (l2 == 0)
    loose = 2 * np.abs(B[:, :, free] * G[:, :, free]).sum(axis=(1, 2))
    primal = 0.5 * rr + penalty
    gaps = np.maximum(fenchel_gap(rr, bg, penalty, conjugate, ratio), 0.0) + loose
    inside = size > 0
    pull = G - (s * l2)[:, None, :] * B
    direction = B / np.where(inside, size, 1.0)[:, None, :]
    distance = np.where(inside[:, None, :], np.abs(pull - (s * l1)[:, None, :] * direction), over[:, None, :])
    kkt = distance.max(axis=(1, 2), initial=0.0) / grid
    floor = max(1e-9 * yy, np.finfo(np.float64).tiny)
    return gaps / np.maximum(primal, floor), kkt, 1 - rr / yy if yy > 0 else np.zeros(len(grid))
