"""A whole path of the group penalties on a small Gram matrix: the core goes through all strengths in one call."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._typing import Vector
from .group_quadratic import GroupQuadratic, bend_of
from .prox_newton.parts import GroupKind, GroupPart
from .proximal import ProximalPath

__all__ = ["groups_path"]

ROUGH = 1e-4  # violation over the strength at which it is first asked whether the gap is small enough

# Of solutions, scores, penalties, and how far scores exceed the polar ball.
Gaps = Callable[[np.ndarray, np.ndarray, Vector, Vector], Vector]


def groups_path(
    H: np.ndarray, c: Vector, kind: GroupKind, strengths: Vector, *, tol: float, gaps: Gaps
) -> ProximalPath:
    """Minimise ``b'Hb/2 - c'b + s P(b)`` at every strength, to a gap or a violation over the strength of ``tol``."""
    part = kind.part(np.arange(len(c)))
    norm = part if isinstance(part, GroupPart) else None
    small = GroupQuadratic(H, kind.owner, kind.weights, kind.alone, bend_of(kind.penalty))
    # What bends has no gap, and an early stop might lead the path into another valley.
    first = tol if norm is None else max(ROUGH, tol)
    B, G, kkt = small.solve(c, strengths, first, np.zeros(len(c)))

    def met() -> np.ndarray:
        violation = kkt <= tol
        if norm is None or violation.all():
            return violation
        return violation | (gaps(B, G, norm.values(B, strengths), norm.ratios(G, strengths)) <= tol)

    for k in np.flatnonzero(~met()):
        B[k : k + 1], G[k : k + 1], kkt[k : k + 1] = small.solve(c, strengths[k : k + 1], tol, B[k])
    return ProximalPath(B, kkt, met(), np.zeros(len(strengths), np.intp))
