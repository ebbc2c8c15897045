"""Dense X, C- or F-ordered, float64 or float32: read in blocks that fit the cache, summed in float64."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._typing import Vector
from ._base import Design

__all__ = ["Dense"]

CACHE_BYTES = 1 << 20
FAR = 1e3  # spreads: a mean further away costs more than three digits of a product
BLOCK_BYTES = 8 << 20  # of X in one product: large enough for BLAS, small enough to leave memory alone
SHORT, FEWEST, MOST = 2000, 6, 100  # rows, and columns of R, for which a product of our own beats BLAS


class Dense(Design):
    """A NumPy array as a design.

    >>> Dense(np.eye(3)).rmatmat(0, 3, np.ones((3, 1)))
    array([[1., 1., 1.]])
    """

    def __init__(self, X: np.ndarray) -> None:
        if not (X.flags.c_contiguous or X.flags.f_contiguous):
            X = np.asfortranarray(X)
        self.X = X
        self.n, self.p = X.shape
        self.nbytes = X.nbytes
        self.block = max(64, min(self.p, BLOCK_BYTES // (8 * max(self.n, 1))))
        self._all_rows = np.arange(self.n)
        # the last weights alone and their moments: units, null model and front ask for the same
        self._known: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def _piece(self, first: int, last: int) -> np.ndarray:
        """Columns first..last in float64: a view where X already is, else a converted block."""
        return self.X[:, first:last].astype(np.float64, copy=False)

    def centre(self, weights: Vector) -> Vector:
        total = weights.sum()
        if self._known is not None and np.array_equal(self._known[0][0], weights / total):
            return self._known[1][0].copy()
        out = np.empty(self.p)
        for first in range(0, self.p, self.block):
            last = min(first + self.block, self.p)
            out[first:last] = weights @ self._piece(first, last) / total
        return out

    def moments(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if len(weights) > 1:
            return self._moments(weights)
        if self._known is None or not np.array_equal(self._known[0], weights):
            self._known = weights.copy(), *self._moments(weights)
        return self._known[1].copy(), self._known[2].copy()

    def _moments(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shift = self.centre(weights.mean(axis=0))
        mean = np.empty((len(weights), self.p))
        deviation = np.empty_like(mean)
        # Three passes over a piece that stays in the cache; rows that lie together are read by the cache line at least.
        fewest = 1 if self.X.flags.f_contiguous else 16
        step = max(fewest, CACHE_BYTES // (8 * max(self.n, 1)))
        for first in range(0, self.p, step):
            span = slice(first, min(first + step, self.p))
            Z = self._piece(span.start, span.stop) - shift[span]
            m = weights @ Z
            np.multiply(Z, Z, out=Z)
            second = weights @ Z
            deviation[:, span] = _deviation(m, second, shift[span])
            mean[:, span] = m + shift[span]
        if self.far is None:
            narrow = (np.abs(shift) > FAR * deviation.max(axis=0)) & (deviation.max(axis=0) > 0)
            self.far = np.where(narrow, shift, 0.0) if narrow.any() else None
        return mean, deviation

    def rmatmat_near(self, first: int, last: int, R: np.ndarray) -> np.ndarray:
        if self.far is None or not self.far[first:last].any():
            return self.rmatmat(first, last, R)
        # A copy of the block: taking means off the products instead would leave their rounding.
        return np.dot(R.T, self._piece(first, last) - self.far[first:last])

    def rmatmat(self, first: int, last: int, R: np.ndarray) -> np.ndarray:
        piece = self._piece(first, last)
        if self.n <= SHORT and FEWEST <= R.shape[1] <= MOST and piece.flags.f_contiguous:
            out = np.empty((R.shape[1], last - first))
            if _core.thin_product(piece, np.ascontiguousarray(R), out):
                return out
        return np.dot(R.T, piece)

    def matmat(self, cols: np.ndarray, B: np.ndarray) -> np.ndarray:
        out = np.zeros((self.n, B.shape[1]))
        step = max(64, (32 << 20) // (8 * max(self.n, 1)))
        for start in range(0, len(cols), step):
            part = cols[start : start + step]
            out += self.gather(self._all_rows, part) @ B[start : start + step]
        return out

    def gather(
        self,
        rows: np.ndarray,
        cols: np.ndarray,
        centre: Vector | None = None,
        scale: Vector | None = None,
        weight: Vector | None = None,
    ) -> np.ndarray:
        """Return ``weight * (X[rows][:, cols] - centre) * scale``, F-ordered float64."""
        out = np.empty((len(rows), len(cols)), order="F")
        _core.gather(self.X, rows, cols, centre, scale, weight, out)
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
        rows = np.flatnonzero(weights)
        root = np.sqrt(weights[rows])
        same = len(cols) == len(fresh)
        m, a = mean[cols], inverse[cols]
        block = np.zeros((len(cols), len(fresh)), order="F")
        step = max(256, (32 << 20) // (8 * max(len(cols), 1)))
        for start in range(0, len(rows), step):
            span = slice(start, start + step)
            Z = self.gather(rows[span], cols, m, a, root[span])
            block += Z.T @ (Z if same else Z[:, len(cols) - len(fresh) :])
        return block

    def cross(self, rows: np.ndarray, weights: Vector, extra: np.ndarray, centre: Vector) -> np.ndarray:
        width = self.p + extra.shape[1]
        total = np.zeros((width, width))
        step = max(128, (4 << 20) // (8 * width))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            Z = self._augmented(rows[part], weights[part], extra, centre)
            total += Z.T @ Z
        return total

    def crosses(
        self, rows: np.ndarray, cuts: np.ndarray, weights: Vector, extra: np.ndarray, centre: Vector
    ) -> list[np.ndarray]:
        # Gathered once for all runs: rows of a chunk in any order come from the same few cache lines.
        Z = self._augmented(rows, weights, extra, centre)
        return [part.T @ part for part in np.split(Z, cuts)]

    def _augmented(self, rows: np.ndarray, weights: Vector, extra: np.ndarray, centre: Vector) -> np.ndarray:
        """``sqrt(weights) * [X - centre, extra]`` over some rows, F-ordered."""
        root = None if (weights == 1).all() else np.sqrt(weights)
        Z = np.empty((len(rows), self.p + extra.shape[1]), order="F")
        _core.gather(self.X, rows, np.arange(self.p), centre, None, root, Z[:, : self.p])
        Z[:, self.p :] = extra[rows] if root is None else extra[rows] * root[:, None]
        return Z

    def rows_times(self, rows: np.ndarray, B: np.ndarray) -> np.ndarray:
        return self.X[rows].astype(np.float64, copy=False) @ B


def _deviation(mean: np.ndarray, second: np.ndarray, shift: Vector) -> np.ndarray:
    """Standard deviation from moments about ``shift``; what is only rounding becomes exactly 0."""
    variance = second - mean**2
    rounding = 1e-13 * second + (1e-15 * shift) ** 2
    return np.sqrt(np.where(variance > rounding, variance, 0.0))
