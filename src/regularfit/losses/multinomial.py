"""The multinomial loss for any number of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_vector
from .._typing import ArrayLike, Matrix, Vector
from ..errors import InputError
from ._several import SeveralLoss

__all__ = ["Multinomial"]

LARGEST = 36.0  # beyond it a probability rounds to 0 or 1 in float64


@final
@dataclass(frozen=True, slots=True)
class Multinomial(SeveralLoss):
    r"""Predict the probabilities of K classes, one linear predictor a class.

    .. math:: \ell(y, \eta) = \log \sum_k e^{\eta_k} - \sum_k y_k \eta_k, \qquad \sum_k y_k = 1

    Every class has coefficients of its own, none is the reference. Adding one number to all predictors of a row
    changes nothing; the penalty decides among such solutions. With two classes it is the logistic loss of the
    difference of the predictors; :class:`Logistic` is the cheaper way to say so. The target is a class number from 0
    for every row, or a share of each class, (n, K).

    Examples
    --------
    >>> Multinomial().mean(np.array([[0.0, np.log(3.0)]]))
    array([[0.25, 0.75]])

    References
    ----------
    Theil, H. (1969). A multinomial extension of the linear logit model. International Economic Review 10.
    """

    name: ClassVar[str] = "multinomial"
    score_name: ClassVar[str] = "mean log-loss"

    def value(self, y: Matrix, eta: Matrix) -> Vector:
        """Return log sum exp(eta) - y . eta, without overflow."""
        away = eta - eta.max(axis=-1, keepdims=True)
        return np.log(np.exp(away).sum(axis=-1)) - (y * away).sum(axis=-1)

    def gradient(self, y: Matrix, eta: Matrix) -> Matrix:
        """Return p - y."""
        return self.mean(eta) - y

    def conjugate(self, y: Matrix, u: Matrix) -> Vector:
        """Return sum p log p at p = y + u, inf where p is no distribution."""
        p = y + u
        inside = (p >= 0).all(axis=-1) & (np.abs(p.sum(axis=-1) - 1) <= 1e-9)
        return np.where(inside, _x_log_x(np.maximum(p, 0)).sum(axis=-1), np.inf)

    def mean(self, eta: Matrix) -> Matrix:
        """Return the probabilities."""
        out = np.exp(eta - eta.max(axis=-1, keepdims=True))
        out /= out.sum(axis=-1, keepdims=True)
        return out

    def deviance(self, y: Matrix, eta: Matrix) -> Vector:
        """Return twice the loss, less that of the best prediction where y holds shares."""
        return 2 * np.maximum(self.value(y, eta) + _x_log_x(y).sum(axis=-1), 0)

    def score(self, y: Matrix, eta: Matrix) -> Vector:
        """Return the log-loss."""
        return self.value(y, eta)

    def null_eta(self, y: Matrix, weights: Vector, offset: Matrix | None = None) -> Vector:
        """Return the logs of the classes' shares, less their mean, or Newton's answer where there is an offset.

        A class without weight has its minimum at minus infinity; a large finite answer is returned. Refusing such a
        target is for the caller.
        """
        share = weights @ y / weights.sum()
        start = np.log(np.maximum(share, np.exp(-LARGEST)))
        start -= start.mean()
        if offset is None or not np.any(offset) or not (share > 0).all():
            return start
        return self._newton(y, weights / weights.sum(), offset, start - weights @ offset / weights.sum())

    def _newton(self, y: Matrix, pi: Vector, offset: Matrix, a: Vector) -> Vector:
        K = y.shape[1]
        a, value = a - a.mean(), np.inf
        for _ in range(100):
            p = self.mean(offset + a)
            pull = pi @ (y - p)
            bend = np.diag(pi @ p) - (p * pi[:, None]).T @ p + 1.0 / K
            step = np.asarray(np.linalg.lstsq(bend, pull, rcond=None)[0], dtype=np.float64)
            before, length = float(pi @ self.value(y, offset + a)), 1.0
            while length > 1e-6:
                value = float(pi @ self.value(y, offset + a + length * step))
                if value <= before:
                    break
                length /= 2
            a = a + length * (step - step.mean())
            if np.abs(length * step).max() <= 1e-14 * max(1.0, float(np.abs(a).max())):
                break
        return a

    def check_target(self, y: ArrayLike) -> Matrix:
        """Return class numbers as an indicator matrix, and shares as they are, or raise InputError."""
        array = np.asarray(y)
        if array.ndim == 2 and array.shape[1] > 1:
            shares = np.column_stack([check_vector(array[:, k]) for k in range(array.shape[1])])
            if (shares < 0).any() or (np.abs(shares.sum(axis=1) - 1) > 1e-9).any():
                raise InputError(
                    "Multinomial: shares of classes, (n, K), must be >= 0 and sum to 1 in every row."
                )
            return shares
        codes = check_vector(y)
        if (codes < 0).any() or (codes != np.floor(codes)).any():
            raise InputError(
                "Multinomial needs class numbers 0, 1, 2, ... or shares (n, K). PenalizedClassifier takes any labels "
                "and encodes them itself."
            )
        return np.eye(int(codes.max()) + 1)[codes.astype(int)]

    @classmethod
    def examples(cls) -> Sequence[SeveralLoss]:
        """Return the one there is."""
        return [cls()]


def _x_log_x(x: Matrix) -> Matrix:
    return x * np.log(np.where(x > 0, x, 1))
