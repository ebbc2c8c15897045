r"""The proximal steps behind fusion: total variation exactly in O(p), higher differences by pivoting on their dual.

Total variation: with m_i(b) the slope in b of the best cost of the first i entries when the i-th is b, it is

    m_1(b) = b - v_1,     m_{i+1}(b) = clip(m_i(b), -t, t) + b - v_{i+1},

increasing and piecewise linear. The last entry is the zero of m_p, and every one before it the next one clipped to where
m_i lies between -t and t. (N. Johnson, 2013, A dynamic programming algorithm for the fused lasso, JCGS 22.)

Higher differences: w = v - D'z, where z minimises ``||v - D'z||^2 / 2`` within [-t, t]. The matrix DD' is banded and
positive definite, so block pivoting with a fallback on single pivots ends at the solution. (J. Júdice and F. Pires, 1994,
A block principal pivoting algorithm for large-scale strictly monotone linear complementarity problems.)
"""

from __future__ import annotations

from collections import deque
from math import comb
from typing import Any

import numpy as np

from .._typing import Indices, Vector

__all__ = ["box_differences", "differences_transposed", "smooth_steps"]

PATIENCE = 3  # block exchanges without progress before single ones
REFINED = 2


def smooth_steps(v: Vector, t: float) -> Vector:
    """Return argmin_w ||w - v||^2 / 2 + t sum |w_{i+1} - w_i|, (p,); fused entries are exactly equal."""
    if len(v) < 2 or t == 0:
        return v.astype(np.float64)
    if np.isinf(t):
        return np.full(len(v), float(np.mean(v)))
    lows, highs, knots, last = _forward(v.tolist(), t)
    a, b = 1.0, -t - last
    while knots and a * knots[0][0] + b < 0:
        _, rise, lift = knots.popleft()
        a, b = a + rise, b + lift
    out = np.empty(len(v))
    out[-1] = w = -b / a
    for i in range(len(v) - 2, -1, -1):
        w = min(max(w, lows[i]), highs[i])
        out[i] = w
    return out


def _forward(v: list[float], t: float) -> tuple[list[float], list[float], deque[Any], float]:
    """Where every m_i reaches -t and t, and the knots (place, change of slope, change of level) of the last one."""
    lows, highs = [v[0] - t], [v[0] + t]
    knots: deque[tuple[float, float, float]] = deque([(v[0] - t, 1.0, t - v[0]), (v[0] + t, -1.0, t + v[0])])
    for x in v[1:-1]:
        a, b = 1.0, -t - x
        while knots and a * knots[0][0] + b < -t:
            _, rise, lift = knots.popleft()
            a, b = a + rise, b + lift
        low, left = (-t - b) / a, (a, b + t)
        a, b = 1.0, t - x
        while knots and a * knots[-1][0] + b > t:
            _, rise, lift = knots.pop()
            a, b = a - rise, b - lift
        high = (t - b) / a
        knots.appendleft((low, *left))
        knots.append((high, -a, t - b))
        lows.append(low)
        highs.append(high)
    return lows, highs, knots, v[-1]


# ---------------------------------------------------------------- differences of a higher order


def differences_transposed(z: Vector, order: int) -> Vector:
    """Return D'z, (p,), for D the differences of an order and z (p - order,)."""
    for _ in range(order):
        z = -np.diff(z, prepend=0.0, append=0.0)
    return z


def box_differences(v: Vector, order: int, t: float, rows: Indices) -> Vector:
    """Return v - D'z for the z within [-t, t], on some rows of D and 0 on the others, that makes it shortest."""
    count = len(v) - order
    if not len(rows) or t == 0:
        return v.astype(np.float64)
    target = np.diff(v, order)[rows]
    side = np.zeros(len(rows), np.int8)  # -1 and 1 at a bound, 0 between
    fewest, patience, full = len(rows) + 1, PATIENCE, np.zeros(count)
    rest = target
    for _ in range(100 + 20 * len(rows)):
        full[rows] = t * side
        free = np.flatnonzero(side == 0)
        # With D_F w = 0 for the free rows; again from what rounding left, which grows with the length squared.
        for _ in range(1 + REFINED):
            rest = np.diff(v - differences_transposed(full, order), order)[rows]
            if not len(free):
                break
            full[rows[free]] += _solve(rows[free], order, rest[free])
        z = full[rows]
        wrong = np.where(side == 0, np.abs(z) > t * (1 + 1e-12), side * rest < 0)
        bad = np.flatnonzero(wrong)
        if not len(bad):
            break
        if len(bad) < fewest:
            fewest, patience = len(bad), PATIENCE
        elif patience:
            patience -= 1
        else:
            bad = bad[-1:]
        side[bad] = np.where(side[bad] == 0, np.sign(z[bad]), 0).astype(np.int8)
    return v - differences_transposed(full, order)


def _solve(rows: Indices, order: int, target: Vector) -> Vector:
    """Solve DD' z = target on some rows: a banded matrix whose entries depend on the rows' distance alone."""
    from scipy.linalg import solveh_banded  # pyright: ignore[reportMissingTypeStubs] # loaded with the first use

    size = min(order, len(rows) - 1)
    band = np.zeros((size + 1, len(rows)))
    entries = np.array([(-1) ** d * comb(2 * order, order + d) for d in range(order + 1)], dtype=np.float64)
    band[0] = entries[0]
    for d in range(1, size + 1):
        apart = rows[d:] - rows[:-d]
        band[d, : len(rows) - d] = np.where(apart <= order, entries[np.minimum(apart, order)], 0.0)
    found: Any = solveh_banded(band, target, lower=True, check_finite=False)
    return found
