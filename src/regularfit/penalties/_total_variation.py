r"""The proximal step of total variation, exactly and in O(p).

With m_i(b) the slope in b of the best cost of the first i entries when the i-th is b,

    m_1(b) = b - v_1,     m_{i+1}(b) = clip(m_i(b), -t, t) + b - v_{i+1},

increasing and piecewise linear. The last entry is the zero of m_p, and every one before it the next one clipped to
where m_i lies between -t and t. (N. Johnson, 2013, A dynamic programming algorithm for the fused lasso, JCGS 22.)

Higher differences are in ``_box_differences.py``.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from .._typing import Vector

__all__ = ["smooth_steps"]


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
