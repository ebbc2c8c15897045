"""Where a condition on a strength begins to hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["smallest"]


def smallest(suffices: Callable[[float], bool], start: float) -> float:
    """Return the smallest number above zero that suffices, to twelve digits; inf where 2^100 * start does not."""
    high = start
    while not suffices(high):
        high *= 2.0
        if high > start * 2.0**100 or not np.isfinite(high):
            return float("inf")
    low = high / 2.0
    while suffices(low) and low > start * 2.0**-100:
        low, high = low / 2.0, low
    while high - low > 1e-12 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high
