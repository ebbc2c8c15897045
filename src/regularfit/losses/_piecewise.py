"""The minimum of a convex function whose slope is made of straight pieces: exact, and the middle where it is flat."""

from __future__ import annotations

import numpy as np

from .._typing import Vector

__all__ = ["minimum"]

ROUNDING = 1e-13  # of the largest slope: less is none


def minimum(knots: Vector, jumps: Vector, slope: float, bend: float) -> float:
    """Return where the slope is 0.

    Parameters
    ----------
    knots : (m,) where the second derivative jumps, in any order.
    jumps : (m,) by how much.
    slope : at the first knot.
    bend : the second derivative before it.
    """
    order = np.argsort(knots)
    k = knots[order]
    bends = bend + np.cumsum(jumps[order])
    slopes = slope + np.concatenate([[0.0], np.cumsum(bends[:-1] * np.diff(k))])
    none = ROUNDING * float(np.abs(slopes).max())
    low, high = int(np.sum(slopes < -none)), int(np.sum(slopes <= none)) - 1
    if low <= high:
        return float(0.5 * (k[low] + k[high]))
    if low == 0:
        return float(k[0] - slopes[0] / bend)
    if low == len(k):
        return float(k[-1] - slopes[-1] / bends[-1])
    share = slopes[high] / (slopes[high] - slopes[low])
    return float(k[high] + share * (k[low] - k[high]))
