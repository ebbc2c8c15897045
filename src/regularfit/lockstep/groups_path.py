"""A whole path of the group penalties on a small Gram matrix: the core goes through all strengths in one call."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._typing import Vector
from .group_quadratic import GroupQuadratic, bend_of
from .prox_newton.parts import GroupKind
from .proximal import ProximalPath

__all__ = ["groups_path"]

ROUGH = 1e-4  # violation over the strength at which it is first asked whether the gap is small enough
Gaps = Callable[
    [np.ndarray, np.ndarray, Vector, Vector], Vector
]  # of solutions, scores, penalties, polars over s


def groups_path(
    H: np.ndarray, c: Vector, kind: GroupKind, strengths: Vector, *, tol: float, gaps: Gaps
) -> ProximalPath:
    """Minimise ``b'Hb/2 - c'b + s P(b)`` at every strength, to a gap or a violation over the strength of ``tol``."""
    bend = bend_of(kind.penalty)
    small = GroupQuadratic(H, kind.owner, kind.weights, kind.alone, bend)
    # What bends has no gap, and an early stop might lead the path into another valley.
    first = tol if bend else max(ROUGH, tol)
    B, G, kkt = small.solve(c, strengths, first, np.zeros(len(c)))
    met = kkt <= tol
    if not bend:
        met |= gaps(B, G, *_sizes(kind, B, G, strengths)) <= tol
    for k in np.flatnonzero(~met):
        B[k : k + 1], G[k : k + 1], kkt[k : k + 1] = small.solve(c, strengths[k : k + 1], tol, B[k])
    if not bend:
        met |= gaps(B, G, *_sizes(kind, B, G, strengths)) <= tol
    return ProximalPath(B, kkt, met | (kkt <= tol), np.zeros(len(strengths), np.intp))


def _sizes(kind: GroupKind, B: np.ndarray, G: np.ndarray, strengths: Vector) -> tuple[Vector, Vector]:
    """The penalties, and the scores' polar norms over the strengths where these exceed one, (L,) each."""
    s, shrunk = strengths[:, None], np.maximum(np.abs(G) - strengths[:, None] * kind.alone, 0.0)
    order = np.argsort(kind.owner, kind="stable")
    first = np.flatnonzero(np.diff(kind.owner[order], prepend=-1))

    def norms(M: np.ndarray) -> np.ndarray:
        return np.sqrt(np.add.reduceat(M[:, order] ** 2, first, axis=1))

    size = strengths * (kind.alone * np.abs(B).sum(axis=1) + norms(B) @ kind.weights)
    if not kind.weights.any():
        return size, np.maximum(1.0, np.abs(G).max(axis=1, initial=0.0) / (strengths * kind.alone))
    # |soft(g / r, t)| <= |soft(g, t)| / r for r >= 1
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = norms(shrunk) / (s * kind.weights)
    return size, np.maximum(1.0, ratio.max(axis=1, initial=0.0))
