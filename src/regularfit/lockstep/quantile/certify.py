r"""The proof of a solution: any dual within its boxes bounds the optimum from below.

With g = Z' theta the gap is a sum of terms none of which is negative,

.. math:: \sum_i [\rho(r_i) - \theta_i r_i] + \sum_j [P_j(b_j) + P_j^*(g_j) - g_j b_j],

which loses no digits. The dual is shrunk towards 0, which is inside every box, until no score exceeds its l1 part. What
the intercept and free columns leave of their equations is rounding, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._typing import Vector
from .data import LaneData

__all__ = ["Proof", "prove"]


@dataclass(frozen=True, eq=False)
class Proof:
    """A solution and what is known of it, on the lane's own scale."""

    level: float
    b: Vector
    theta: Vector  # (n,)
    r: Vector  # (n,)
    g: Vector  # (p,)
    loss: float
    objective: float
    gap: float  # over the objective
    kkt: float  # on the penalised scale, over the strength


def prove(data: LaneData, s: float, level: float, b: Vector, theta: Vector, floor: float = 0.0) -> Proof:
    """Judge a solution on every row and column; ``floor`` is the smallest size that a gap is compared with."""
    r, g = data.residual(level, b), data.scores(theta)
    q, form = data.q, data.at(s)
    rows = data.w * np.maximum(q * r, (q - 1) * r)
    free = (data.l1 == 0) & (data.l2 == 0)
    open_end = free & np.isinf(np.where(g > 0, data.upper, data.lower))
    c = form.dual_scale(np.where(data.alive & ~open_end, g, 0.0))
    held = data.alive & ~open_end
    conjugate = np.where(held, form.conjugate(np.where(held, c * g, 0.0)), 0.0)
    l1 = np.where(data.alive, form.l1, 0.0)
    size = l1 * np.abs(b) + 0.5 * form.l2 * b * b
    columns = np.where(held, size + conjugate - c * g * b, 0.0)
    loose = 2 * np.abs(b * g)[open_end].sum()
    if data.intercept:
        loose += abs(float(theta.sum())) * (float(np.abs(r).max(initial=0.0)) + abs(level) * 1e-3)
    gap = float(np.maximum(rows - c * theta * r, 0.0).sum() + np.maximum(columns, 0.0).sum() + loose)
    objective = float(rows.sum() + size.sum())
    distance = np.where(data.alive, form.kkt(b, -g) / data.own, 0.0)
    kkt = float(distance.max(initial=0.0)) / s
    return Proof(
        level, b, theta, r, g, float(rows.sum()), objective, gap / max(objective, floor, 1e-300), kkt
    )
