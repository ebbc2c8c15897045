"""The smallest strength at which zero is the solution: constraints that zero lies on may hold coefficients there."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from ..._typing import Vector
from ..constraints import LinearConstraints

__all__ = ["constrained_scores", "held_scores"]


def constrained_scores(constraints: LinearConstraints, scores: Vector, inverse: Vector, l1: Vector) -> Vector:
    """Return the scores (p,) at zero less what the constraints hold, so that the largest over l1 is smallest.

    Where zero is not allowed, or a column is free, the scores come back as they are.
    """
    A, low, high = constraints.arrays(len(scores))
    held = held_scores(A * inverse, low, high, scores, l1)
    return scores if held is None else scores - held


def held_scores(A: np.ndarray, low: Vector, high: Vector, scores: Vector, l1: Vector) -> Vector | None:
    """``A' lambda`` for the multipliers that leave least of the scores over l1; None where zero is not the answer."""
    used = np.isfinite(l1)
    if (low > 0).any() or (high < 0).any() or (l1[used] <= 0).any():
        return None
    active = np.flatnonzero((low == 0) | (high == 0))
    if len(active) == 0:
        return np.zeros(len(scores))
    rows, g, w = A[active][:, used].T, scores[used], l1[used]
    unit = float(np.abs(g).max(initial=0.0)) or 1.0
    cost = np.append(np.zeros(len(active)), 1.0)
    sides = np.vstack([np.column_stack([-rows, -w]), np.column_stack([rows, -w])])
    # A row may push down from its upper side (lambda >= 0) and up from its lower one.
    limits = [(None if low[k] == 0 else 0, None if high[k] == 0 else 0) for k in active]
    found: Any = optimize.linprog(
        cost, sides, np.append(-g, g) / unit, bounds=[*limits, (0, None)], method="highs"
    )
    return None if found.x is None else A[active].T @ (found.x[:-1] * unit)
