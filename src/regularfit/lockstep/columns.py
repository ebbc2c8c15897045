"""The columns that any lane has in its working set, ready for the many small products of Newton's method.

Dense columns are gathered once, centred and scaled by the full data; sparse ones stay sparse. A lane's own
scale differs from this common one by a factor per column (its centring is absorbed by the intercept).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from .. import _core
from .._typing import Vector
from ..designs import Dense, Design, SparseColumns
from .threads import Workers

__all__ = ["Columns", "make_columns"]

CACHE_BYTES = 1 << 20
COMPACT_BYTES, COMPACT_ROWS = 8 << 20, 4096  # up to which all rows stay together: lanes then go by themselves
RUNS = 2  # of blocks, a thread
THIN = 64  # columns of a product up to which BLAS loses to the core's own kernel
Residual = Callable[[slice, np.ndarray], np.ndarray]


class Columns(ABC):
    """``Z`` = [1, the columns taken in so far]; without an intercept the first column is not there."""

    def __init__(self, design: Design, mean: Vector, inverse: Vector, intercept: bool) -> None:
        self.design, self.mean, self.inverse, self.intercept = design, mean, inverse, intercept
        self.place = np.full(design.p, -1, np.int64)  # where a column of X sits among those taken in
        self.taken = np.empty(0, np.int64)

    @property
    def shift(self) -> int:
        """How many places the intercept takes."""
        return int(self.intercept)

    @property
    def width(self) -> int:
        """Places in all."""
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
    def back(self, rows: Vector) -> Vector:
        """``Z.T @ rows`` for rows (n,), (width,)."""

    @abstractmethod
    def sweep(self, B: np.ndarray, residual: Residual, team: Workers) -> np.ndarray:
        """``Z.T @ residual(rows, Z @ B)``, (width, m), with one reading of Z.

        ``residual`` sees a block of rows at a time.
        """

    @abstractmethod
    def gram(self, weights: Vector, positions: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """``Z' diag(weights) Z`` on some places, over all rows or those listed; F-ordered."""

    def grams(
        self, weights: Vector, positions: np.ndarray, kinds: Sequence[np.ndarray], team: Workers
    ) -> list[np.ndarray]:
        """The same for several sets of rows, of which every row is in one."""
        return list(team.map(lambda rows: self.gram(weights, positions, rows), kinds))


