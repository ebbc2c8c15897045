"""The columns that any lane has in its working set, ready for the many small products of Newton's method.

Dense columns are gathered once, centred and scaled by the full data; sparse ones stay sparse. A lane's own scale
differs from this common one by a factor per column (its centring is absorbed by the intercept).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from .._typing import Vector
from ..designs import Dense, Design, SparseColumns

__all__ = ["Columns", "make_columns"]


class Columns(ABC):
    """``Z`` = [1, the columns taken in so far]; without an intercept the first column is not there."""

    def __init__(self, design: Design, mean: Vector, inverse: Vector, intercept: bool) -> None:
        self.design, self.mean, self.inverse, self.intercept = design, mean, inverse, intercept
        self.place = np.full(design.p, -1, np.int64)  # where a column of X sits among those taken in
        self.taken = np.empty(0, np.int64)

    @property
    def shift(self) -> int:
        return int(self.intercept)

    @property
    def width(self) -> int:
        return len(self.taken) + self.shift

    def take(self, cols: np.ndarray) -> None:
        """Take in columns of X that are not there yet."""
        fresh = np.unique(cols[self.place[cols] < 0])
        if len(fresh):
            self.place[fresh] = len(self.taken) + self.shift + np.arange(len(fresh))
            self.taken = np.concatenate([self.taken, fresh])
            self._append(fresh)

    def positions(self, cols: np.ndarray) -> np.ndarray:
        """Places of the intercept and of columns of X."""
        return np.concatenate([np.zeros(self.shift, np.int64), self.place[cols]])

    @abstractmethod
    def _append(self, fresh: np.ndarray) -> None: ...

    @abstractmethod
    def matmat(self, B: np.ndarray) -> np.ndarray:
        """``Z @ B`` for B (width, m), (n, m)."""

    @abstractmethod
    def rmatmat(self, R: np.ndarray) -> np.ndarray:
        """``Z.T @ R``, (width, m)."""

    @abstractmethod
    def gram(self, weights: Vector, positions: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """``Z' diag(weights) Z`` on some places, over all rows or those listed; F-ordered."""


class DenseColumns(Columns):
    """A growing matrix, F-ordered."""

    def __init__(self, design: Dense, mean: Vector, inverse: Vector, intercept: bool) -> None:
        super().__init__(design, mean, inverse, intercept)
        self._rows = np.arange(design.n)
        self._Z = np.empty((design.n, 64 + self.shift), order="F")
        if intercept:
            self._Z[:, 0] = 1.0

    @property
    def Z(self) -> np.ndarray:
        return self._Z[:, : self.width]

    def _append(self, fresh: np.ndarray) -> None:
        old = self.width - len(fresh)
        if self.width > self._Z.shape[1]:
            grown = np.empty((self.design.n, min(max(self.width, old * 3 // 2 + 32), self.design.p + self.shift)), order="F")
            grown[:, :old] = self._Z[:, :old]
            self._Z = grown
        scale = np.where(self.inverse[fresh] == 0, 1.0, self.inverse[fresh])
        self._Z[:, old : self.width] = self.design.gather(self._rows, fresh, self.mean[fresh], scale)  # type: ignore[attr-defined]

    def matmat(self, B: np.ndarray) -> np.ndarray:
        return self.Z @ B

    def rmatmat(self, R: np.ndarray) -> np.ndarray:
        return self.Z.T @ R

    def gram(self, weights: Vector, positions: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        used = np.flatnonzero(weights) if rows is None else rows[weights[rows] > 0]
        root = np.sqrt(weights[used])
        H = np.zeros((len(positions),) * 2)
        step = max(256, (4 << 20) // (8 * max(len(positions), 1)))
        for start in range(0, len(used), step):
            part = used[start : start + step]
            A = self.design_rows(part, positions, root[start : start + step])
            H += A.T @ A
        return np.asfortranarray(H)

    def design_rows(self, rows: np.ndarray, positions: np.ndarray, root: Vector) -> np.ndarray:
        from .. import _core

        out = np.empty((len(rows), len(positions)), order="F")
        _core.gather(self._Z, rows, positions, None, None, root, out)
        return out


class SparseTaken(Columns):
    """Columns of a sparse matrix, scaled but not centred."""

    def _append(self, fresh: np.ndarray) -> None:
        self.design: SparseColumns
        self._rebuild = True

    def _scales(self) -> Vector:
        inverse = self.inverse[self.taken]
        return np.where(inverse == 0, 1.0, inverse)

    def matmat(self, B: np.ndarray) -> np.ndarray:
        scaled = np.ascontiguousarray(B[self.shift :] * self._scales()[:, None])
        eta = self.design.matmat(self.taken, scaled)
        return eta + B[0] if self.intercept else eta

    def rmatmat(self, R: np.ndarray) -> np.ndarray:
        from .. import _core

        out = np.empty((self.width, R.shape[1]))
        if self.intercept:
            out[0] = R.sum(axis=0)
        sub = np.zeros((len(self.taken), R.shape[1]))
        self.design.core.rmatmat_on(self.taken, np.ascontiguousarray(R), sub)
        out[self.shift :] = sub * self._scales()[:, None]
        return out

    def gram(self, weights: Vector, positions: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        if rows is not None:
            masked = np.zeros_like(weights)
            masked[rows] = weights[rows]
            weights = masked
        cols = self.taken[positions[self.shift :] - self.shift]
        scale = self._scales()[positions[self.shift :] - self.shift]
        H = np.zeros((len(positions),) * 2, order="F")
        block = np.empty((len(cols),) * 2, order="F")
        self.design.core.gram(np.ascontiguousarray(weights), cols, cols, block, 1)
        H[self.shift :, self.shift :] = block * np.outer(scale, scale)
        if self.intercept:
            H[0, 0] = weights.sum()
            H[1:, 0] = H[0, 1:] = self.design.rmatvec_on(cols, weights) * scale
        return H


def make_columns(design: Design, mean: Vector, inverse: Vector, intercept: bool) -> Columns:
    """The store that fits the design."""
    kind = DenseColumns if isinstance(design, Dense) else SparseTaken
    return kind(design, mean, inverse, intercept)  # type: ignore[arg-type]
