"""Sparse X by columns; CSR is turned into CSC once, nothing is ever densified."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .. import _core
from .._typing import Vector
from ._base import Design

__all__ = ["SparseColumns"]

LOST = 1e-6  # share of the mean square: a smaller variance has lost digits to the mean
FAR = 100.0  # a mean so many times the spread costs digits in products


class SparseColumns(Design):
    """A SciPy sparse matrix as a design.

    >>> from scipy import sparse
    >>> SparseColumns(sparse.eye(3, format="csc")).rmatmat(0, 3, np.ones((3, 1)))
    array([[1., 1., 1.]])
    """

    abreast = 8  # of more, the rows that a column names would not stay in the cache

    def __init__(self, X: Any) -> None:
        X = X.tocsc()
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        self.X = X
        self.n, self.p = X.shape
        self.data = np.ascontiguousarray(X.data, dtype=np.float64)
        self.indices = np.ascontiguousarray(X.indices, dtype=np.int32)
        self.indptr = np.ascontiguousarray(X.indptr, dtype=np.int64)
        self.nbytes = self.data.nbytes + self.indices.nbytes + self.indptr.nbytes
        self.core = _core.Sparse(self.data, self.indices, self.indptr, self.n)
        self.block = max(64, min(self.p, int(2**20 // max(1.0, len(self.data) / self.p) // 4)))

    def centre(self, weights: Vector) -> Vector:
        return np.zeros(self.p)  # a centred sparse matrix is dense

    def moments(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        by_row = np.ascontiguousarray(weights.T)
        mean = self.core_rmatmat(self.core, by_row)
        squares = _core.Sparse(self.data**2, self.indices, self.indptr, self.n)
        second = self.core_rmatmat(squares, by_row)
        variance = second - mean**2
        deviation = np.sqrt(np.where(variance > 1e-13 * second, variance, 0.0))
        lost = np.flatnonzero(((variance <= LOST * second) & (second > 0)).any(axis=0))
        if len(lost):
            mean[:, lost], deviation[:, lost] = self._moments_about(lost, mean[:, lost].mean(axis=0), weights)
        return mean, deviation

    def _moments_about(
        self, cols: np.ndarray, shift: Vector, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Moments of columns whose entries nearly agree, from their distances to a point among them."""
        mean, deviation = np.empty((len(weights), len(cols))), np.empty((len(weights), len(cols)))
        for k, (a, b) in enumerate(zip(self.indptr[cols], self.indptr[cols + 1], strict=True)):
            away, of = self.data[a:b] - shift[k], weights[:, self.indices[a:b]]
            empty = weights.sum(axis=1) - of.sum(axis=1) if b - a < self.n else np.zeros(len(weights))
            empty = np.where(empty > 1e-14, empty, 0.0)  # rows without weight, less rounding
            first, second = of @ away - empty * shift[k], of @ away**2 + empty * shift[k] ** 2
            variance = second - first**2
            mean[:, k] = first + shift[k]
            rounding = 1e-13 * second + (1e-15 * shift[k]) ** 2
            deviation[:, k] = np.sqrt(np.where(variance > rounding, variance, 0.0))
        return mean, deviation

    def recentred(self) -> tuple[Design, Vector] | None:
        # Only a column without zeros can have a mean far above its spread; there the pattern stays as it is.
        full = np.flatnonzero(np.diff(self.indptr) == self.n)
        shift = np.zeros(self.p)
        for j in full:
            entries = self.data[self.indptr[j] : self.indptr[j + 1]]
            middle, spread = float(entries.mean()), float(entries.std())
            if abs(middle) > FAR * spread > FAR * 1e-15 * abs(middle):  # not constant but for rounding
                shift[j] = middle
        if not shift.any():
            return None
        moved = sparse.csc_matrix((self.data.copy(), self.indices, self.indptr), shape=self.shape)
        for j in np.flatnonzero(shift):  # near each other, so the differences are exact
            moved.data[self.indptr[j] : self.indptr[j + 1]] -= shift[j]
        design = SparseColumns(moved)
        design.names = self.names
        return design, shift

    def core_rmatmat(self, core: _core.Sparse, R: np.ndarray) -> np.ndarray:
        out = np.empty((R.shape[1], self.p))
        core.rmatmat(0, self.p, R, out)
        return out

    def rmatmat(self, first: int, last: int, R: np.ndarray) -> np.ndarray:
        out = np.empty((R.shape[1], last - first))
        self.core.rmatmat(first, last, R, out)
        return out

    def matmat(self, cols: np.ndarray, B: np.ndarray) -> np.ndarray:
        out = np.zeros((self.n, B.shape[1]))
        self.core.matmat(cols, B, out)
        return out

    def gram(
        self,
        weights: Vector,
        cols: np.ndarray,
        fresh: np.ndarray,
        mean: Vector,
        inverse: Vector,
        threads: int,
    ) -> np.ndarray:
        block = np.empty((len(cols), len(fresh)), order="F")
        self.core.gram(weights, cols, fresh, block, threads)
        # sum w (x - m)(z - k) = sum w x z - (sum w x) k - m (sum w z) + W m k; under the lane's own weights
        # the
        # sums are the means, but Newton's weights are others, so they are taken as they are.
        touched = self.rmatvec_on(cols, weights)
        total = weights.sum()
        new = len(cols) - len(fresh)
        m, k = mean[cols], mean[fresh]
        block -= np.outer(touched, k) + np.outer(m, touched[new:]) - total * np.outer(m, k)
        block *= np.outer(inverse[cols], inverse[fresh])
        return block

    def rmatvec_on(self, cols: np.ndarray, weights: Vector) -> Vector:
        found = np.empty((len(cols), 1))
        self.core.rmatmat_on(cols, np.ascontiguousarray(weights)[:, None], found)
        return found[:, 0]

    def cross(self, rows: np.ndarray, weights: Vector, extra: np.ndarray, centre: Vector) -> np.ndarray:
        part = self.X[rows].astype(np.float64)
        weighted = part.multiply(weights[:, None]).tocsc()
        other = extra[rows]
        p = self.p
        out = np.empty((p + other.shape[1],) * 2)
        out[:p, :p] = (part.T @ weighted).toarray()
        out[:p, p:] = weighted.T @ other
        out[p:, :p] = out[:p, p:].T
        out[p:, p:] = other.T @ (other * weights[:, None])
        return out

    def rows_times(self, rows: np.ndarray, B: np.ndarray) -> np.ndarray:
        return np.asarray(self.X[rows] @ B)
