"""What the engine asks of a stored X.

Standardising is always implicit, X itself is never changed or copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from .._typing import Vector

__all__ = ["Design"]


class Design(ABC):
    """An n x p matrix, known to the engine only through these products.

    ``centre`` (p,) is subtracted inside :meth:`moments` and :meth:`gram`, so that large means cost no digits;
    products with lanes' residuals use the raw columns.
    """

    n: int
    p: int
    nbytes: int
    block: int  # columns in one piece of `rmatmat`
    abreast: int | None = None  # columns of R that `rmatmat` is fastest with; None: as many as there are
    names: tuple[str, ...] | None = None  # of the columns, where whoever made the design knows them
    far: Vector | None = (
        None  # (p,) what `rmatmat_near` takes off columns whose mean costs digits; None: nothing
    )

    @property
    def shape(self) -> tuple[int, int]:
        """(n, p), as arrays have it."""
        return self.n, self.p

    @abstractmethod
    def moments(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means and standard deviations (F, p) of every column under each row of ``weights`` (F, n).

        Each row of weights sums to one. A column that is constant under the weights has deviation exactly 0.
        """

    @abstractmethod
    def rmatmat(self, first: int, last: int, R: np.ndarray) -> np.ndarray:
        """Return ``(X[:, first:last].T @ R).T``, (m, last - first) C-ordered, for R (n, m) C-ordered."""

    def rmatmat_near(self, first: int, last: int, R: np.ndarray) -> np.ndarray:
        """Return :meth:`rmatmat` of the columns less ``far``."""
        return self.rmatmat(first, last, R)

    @abstractmethod
    def matmat(self, cols: np.ndarray, B: np.ndarray) -> np.ndarray:
        """Return ``X[:, cols] @ B``, (n, m) C-ordered, for B (len(cols), m) C-ordered."""

    @abstractmethod
    def gram(
        self,
        weights: Vector,
        cols: np.ndarray,
        fresh: np.ndarray,
        mean: Vector,
        inverse: Vector,
        threads: int,
    ) -> np.ndarray:
        """Return the F-ordered Gram block of standardised columns ``cols`` against ``fresh``, its tail.

        ``weights`` (n,) may be signed or sum to anything; ``mean`` and ``inverse`` are (p,).
        """

    @abstractmethod
    def cross(self, rows: np.ndarray, weights: Vector, extra: np.ndarray, centre: Vector) -> np.ndarray:
        """Return the Gram matrix of ``[X - centre, extra]`` over some rows, (p + e, p + e), weighted."""

    def crosses(
        self, rows: np.ndarray, cuts: np.ndarray, weights: Vector, extra: np.ndarray, centre: Vector
    ) -> list[np.ndarray]:
        """Return :meth:`cross` of every run of ``rows`` between two ``cuts``."""
        parts = np.split(rows, cuts)
        shares = np.split(weights, cuts)
        return [self.cross(part, share, extra, centre) for part, share in zip(parts, shares, strict=True)]

    @abstractmethod
    def centre(self, weights: Vector) -> Vector:
        """Return a weighted mean of every column that is worth subtracting before products, (p,)."""

    def recentred(self) -> tuple[Design, Vector] | None:
        """Return the design less a constant per column, and the constants (p,), where means cost digits in products.

        None where there is nothing to gain. Only the intercept differs: it falls by constants times coefficients.
        """
        return None

    @abstractmethod
    def rows_times(self, rows: np.ndarray, B: np.ndarray) -> np.ndarray:
        """Return ``X[rows] @ B`` for B (p, m)."""
