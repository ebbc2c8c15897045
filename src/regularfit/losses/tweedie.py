"""Tweedie losses: between Poisson and gamma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._typing import ArrayLike, Vector
from ._base import Loss
from ._power import PowerLoss, log_or_zero
from ._targets import check_not_negative, check_within
from .gamma import Gamma
from .poisson import Poisson

__all__ = ["Tweedie"]


@final
@dataclass(frozen=True, slots=True)
class Tweedie(PowerLoss):
    r"""Predict an amount that is often exactly 0 and else spread widely; effects multiply.

    .. math:: \ell(y, \eta) = \frac{y^{2-p}}{(1-p)(2-p)} - \frac{y \mu^{1-p}}{1-p} + \frac{\mu^{2-p}}{2-p},
              \qquad \mu = e^{\eta}

    This is half the unit deviance of a variance that grows as the mean to the ``power`` p; 1 is :class:`Poisson`,
    2 is :class:`Gamma`, and between them lie sums of a Poisson number of gamma amounts. Strengths mean the same
    as glmnet's lambda and, with ``L2``, as ``alpha`` of scikit-learn's TweedieRegressor with ``link="log"``.

    Prefer it for claims, rainfall and spending per customer. Powers below 1 and above 2 are refused: with a log
    link their loss is not convex, so no fit could be proved; for power 0 use :class:`Squared`.

    Parameters
    ----------
    power : float in [1, 2], default 1.5
        How fast the variance grows with the mean.

    Raises
    ------
    InputError
        For another power.

    Examples
    --------
    >>> Tweedie(1.5).value(np.array([0.0, 1.0]), np.array([0.0, 0.0]))
    array([2., 0.])

    References
    ----------
    Jorgensen, B. (1987). Exponential dispersion models. JRSS B 49.
    """

    name: ClassVar[str] = "tweedie"
    score_name: ClassVar[str] = "mean Tweedie deviance"
    power: float = 1.5

    def __post_init__(self) -> None:
        """Refuse powers whose loss is not convex."""
        advice = "With a log link other powers give a loss that is not convex; for power 0 use Squared()."
        object.__setattr__(self, "power", check_within(self.power, 1, 2, "Tweedie(power)", advice))

    @property
    def exponent(self) -> float:
        """The variance is the mean to this power."""
        return self.power

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return u eta - loss at the eta whose gradient is u; inf for negative u where y is 0."""
        a, b = self._ends
        if not a or not b:
            return (Poisson() if a else Gamma()).conjugate(y, u)
        positive = y > 0
        size = np.where(positive, y, 1)
        eta = _tilt(u * size**-a, a, b) + np.log(size)
        at_zero = np.where(u >= 0, u * (log_or_zero(np.maximum(u, 0)) - 1) / a, np.inf)
        return np.where(positive, u * eta - self.value(size, eta), at_zero)

    def check_target(self, y: ArrayLike) -> Vector:
        """Return ``y`` as float64, 0 or above (above 0 where the power is 2), or raise InputError."""
        zero = "use a power below 2, which allows zeros, or drop these rows" if self.power == 2 else None
        return check_not_negative(y, f"Tweedie({self.power:g})", zero=zero)

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return one between, and one near an end."""
        return [cls(1.5), cls(1.9)]


def _tilt(v: Vector, a: float, b: float) -> Vector:
    """The x at which e^(a x) - e^(-b x) = v.

    For v > 0 it is the zero of a x - log(v + e^(-b x)), which rises and is concave, so that Newton's method reaches
    it from the left without fail; for v < 0 the two ends change places.
    """
    up = v >= 0
    size, a_, b_ = np.abs(v), np.where(up, a, b).astype(v.dtype), np.where(up, b, a).astype(v.dtype)
    x = np.zeros_like(v)
    for _ in range(60):
        small = np.exp(-b_ * x)
        total = size + small
        step = (np.log(total) - a_ * x) / (a_ + b_ * small / total)
        x = x + step
        if (np.abs(step) <= 4 * np.finfo(v.dtype).eps * (1 + x)).all():
            break
    return np.where(up, x, -x)