class DenseColumns(Columns):
    """Row blocks that fit the cache, each a growing F-ordered matrix: a sweep reads every block once."""

    def __init__(self, design: Dense, mean: Vector, inverse: Vector, intercept: bool) -> None:
        super().__init__(design, mean, inverse, intercept)
        self._capacity = 0
        width = 8 * min(design.p + 1, 256)
        few = design.n <= COMPACT_ROWS and design.n * width <= COMPACT_BYTES
        rows = max(256, design.n if few else CACHE_BYTES // width)
        self._spans = [slice(start, min(start + rows, design.n)) for start in range(0, design.n, rows)]
        self._blocks = [np.empty((span.stop - span.start, 0), order="F") for span in self._spans]
        if intercept:
            self._reserve(1, 0)
            for block in self._blocks:
                block[:, 0] = 1.0

    @property
    def compact(self) -> bool:
        """Whether one block holds all rows."""
        return len(self._blocks) == 1

    @property
    def block(self) -> np.ndarray:
        """All rows of the columns taken in, where one block holds them."""
        return self._blocks[0][:, : self.width]

    def _reserve(self, width: int, old: int) -> None:
        if width <= self._capacity:
            return
        self._capacity = min(max(width, self._capacity * 3 // 2 + 64), self.design.p + self.shift)
        for k, block in enumerate(self._blocks):
            grown = np.empty((len(block), self._capacity), order="F")
            grown[:, :old] = block[:, :old]
            self._blocks[k] = grown

    def _append(self, fresh: np.ndarray) -> None:
        old = self.width - len(fresh)
        self._reserve(self.width, old)
        scale = np.where(self.inverse[fresh] == 0, 1.0, self.inverse[fresh])
        for span, block in zip(self._spans, self._blocks, strict=True):
            rows = np.arange(span.start, span.stop)
            block[:, old : self.width] = self.design.gather(rows, fresh, self.mean[fresh], scale)  # type: ignore[attr-defined]

    def matmat(self, B: np.ndarray) -> np.ndarray:
        return np.concatenate([block[:, : self.width] @ B for block in self._blocks])

    def back(self, rows: Vector) -> Vector:
        total = np.zeros(self.width)
        for span, block in zip(self._spans, self._blocks, strict=True):
            total += rows[span] @ block[:, : self.width]
        return total

    def sweep(self, B: np.ndarray, residual: Residual, team: Workers) -> np.ndarray:
        thin = B.shape[1] < THIN

        def piece(k: int) -> np.ndarray:
            Z = self._blocks[k][:, : self.width]
            if not thin:
                return Z.T @ residual(self._spans[k], Z @ B)
            eta, out = np.empty((len(Z), B.shape[1])), np.empty(B.shape[::-1])
            _core.forward(Z, B, eta)
            r = residual(self._spans[k], eta)
            return out.T if _core.thin_product(Z, r, out) else Z.T @ r

        def run(blocks: range) -> np.ndarray:
            total = piece(blocks[0])
            for k in blocks[1:]:
                total += piece(k)
            return total

        return cast("np.ndarray", sum(team.map(run, self._runs(team))))

    def gram(self, weights: Vector, positions: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        H = np.zeros((len(positions),) * 2)
        if rows is not None:
            masked = np.zeros_like(weights)
            masked[rows] = weights[rows]
            weights = masked
        for k, span in enumerate(self._spans):
            used = np.flatnonzero(weights[span])
            if len(used):
                A = self._weighted(k, used, weights, positions)
                H += A.T @ A
        return np.asfortranarray(H)

    def _weighted(self, k: int, rows: np.ndarray, weights: Vector, positions: np.ndarray) -> np.ndarray:
        """Some rows of a block times the roots of their weights."""
        # A Hessian only steers: float32 halves its price where it is far from singular (many rows a column).
        single = len(weights) > 20 * len(positions)
        A = np.empty((len(rows), len(positions)), np.float32 if single else np.float64, order="F")
        _core.gather(self._blocks[k], rows, positions, None, None, np.sqrt(weights[self._spans[k]][rows]), A)
        return A

    def grams(
        self, weights: Vector, positions: np.ndarray, kinds: Sequence[np.ndarray], team: Workers
    ) -> list[np.ndarray]:
        label = np.empty(len(weights), np.int64)
        for kind, rows in enumerate(kinds):
            label[rows] = kind
        size, every = len(positions), np.arange(len(kinds) + 1)

        def run(blocks: range) -> np.ndarray:
            """Every block is gathered once, its rows by kind, and is in the cache while all kinds are added up."""
            H = np.zeros((len(kinds), size, size))
            for k in blocks:
                own = label[self._spans[k]]
                order = np.argsort(own, kind="stable")
                A = self._weighted(k, order, weights, positions)
                ends = np.searchsorted(own[order], every)
                for to, start, end in zip(H, ends, ends[1:], strict=False):
                    if end > start:
                        to += A[start:end].T @ A[start:end]
            return H

        total = np.zeros((len(kinds), size, size))
        for part in team.map(run, self._runs(team)):
            total += part
        return list(total)

    def _runs(self, team: Workers) -> list[range]:
        """Blocks in runs: handing over a block by itself would cost as much as a tenth of it."""
        runs, every = min(len(self._blocks), RUNS * team.threads), range(len(self._blocks))
        return [every[k::runs] for k in range(runs)]


class SparseTaken(Columns):
    """Columns of a sparse matrix, scaled but not centred."""

    design: SparseColumns

    def _append(self, fresh: np.ndarray) -> None:
        """Nothing to store: products read the listed columns of the design."""

    def _scales(self) -> Vector:
        inverse = self.inverse[self.taken]
        return np.where(inverse == 0, 1.0, inverse)

    def matmat(self, B: np.ndarray) -> np.ndarray:
        scaled = np.ascontiguousarray(B[self.shift :] * self._scales()[:, None])
        eta = self.design.matmat(self.taken, scaled)
        return eta + B[0] if self.intercept else eta

    def back(self, rows: Vector) -> Vector:
        found = np.zeros((len(self.taken), 1))
        self.design.core.rmatmat_on(self.taken, np.ascontiguousarray(rows[:, None]), found)
        head = np.full(self.shift, rows.sum())
        return np.concatenate([head, found[:, 0] * self._scales()])

    def sweep(self, B: np.ndarray, residual: Residual, team: Workers) -> np.ndarray:
        R = residual(slice(0, self.design.n), self.matmat(B))
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


def make_columns(
    design: Design, mean: Vector, inverse: Vector, intercept: bool
) -> DenseColumns | SparseTaken:
    """The store that fits the design."""
    if isinstance(design, Dense):
        return DenseColumns(design, mean, inverse, intercept)
    return SparseTaken(design, mean, inverse, intercept)
