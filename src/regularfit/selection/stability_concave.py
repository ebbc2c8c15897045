r"""Tail bounds for r-concave distributions on a grid, as the sharpest bound of stability selection needs them.

A mass function f on {0, 1/B, ..., 1} is r-concave (r < 0) when f^r is convex. Among those with mean at most eta, the
largest tail P(X >= t) is reached where f^r is a straight line on 0, ..., k / B, with less mass at (k + 1) / B and none
beyond (Shah & Samworth, 2013, section 3.3 and its appendix):

    f(i) ~ (a + i)^{1/r}  for i <= k,     0 <= f(k + 1) <= its continuation,     mean = eta.

For every k that leaves one number, a, in an interval; the largest tail over all k and a is the bound.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .._typing import Vector

__all__ = ["tail_bound"]

HALVINGS = 100  # of the logarithm of a, for its roots
SECTIONS = 60  # of the interval of a, for the largest tail
GOLDEN = (5.0**0.5 - 1) / 2


@lru_cache(maxsize=256)
def tail_bound(mean: float, t: int, size: int, r: float) -> float:
    """Return the largest P(X >= t / size) of an r-concave X on {0, 1, ..., size} / size with E X <= ``mean``.

    Parameters
    ----------
    mean : in (0, 1).
    t : in 1, ..., size.
    r : < 0.

    Examples
    --------
    >>> 0 < tail_bound(0.01, 40, 50, -0.5) < 0.01 / (40 / 50)  # sharper than Markov's inequality
    True
    """
    middle = mean * size
    if t - 1 <= 2 * middle:  # a flat or rising f may reach so far: nothing is excluded
        return 1.0
    power = 1.0 / r
    ends = _slopes(np.arange(t - 1.0, size + 1), middle, power)
    return float(_largest_tails(np.arange(t - 1.0, size), ends[1:], ends[:-1], t, middle, power).max())


def _masses(k: Vector, a: Vector, power: float) -> Vector:
    """Mass functions (len(k), largest k + 1) that end at k, one at zero so that nothing overflows."""
    i = np.arange(float(k.max()) + 1)
    found = (1.0 + i / a[:, None]) ** power
    return np.where(i <= k[:, None], found, 0.0)


def _slopes(k: Vector, middle: float, power: float) -> Vector:
    """The a at which the mass function that ends at each k has its mean at ``middle``; it falls with k."""
    low, high = np.full(len(k), -60.0), np.full(len(k), 40.0)
    i = np.arange(float(k.max()) + 1)
    for _ in range(HALVINGS):
        centre = 0.5 * (low + high)
        f = _masses(k, np.exp(centre), power)
        above = f @ i > middle * f.sum(axis=1)
        high, low = np.where(above, centre, high), np.where(above, low, centre)
    return 0.5 * (low + high)


def _tails(k: Vector, a: Vector, t: int, middle: float, power: float) -> Vector:
    """P(X >= t) where the mass at k + 1 brings the mean to ``middle``."""
    f = _masses(k, np.exp(a), power)
    i = np.arange(float(f.shape[1]))
    total = (np.maximum(k[:, None] + 1 - i, 0) * f).sum(axis=1) / (k + 1 - middle)
    return 1.0 - f[:, :t].sum(axis=1) / total


def _largest_tails(k: Vector, low: Vector, high: Vector, t: int, middle: float, power: float) -> Vector:
    """The largest tail for every k, by golden sections of the interval of log a; its ends count too."""
    best = np.maximum(_tails(k, low, t, middle, power), _tails(k, high, t, middle, power))
    for _ in range(SECTIONS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        at_left, at_right = _tails(k, left, t, middle, power), _tails(k, right, t, middle, power)
        best = np.maximum(best, np.maximum(at_left, at_right))
        high, low = np.where(at_left >= at_right, right, high), np.where(at_left >= at_right, low, left)
    return best
