"""What a loss is: a frozen value that maps a target and a linear predictor to numbers, row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from .._checks import check_vector
from .._typing import ArrayLike, Vector

__all__ = ["Loss"]

LARGEST_ETA = 36.0  # beyond it the logistic mean rounds to 0 or 1 in float64


class Loss(ABC):
    """The base of every loss. All vectors are (n,); the factor 1/n and the row weights belong to the engine.

    A subclass sets ``name`` and ``score_name`` and writes the abstract methods. ``curvature_bound`` is the
    largest value that ``curvature`` can take, or None where there is none.
    """

    __slots__ = ()
    name: ClassVar[str]
    score_name: ClassVar[str]
    curvature_bound: ClassVar[float | None] = None

    @abstractmethod
    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return the loss of every row, (n,)."""

    @abstractmethod
    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return its derivative with respect to eta, (n,)."""

    @abstractmethod
    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return its second derivative with respect to eta, (n,)."""

    @abstractmethod
    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return sup_eta u eta - loss(y, eta), (n,); inf outside its domain."""

    @abstractmethod
    def mean(self, eta: Vector) -> Vector:
        """Return the expected target, (n,): the inverse of the link."""

    @abstractmethod
    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Return twice the loss above that of a perfect prediction, (n,)."""

    @abstractmethod
    def score(self, y: Vector, eta: Vector) -> Vector:
        """Return the score of held-out rows, (n,), as ``score_name`` says; smaller is better."""

    def pliancy(self, y: Vector, eta: Vector) -> Vector:
        """Return how far a row's gradient can be moved in a proof of optimality, (n,), >= 0.

        For |t| <= 1/2 a gradient less ``pliancy * t`` must stay where the conjugate is finite and bends at most
        ``2 / pliancy``. The curvature does where its slope never exceeds itself, as for every smooth loss here.
        """
        return self.curvature(y, eta)

    def typical(self, y: Vector, eta: Vector) -> Vector:
        """Return the loss of every row for somebody who knows nothing, (n,): what a loss is small against.

        ``eta`` is the null model. By default it is the loss of an eta of 0.
        """
        return np.abs(self.value(y, np.zeros_like(eta)))

    @classmethod
    @abstractmethod
    def examples(cls) -> Sequence[Loss]:
        """Return instances on which every law in ``tests/laws`` runs."""

    def check_target(self, y: ArrayLike) -> Vector:
        """Return ``y`` as a finite float64 vector that this loss can take, or raise InputError."""
        return check_vector(y)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return the best constant intercept: the b that minimises sum_i w_i loss(y_i, offset_i + b).

        Newton's method kept inside a bracket. Where the minimum lies at infinity (one class only), a large
        finite answer is returned: the predictor of every weighted row is then about 36 in size or more.
        """
        used = weights > 0
        y, weights = y[used], weights[used]
        base = np.zeros_like(y) if offset is None else offset[used]

        def slope(b: float) -> float:
            return float(weights @ self.gradient(y, base + b))

        def bend(b: float) -> float:
            return float(weights @ self.curvature(y, base + b))

        negligible = 1e-12 * float(weights.sum())
        low = _outermost(slope, -LARGEST_ETA - float(base.max()), -1.0, negligible)
        high = _outermost(slope, LARGEST_ETA - float(base.min()), 1.0, negligible)
        return _newton(slope, bend, low, high, -float(np.average(base, weights=weights)))


def _outermost(slope: Callable[[float], float], end: float, side: float, negligible: float) -> float:
    """An end of the bracket: moved outwards while the minimum clearly lies beyond it."""
    reach = abs(end)
    while side * slope(end) < -negligible and reach < 1e300:
        end, reach = end + side * reach, 2.0 * reach
    return end


def _newton(
    slope: Callable[[float], float], bend: Callable[[float], float], low: float, high: float, start: float
) -> float:
    """The zero of an increasing slope in [low, high]: Newton's step where it stays inside, else halving."""
    b = min(max(start, low), high)
    for _ in range(200):
        here, curvature = slope(b), bend(b)
        if here == 0:
            return b
        low, high = (low, b) if here > 0 else (b, high)
        following = b - here / curvature if curvature > 0 else np.inf
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - b) <= 1e-14 * max(1.0, abs(b)):
            return following
        b = following
    return b
