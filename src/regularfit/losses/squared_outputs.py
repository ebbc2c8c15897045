"""Squared error of several targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_vector
from .._typing import ArrayLike, Matrix, Vector
from ..errors import InputError
from ._several import SeveralLoss

__all__ = ["SquaredOutputs"]


@final
@dataclass(frozen=True, slots=True)
class SquaredOutputs(SeveralLoss):
    r"""Predict several numbers at once; errors count by their squares.

    .. math:: \ell(y, \eta) = \tfrac12 \sum_k (y_k - \eta_k)^2

    It is what ``loss="squared"`` means for a target with columns. Targets in different units count by their variance:
    scale them first where that is not meant. The score of held-out rows is the mean over rows and targets.

    Examples
    --------
    >>> SquaredOutputs().value(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    array([2.5])

    References
    ----------
    Obozinski, G., Taskar, B. & Jordan, M. (2010). Joint covariate selection and joint subspace selection for multiple
    classification problems. Statistics and Computing 20.
    """

    name: ClassVar[str] = "squared"
    score_name: ClassVar[str] = "mean squared error"

    def value(self, y: Matrix, eta: Matrix) -> Vector:
        """Return sum (y - eta)^2 / 2."""
        return 0.5 * np.square(y - eta).sum(axis=-1)

    def gradient(self, y: Matrix, eta: Matrix) -> Matrix:
        """Return eta - y."""
        return eta - y

    def conjugate(self, y: Matrix, u: Matrix) -> Vector:
        """Return sum u y + u^2 / 2."""
        return (u * (y + 0.5 * u)).sum(axis=-1)

    def mean(self, eta: Matrix) -> Matrix:
        """Return eta itself."""
        return eta

    def deviance(self, y: Matrix, eta: Matrix) -> Vector:
        """Return sum (y - eta)^2."""
        return np.square(y - eta).sum(axis=-1)

    def score(self, y: Matrix, eta: Matrix) -> Vector:
        """Return the mean of (y - eta)^2 over the targets."""
        return np.square(y - eta).mean(axis=-1)

    def null_eta(self, y: Matrix, weights: Vector, offset: Matrix | None = None) -> Vector:
        """Return the weighted means of y - offset."""
        return weights @ (y if offset is None else y - offset) / weights.sum()

    def check_target(self, y: ArrayLike) -> Matrix:
        """Return ``y`` as a finite float64 matrix with two or more columns, or raise InputError."""
        array = np.asarray(y)
        if array.ndim != 2 or array.shape[1] < 2:
            raise InputError(f"y has shape {array.shape}; several targets are (n, K) with K >= 2.")
        return np.column_stack([check_vector(array[:, k]) for k in range(array.shape[1])])

    @classmethod
    def examples(cls) -> Sequence[SeveralLoss]:
        """Return the one there is."""
        return [cls()]
