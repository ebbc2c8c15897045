"""The pinball loss: predict a quantile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_fraction
from .._typing import Vector
from ..errors import InputError
from ._base import Loss

__all__ = ["Quantile"]

TIED = 1e-12  # of the total weight: a share this near to q is q


@final
@dataclass(frozen=True, slots=True)
class Quantile(Loss):
    r"""Predict a quantile: the number that a share ``q`` of the targets lies below; 0.5 is the median.

    .. math:: \ell(y, \eta) = \max(q\, r,\; (q - 1)\, r), \qquad r = y - \eta

    Prefer it for prediction intervals (two fits, 0.05 and 0.95), for costs that differ by side, and for targets so
    wild that only their order can be trusted. It sees nothing but the side and size of errors, so it needs more rows
    than :class:`Squared` where errors are normal. Fits at several ``q`` are independent and may cross: on few rows
    the 0.9 may fall below the 0.5 for some x; sorting the predictions of a row mends that and never makes their
    scores worse. It runs with L1, L2, ElasticNet and their sums; :class:`Huber` takes every penalty. Several
    coefficients may be equally good: one of them is returned.

    Parameters
    ----------
    q : float in (0, 1), default 0.5
        Which quantile.

    Raises
    ------
    InputError
        For another q.

    Examples
    --------
    >>> Quantile(0.9).value(np.array([3.0, 1.0]), np.array([2.0, 2.0])).round(3)
    array([0.9, 0.1])

    References
    ----------
    Koenker, R. & Bassett, G. (1978). Regression quantiles. Econometrica 46. Chernozhukov, V., Fernandez-Val, I. &
    Galichon, A. (2010). Quantile and probability curves without crossing. Econometrica 78.
    """

    name: ClassVar[str] = "quantile"
    score_name: ClassVar[str] = "mean pinball loss"
    curvature_bound: ClassVar[float | None] = 0.0
    q: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a q outside (0, 1)."""
        advice = "0.5 is the median, 0.9 the number that nine targets in ten lie below."
        q = check_fraction(self.q, "Quantile(q)", advice)
        if q in (0, 1):
            raise InputError(f"Quantile(q) must lie strictly between 0 and 1; {self.q!r} was given. {advice}")
        object.__setattr__(self, "q", q)

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return q r above, (q - 1) r below."""
        r = y - eta
        return np.maximum(self.q * r, (self.q - 1) * r)

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return -q where the target lies above, 1 - q below, and 0, one of the subgradients, where they agree."""
        r = y - eta
        slope = np.where(r > 0, -self.q, np.where(r < 0, 1 - self.q, 0.0))
        return slope.astype(r.dtype, copy=False)

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return 0: the loss is made of straight pieces."""
        return np.zeros_like(y - eta)

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return u y, inf where u lies outside [-q, 1 - q]."""
        return np.where((u >= -self.q) & (u <= 1 - self.q), u * y, np.inf)

    def mean(self, eta: Vector) -> Vector:
        """Return eta itself."""
        return eta

    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Return twice the loss; 1 - deviance / null deviance is Koenker and Machado's R1."""
        return 2 * self.value(y, eta)

    def score(self, y: Vector, eta: Vector) -> Vector:
        """Return the loss, as scikit-learn's mean_pinball_loss has it."""
        return self.value(y, eta)

    def typical(self, y: Vector, eta: Vector) -> Vector:
        """Return the loss of the null model, and a trace of the target's digits for where that model is perfect."""
        return self.value(y, eta) + 1e-20 * np.abs(y)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return the weighted quantile, in the middle where several are."""
        used = weights > 0
        target, w = (y if offset is None else y - offset)[used], weights[used]
        order = np.argsort(target, kind="stable")
        below = np.cumsum(w[order])
        total = float(below[-1])
        k = int(np.searchsorted(below, (self.q - TIED) * total))
        here = float(target[order[k]])
        if below[k] <= (self.q + TIED) * total and k + 1 < len(order):
            return 0.5 * (here + float(target[order[k + 1]]))
        return here

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return the median, and one near the end."""
        return [cls(), cls(0.9)]
