"""Dense X with missing values: every lane fills them with the means of its own training rows."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .._checks import check_matrix
from .._typing import Vector
from ..errors import InputError
from ._base import Design
from .dense import Dense

__all__ = ["Imputed"]


class Imputed(Design):
    """A matrix whose NaN mean "missing".

    A fold must not learn from its held-out rows, and a mean is learned: so the engine asks for :meth:`fill`
    lane by lane. What is not a lane (the grid's top, closed-form scores) sees the matrix filled from all
    rows.

    >>> design = Imputed(np.array([[1.0], [np.nan], [3.0]]))
    >>> design.fill(np.array([1.0, 1.0, 0.0])).X[:, 0]
    array([1., 1., 3.])
    """

    def __init__(self, X: np.ndarray, names: tuple[str, ...] | None = None) -> None:
        self.names = names
        self.missing = np.isnan(X)
        empty = np.flatnonzero(self.missing.all(axis=0))
        if len(empty):
            raise InputError(f"Column {empty[0]} of X has no value at all; drop it.")
        check_matrix(np.where(self.missing, 0.0, X))
        self.X = X
        self.n, self.p = X.shape
        self.nbytes = X.nbytes

    def means(self, weights: Vector) -> Vector:
        """Weighted means of the values that are there, (p,); the mean of all rows where none has weight."""
        total = weights @ ~self.missing
        plain = np.where(self.missing, 0.0, self.X)
        everywhere = plain.sum(axis=0) / (~self.missing).sum(axis=0)
        return np.where(total > 0, weights @ plain / np.where(total > 0, total, 1.0), everywhere)

    def fill(self, weights: Vector) -> Dense:
        """Return a copy with every missing value replaced by its column's mean under ``weights``."""
        return Dense(np.asfortranarray(np.where(self.missing, self.means(weights), self.X)))

    @cached_property
    def _all(self) -> Dense:
        return self.fill(np.ones(self.n))

    @property
    def block(self) -> int:  # type: ignore[override]
        return self._all.block

    def moments(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._all.moments(weights)

    def rmatmat(self, first: int, last: int, R: np.ndarray) -> np.ndarray:
        return self._all.rmatmat(first, last, R)

    def matmat(self, cols: np.ndarray, B: np.ndarray) -> np.ndarray:
        return self._all.matmat(cols, B)

    def gram(
        self,
        weights: Vector,
        cols: np.ndarray,
        fresh: np.ndarray,
        mean: Vector,
        inverse: Vector,
        threads: int,
    ) -> np.ndarray:
        return self._all.gram(weights, cols, fresh, mean, inverse, threads)

    def cross(self, rows: np.ndarray, weights: Vector, extra: np.ndarray, centre: Vector) -> np.ndarray:
        return self._all.cross(rows, weights, extra, centre)

    def centre(self, weights: Vector) -> Vector:
        return self._all.centre(weights)

    def rows_times(self, rows: np.ndarray, B: np.ndarray) -> np.ndarray:
        return self._all.rows_times(rows, B)
