"""Huber's loss: squared near zero, absolute beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_positive
from .._typing import Vector
from ._base import Loss
from ._piecewise import minimum

__all__ = ["Huber"]


@final
@dataclass(frozen=True, slots=True)
class Huber(Loss):
    r"""Predict a number; errors count by their square up to ``delta``, and by their size beyond.

    .. math:: \ell(y, \eta) = \begin{cases} r^2 / 2 & |r| \le \delta \\ \delta |r| - \delta^2 / 2 & |r| > \delta
              \end{cases}, \qquad r = y - \eta

    Prefer it to :class:`Squared` where some targets are wrong or wild: no row pulls harder than one that is
    ``delta`` away. ``delta`` is in the unit of the target; 1.35 times the standard deviation of the errors loses
    5 % of efficiency where they are normal. scikit-learn's HuberRegressor estimates that deviation as well and
    multiplies its ``epsilon`` by it: with ``delta = epsilon * scale_`` and ``L2`` of strength
    ``alpha * scale_ / n`` the coefficients are the same. Wild values in X are not guarded against.

    Parameters
    ----------
    delta : float > 0, default 1.35
        Where errors begin to count by their size, in the unit of the target.

    Raises
    ------
    InputError
        For another delta.

    Examples
    --------
    >>> Huber(1.0).value(np.array([0.5, 3.0]), np.array([0.0, 0.0]))
    array([0.125, 2.5  ])

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Annals of Mathematical Statistics 35.
    """

    name: ClassVar[str] = "huber"
    score_name: ClassVar[str] = "mean Huber deviance"
    curvature_bound: ClassVar[float | None] = 1.0
    delta: float = 1.35

    def __post_init__(self) -> None:
        """Refuse a delta that is not positive."""
        advice = "It is in the unit of the target; for errors by their square throughout use Squared()."
        object.__setattr__(self, "delta", check_positive(self.delta, "Huber(delta)", advice))

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return r^2 / 2, or delta |r| - delta^2 / 2."""
        size = np.abs(y - eta)
        near = np.minimum(size, self.delta)
        return near * (size - 0.5 * near)

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return eta - y within [-delta, delta]."""
        return np.clip(eta - y, -self.delta, self.delta)

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return 1 for errors up to delta, 0 beyond."""
        return (np.abs(y - eta) <= self.delta).astype(eta.dtype)

    def pliancy(self, y: Vector, eta: Vector) -> Vector:
        """Return how far residuals may move: 1, less near delta, beyond which none can be."""
        return np.minimum(1, 2 * np.maximum(self.delta - np.abs(y - eta), 0))

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return u y + u^2 / 2, inf where u lies outside [-delta, delta]."""
        return np.where(np.abs(u) <= self.delta, u * (y + 0.5 * u), np.inf)

    def mean(self, eta: Vector) -> Vector:
        """Return eta itself."""
        return eta

    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Return twice the loss: (y - eta)^2 where that is small."""
        return 2 * self.value(y, eta)

    def score(self, y: Vector, eta: Vector) -> Vector:
        """Return twice the loss."""
        return self.deviance(y, eta)

    def typical(self, y: Vector, eta: Vector) -> Vector:
        """Return the loss of the null model, and a trace of the target's digits for where that model is perfect."""
        return self.value(y, eta) + 1e-20 * np.square(y)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return the best constant, in the middle where several are."""
        used = weights > 0
        target, w = (y if offset is None else y - offset)[used], weights[used]
        knots = np.concatenate([target - self.delta, target + self.delta])
        return minimum(knots, np.concatenate([w, -w]), -self.delta * float(w.sum()), 0.0)

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return one that is nearly absolute, and one that is nearly squared."""
        return [cls(0.1234567), cls(2.1234567)]
