"""The squared hinge for two classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_vector
from .._typing import ArrayLike, Vector
from ..errors import InputError
from ._base import Loss
from ._piecewise import minimum

__all__ = ["SquaredHinge"]


@final
@dataclass(frozen=True, slots=True)
class SquaredHinge(Loss):
    r"""Tell two classes apart by a margin: rows on the right side of it count for nothing.

    .. math:: \ell(y, \eta) = y \frac{\max(0, 1 - \eta)^2}{2} + (1 - y) \frac{\max(0, 1 + \eta)^2}{2},
              \qquad y \in \{0, 1\}

    With ``L2`` it is scikit-learn's LinearSVC (which penalises the intercept too) at ``C = 1 / (2 n strength)``.
    Prefer it where only the label counts and many rows are easy; for probabilities use :class:`Logistic`.

    Examples
    --------
    >>> SquaredHinge().value(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
    array([0. , 0.5])

    References
    ----------
    Zhang, T. (2004). Statistical behavior and consistency of classification methods based on convex risk
    minimization. Annals of Statistics 32.
    """

    name: ClassVar[str] = "squared_hinge"
    score_name: ClassVar[str] = "mean squared hinge loss"
    curvature_bound: ClassVar[float | None] = 1.0

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return half the squares of what is missing to the margin."""
        right, left = np.maximum(1 - eta, 0), np.maximum(1 + eta, 0)
        return 0.5 * (y * right * right + (1 - y) * left * left)

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return minus what is missing for class 1, plus what is missing for class 0."""
        return (1 - y) * np.maximum(1 + eta, 0) - y * np.maximum(1 - eta, 0)

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return 1 inside the margin, 0 beyond."""
        return np.where(eta < 1, y, 0) + np.where(eta > -1, 1 - y, 0)

    def pliancy(self, y: Vector, eta: Vector) -> Vector:
        """Return how far gradients may move: 1, less near zero, beyond which they cannot be."""
        return np.minimum(1, 2 * np.abs(self.gradient(y, eta)))

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return u eta - loss at the eta whose gradient is u: u (2 y - 1) + u^2 / 2; inf on the wrong side of 0."""
        side = 2 * y - 1
        return np.where(side * u <= 0, side * u + 0.5 * u * u, np.inf)

    def mean(self, eta: Vector) -> Vector:
        """Return the share of class 1 for which eta would be best: (1 + eta) / 2 within [0, 1]."""
        return np.clip(0.5 * (1 + eta), 0, 1)

    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Return twice the loss above that of the best prediction, which is 0 for a label."""
        return np.maximum(2 * self.value(y, eta) - 4 * y * (1 - y), 0)

    def score(self, y: Vector, eta: Vector) -> Vector:
        """Return the squares of what is missing to the margin."""
        return 2 * self.value(y, eta)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return the best constant: the middle where several are, the nearest to 0 where there is one class only."""
        used = weights > 0
        y, w = y[used], weights[used]
        known = np.zeros_like(y) if offset is None else offset[used]
        knots = np.concatenate([-1 - known, 1 - known])
        slope = float(w @ self.gradient(y, known + knots.min()))
        return minimum(knots, np.concatenate([w * (1 - y), -w * y]), slope, float(w @ y))

    def check_target(self, y: ArrayLike) -> Vector:
        """Return ``y`` as float64 of 0 and 1, or raise InputError."""
        target = check_vector(y)
        wrong = target[(target != 0) & (target != 1)]
        if wrong.size:
            raise InputError(
                f"SquaredHinge needs a target of 0 and 1; y holds {wrong[0]:g}. "
                "PenalizedClassifier takes any two labels and encodes them itself."
            )
        return target

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return the one there is."""
        return [cls()]
