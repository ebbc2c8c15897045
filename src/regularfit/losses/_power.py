r"""Losses with a log link whose variance grows as a power of the mean: Poisson, gamma and all between.

With a = 2 - power, b = power - 1 (so a + b = 1) and d = eta - log y, half the unit deviance is

    y^a (E(a d) / a + E(-b d) / b),     E(x) = e^x - 1 - x,

where a term with a = 0 or b = 0 is gone, and e^(a eta) / a where y = 0. It is never negative, convex in eta for
powers in [1, 2] and no others, and its third derivative never exceeds its second.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from .._typing import Vector
from ._base import Loss

__all__ = ["LogLink", "PowerLoss", "capped_exp", "excess", "log_or_zero"]

LOWEST = -120.0  # the log of a mean that stands for zero (of its power a)
CAP, CAP_SINGLE = (
    600.0,
    70.0,
)  # exponents beyond which losses go on in a straight line, in float64 and float32
FAR, FAR_SINGLE = 1e20, 1e5  # where those lines end, so that nothing overflows
SERIES = tuple(1 / f for f in (39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2))  # 1/11! to 1/2!


class LogLink(Loss, ABC):
    """What losses share that are half the unit deviance under a log link."""

    __slots__ = ()

    def mean(self, eta: Vector) -> Vector:
        """Return exp(eta)."""
        return capped_exp(eta)

    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Return the unit deviance: twice the loss."""
        return 2 * self.value(y, eta)

    def score(self, y: Vector, eta: Vector) -> Vector:
        """Return the unit deviance."""
        return self.deviance(y, eta)

    def typical(self, y: Vector, eta: Vector) -> Vector:
        """Return the loss of the null model, and a trace of that at 0 for where that model is perfect."""
        return self.value(y, eta) + 1e-30 * self.value(y, np.zeros_like(eta))


class PowerLoss(LogLink, ABC):
    """The base of the family."""

    __slots__ = ()

    @property
    @abstractmethod
    def exponent(self) -> float:
        """The variance is the mean to this power, in [1, 2]."""

    @property
    def _ends(self) -> tuple[float, float]:
        return 2.0 - self.exponent, self.exponent - 1.0

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return half the unit deviance, without cancellation near its minimum."""
        a, b = self._ends
        d = eta - log_or_zero(y)
        parts = [excess(a * d) / a] if a else []
        parts += [excess(-b * d) / b] if b else []
        above = y**a * sum(parts)
        return np.where(y > 0, above, excess(a * eta, tangent=False) / a) if a else above

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return e^(a eta) - y e^(-b eta)."""
        a, b = self._ends
        up = capped_exp(a * eta) if a else 1.0
        return up - (y * capped_exp(-b * eta) if b else y)

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return a e^(a eta) + b y e^(-b eta)."""
        a, b = self._ends
        up = a * capped_exp(a * eta) if a else 0.0
        bend = up + b * y * capped_exp(-b * eta) if b else up
        return np.asarray(bend + np.zeros_like(y)) if np.ndim(bend) < np.ndim(y) else np.asarray(bend)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return log sum w y e^(-b o) - log sum w e^(a o); where every y is 0, e^-120 stands for mean^a."""
        a, b = self._ends
        used = weights > 0
        y, weights = y[used], weights[used]
        base = np.zeros_like(y) if offset is None else offset[used]
        best = _log_sum(weights * y, -b * base) - _log_sum(weights, a * base)
        return max(best, LOWEST / max(a, 0.01) - float(base.max()))


def excess(x: Vector, tangent: bool = True) -> Vector:
    """E(x) = e^x - 1 - x to full relative accuracy; without ``tangent`` e^x alone. Straight lines beyond the cap."""
    cap = CAP_SINGLE if x.dtype == np.float32 else CAP
    grown = np.exp(np.minimum(x, cap))
    if (x > cap).any():
        grown = grown * (1 + np.clip(x - cap, 0, FAR_SINGLE if cap == CAP_SINGLE else FAR))
    if not tangent:
        return grown
    found = np.asarray(grown - 1 - x)
    small = np.abs(x) <= 0.1
    near = x[small]
    series = np.zeros_like(near)
    for coefficient in SERIES:
        series = series * near + coefficient
    found[small] = near * near * series
    return found


def capped_exp(x: Vector) -> Vector:
    """e^x, constant beyond the cap."""
    return np.exp(np.minimum(x, CAP_SINGLE if x.dtype == np.float32 else CAP))


def log_or_zero(y: Vector) -> Vector:
    """Log y, 0 where y is 0."""
    return np.log(np.where(y > 0, y, 1))


def _log_sum(weights: Vector, x: Vector) -> float:
    largest = float(x.max())
    total = float(weights @ np.exp(x - largest))
    return largest + float(np.log(total)) if total > 0 else -np.inf
