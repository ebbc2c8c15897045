"""From numbers to places on an axis, and the round numbers to mark on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "spanning"]


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from ``first`` to ``last`` (either may be the larger), linear or logarithmic.

    Examples
    --------
    >>> Scale(100.0, 1.0, log=True)(10.0)
    0.5
    """

    first: float
    last: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return where ``value`` lies, 0 at ``first`` and 1 at ``last``; not bounded to them."""
        a, b = self._inner(self.first), self._inner(self.last)
        return (self._inner(value) - a) / (b - a) if b != a else 0.5

    def ticks(self, most: int = 6) -> list[float]:
        """Return at most about ``most`` round numbers on the axis, increasing."""
        low, high = sorted((self.first, self.last))
        if low == high:
            return [low]
        found = _log_ticks(low, high, most) if self.log else []
        return found if len(found) >= 2 else _linear_ticks(low, high, most)

    def _inner(self, value: float) -> float:
        return math.log10(value) if self.log else value


def spanning(values: Iterable[float], margin: float = 0.05) -> Scale:
    """Return a linear axis that holds all finite values with a margin; upwards, and never of no width.

    Examples
    --------
    >>> spanning([0.0, 10.0], margin=0.1)
    Scale(first=-1.0, last=11.0, log=False)
    """
    finite = [v for v in values if math.isfinite(v)] or [0.0]
    low, high = min(finite), max(finite)
    pad = margin * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low - pad, high + pad)


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


def _linear_ticks(low: float, high: float, most: int) -> list[float]:
    raw = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((s * power for s in (1, 2, 2.5, 5) if s * power >= raw * 0.999), 10 * power)
    start, stop = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(start, stop + 1)]
