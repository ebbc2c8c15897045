"""Squared error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._typing import Vector
from ._base import Loss

__all__ = ["Squared"]


@final
@dataclass(frozen=True, slots=True)
class Squared(Loss):
    r"""Predict a number; errors count by their square.

    .. math:: \ell(y, \eta) = (y - \eta)^2 / 2

    Prefer it for measurements with errors of similar size. Outliers pull on it strongly, and it suits neither
    classes (use :class:`Logistic`) nor counts.

    Examples
    --------
    >>> Squared().value(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([0., 2.])

    References
    ----------
    Legendre, A.-M. (1805). Nouvelles methodes pour la determination des orbites des cometes.
    """

    name: ClassVar[str] = "squared"
    score_name: ClassVar[str] = "mean squared error"
    curvature_bound: ClassVar[float | None] = 1.0

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return (y - eta)^2 / 2."""
        return 0.5 * np.square(y - eta)

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return eta - y."""
        return eta - y

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return ones."""
        return np.ones_like(eta)

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return u y + u^2 / 2."""
        return u * (y + 0.5 * u)

    def mean(self, eta: Vector) -> Vector:
        """Return eta itself."""
        return eta

    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Return (y - eta)^2."""
        return np.square(y - eta)

    def score(self, y: Vector, eta: Vector) -> Vector:
        """Return (y - eta)^2."""
        return np.square(y - eta)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return the weighted mean of y - offset."""
        return float(np.average(y if offset is None else y - offset, weights=weights))

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return the one there is."""
        return [cls()]
