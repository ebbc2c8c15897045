"""Means with their standard errors over replications, and their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._typing import Matrix

__all__ = ["mean_se", "number", "percent", "plus_minus", "points", "share"]


def mean_se(values: Any, axis: int = 0) -> tuple[Any, Any]:
    """Return mean and standard error over replications along ``axis``; at least two of them.

    Examples
    --------
    >>> mean_se([1.0, 2.0, 3.0])
    (np.float64(2.0), np.float64(0.5773502691896258))
    """
    found: Matrix = np.asarray(values, dtype=float)
    count = found.shape[axis]
    if count < 2:
        raise ValueError(f"{count} replication has no standard error; measure at least two.")
    return found.mean(axis), found.std(axis, ddof=1) / np.sqrt(count)


def number(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits.

    Examples
    --------
    >>> number(1234.5), number(0.01234), number(-0.5)
    ('1,230', '0.0123', '-0.5')
    """
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 1e6 or abs(rounded) < 1e-4:
        return f"{rounded:.{digits - 1}e}"
    places = max(0, digits - 1 - int(np.floor(np.log10(abs(rounded)))))
    text = f"{rounded:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plus_minus(mean: float, se: float) -> str:
    """Write a mean with its standard error, which has two digits.

    Examples
    --------
    >>> plus_minus(0.12341, 0.0067), plus_minus(1532.2, 41.0), plus_minus(3.0, 0.0)
    ('0.1234 ± 0.0067', '1,532 ± 41', '3 ± 0')
    """
    if not se > 0:
        return f"{number(mean, 4)} ± 0"
    places = max(0, 1 - int(np.floor(np.log10(se))))
    return f"{mean:,.{places}f} ± {se:,.{places}f}" if places < 7 else f"{mean:.2e} ± {se:.1e}"


def points(value: Sequence[float]) -> str:
    """Write a share and its standard error in percentage points.

    Examples
    --------
    >>> points((0.0512, 0.0111))
    '5.1 ± 1.1'
    """
    mean, se = value
    return plus_minus(100 * mean, 100 * se)


def percent(values: Sequence[float]) -> list[float]:
    """Return shares in percent, to be drawn."""
    return [100 * value for value in values]


def share(value: float) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> share(0.256), share(1.0)
    ('26 %', '100 %')
    """
    return f"{100 * value:.0f} %" if 0.1 <= abs(value) <= 1 or value == 0 else f"{100 * value:.1f} %"
