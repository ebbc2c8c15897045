"""Where a path with a grid from the data ends early: the training rows are reproduced all but exactly.

Beyond that point the solutions only trace the noise (or run off to infinity, where classes are separable),
and each costs more than all before it. A user's own strengths are always fitted.
"""

from __future__ import annotations

import numpy as np

from .._typing import Vector
from ..losses import Loss, Squared, SquaredOutputs

__all__ = ["FULL", "reach", "saturation", "why"]

SQUARED = 1 - 1e-9  # the residuals' spread is 3e-5 of the target's: less may still be signal, never noise
FULL = "more columns have entered by its smallest strength than were asked for"
OTHERS = 0.999  # as in glmnet: probabilities near 0 and 1 throughout


def saturation(loss: Loss) -> float:
    """Return the deviance ratio above which a path is saturated."""
    return SQUARED if isinstance(loss, (Squared, SquaredOutputs)) else OTHERS


def reach(ratio: Vector, limit: float) -> int:
    """Return how many strengths are kept: up to and with the first whose deviance ratio exceeds the limit."""
    over = np.flatnonzero(ratio > limit)
    return int(over[0]) + 1 if len(over) else len(ratio)


def why(limit: float) -> str:
    """Return the reason that a path gives for its early end."""
    return (
        f"the training rows are reproduced to {1 - limit:.0e} of the null deviance at its smallest strength"
    )
