"""The logistic loss for two classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_vector
from .._typing import ArrayLike, Vector
from ..errors import InputError
from ._base import LARGEST_ETA, Loss

__all__ = ["Logistic"]


@final
@dataclass(frozen=True, slots=True)
class Logistic(Loss):
    r"""Predict the probability of the second of two classes.

    .. math:: \ell(y, \eta) = \log(1 + e^{\eta}) - y \eta

    Prefer it when probabilities are wanted. The target is 0 or 1; numbers between are taken as shares (a row
    of y = 0.3 counts like 0.7 rows of class 0 and 0.3 of class 1). Every method is finite and accurate for
    any finite eta.

    Examples
    --------
    >>> Logistic().value(np.array([1.0, 0.0]), np.array([700.0, 700.0])).round(3)
    array([  0., 700.])

    References
    ----------
    Cox, D. R. (1958). The regression analysis of binary sequences. JRSS B 20.
    """

    name: ClassVar[str] = "logistic"
    score_name: ClassVar[str] = "mean log-loss"
    curvature_bound: ClassVar[float | None] = 0.25

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return log(1 + exp(eta)) - y eta, without cancellation."""
        # Equal to y softplus(-eta) + (1 - y) softplus(eta): no difference of large numbers is formed.
        wrong = y * np.maximum(-eta, 0) + (1 - y) * np.maximum(eta, 0)
        return wrong + np.log1p(np.exp(-np.abs(eta)))

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return p - y, without cancellation."""
        if ((y == 0) | (y == 1)).all():  # the usual case in half the passes: -sign / (1 + exp(sign eta))
            sign = 2 * y - 1
            out = np.asarray(sign * eta)
            np.minimum(out, 88.0 if out.dtype == np.float32 else 700.0, out=out)  # beyond, exp overflows
            np.exp(out, out=out)
            out += 1
            np.divide(-sign, out, out=out)
            return out
        p, q = _probabilities(eta)
        return (1 - y) * p - y * q

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return p (1 - p)."""
        p, q = _probabilities(eta)
        return p * q

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return p log p + (1 - p) log(1 - p) at p = y + u, inf where p lies outside [0, 1]."""
        p, q = y + u, (1 - y) - u
        inside = (p >= 0) & (q >= 0)
        return np.where(inside, _x_log_x(np.where(inside, p, 1)) + _x_log_x(np.where(inside, q, 1)), np.inf)

    def mean(self, eta: Vector) -> Vector:
        """Return the probability of class 1."""
        return _probabilities(eta)[0]

    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Return twice the loss, less that of the best prediction where y lies between 0 and 1."""
        return 2 * np.maximum(self.value(y, eta) + _x_log_x(y) + _x_log_x(1 - y), 0)

    def score(self, y: Vector, eta: Vector) -> Vector:
        """Return the log-loss."""
        return self.value(y, eta)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return the logit of the weighted mean, or Newton's answer where there is an offset.

        With one class only the minimum lies at infinity; a large finite answer is returned, at which the
        predictor of every weighted row is about 36 in size or more. Refusing such a target is for the caller.
        """
        if offset is not None and np.any(offset):
            return Loss.null_eta(self, y, weights, offset)
        ones, zeros = float(weights @ y), float(weights @ (1 - y))
        with np.errstate(divide="ignore"):
            return float(np.clip(np.log(ones) - np.log(zeros), -LARGEST_ETA, LARGEST_ETA))

    def check_target(self, y: ArrayLike) -> Vector:
        """Return ``y`` as float64 within [0, 1], or raise InputError."""
        target = check_vector(y)
        wrong = target[(target < 0) | (target > 1)]
        if wrong.size:
            raise InputError(
                f"Logistic needs a target of 0 and 1 (or shares between them); y holds {wrong[0]:g}. "
                "PenalizedClassifier takes any two labels and encodes them itself."
            )
        return target

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return the one there is."""
        return [cls()]


def _probabilities(eta: Vector) -> tuple[Vector, Vector]:
    """Both class probabilities, each exact to the last digits however small."""
    small = np.exp(-np.abs(eta))
    low, high = small / (1 + small), 1 / (1 + small)
    positive = eta >= 0
    return np.where(positive, high, low), np.where(positive, low, high)


def _x_log_x(x: Vector) -> Vector:
    return x * np.log(np.where(x > 0, x, 1))
