"""The rows of one lane as they were given, for plain Newton: its Hessians, and a share of it for a first guess."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..._typing import Vector
from ...losses import Loss

__all__ = ["Ground"]

ROWS, CHUNK = 4096, 16 << 20  # weighted rows in one product, and their bytes at most
SHARE, LEAST, RUN = 8, 8, 16  # one row in so many serves the first guess, at least so many a column, in runs
FLAT = 1e-9  # curvatures below it are that: rows whose answer is certain


@dataclass(frozen=True, eq=False)
class Ground:
    """The data of one lane; weights sum to one."""

    loss: Loss
    X: np.ndarray
    y: Vector
    weights: Vector
    offset: Vector
    intercept: bool
    ridge: Vector  # (p,) d, above 0

    @property
    def shift(self) -> int:
        """Places of the intercept."""
        return int(self.intercept)

    def bends(self, eta: Vector) -> Vector:
        """Curvatures, none below the floor."""
        return np.maximum(self.loss.curvature(self.y, eta), FLAT)

    def hessian(self, eta: Vector, single: bool) -> np.ndarray:
        """Of the loss, [intercept, columns]."""
        bend, s = self.weights * self.bends(eta), self.shift
        H = np.empty((self.X.shape[1] + s,) * 2)
        even = bool((bend == bend[0]).all())
        H[s:, s:] = bend[0] * (self.X.T @ self.X) if even else self._weighted(np.sqrt(bend), single)
        if s:
            H[0, 0] = bend.sum()
            H[0, 1:] = H[1:, 0] = bend @ self.X
        return H

    def _weighted(self, root: Vector, single: bool) -> np.ndarray:
        """The Gram matrix of the columns times ``root``; float32 halves its price, and a Hessian only steers."""
        (n, p), kind = self.X.shape, np.float32 if single else np.float64
        rows = max(1024, min(ROWS, CHUNK // (8 * p)))
        root = root[:, None].astype(kind)
        total, space = np.zeros((p, p)), np.empty((min(rows, n), p), kind, order="F")
        for first in range(0, n, rows):
            part, by = self.X[first : first + rows], root[first : first + rows]
            Z = np.multiply(part, by, out=space[: len(part)], casting="same_kind", dtype=kind)
            total += Z.T @ Z
        return total

    def share(self) -> Ground | None:
        """One row in eight, in short runs all over the data; None where that is too few."""
        n, p = self.X.shape
        kept = np.flatnonzero(np.arange(n) // RUN % SHARE == SHARE // 2)
        w = self.weights[kept]
        if len(kept) < LEAST * p or not w.sum() > 0.1 * len(kept) / n:
            return None
        few = np.asfortranarray(self.X[kept])
        return replace(self, X=few, y=self.y[kept], weights=w / w.sum(), offset=self.offset[kept])
